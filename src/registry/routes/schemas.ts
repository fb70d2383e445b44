// /schemas: by id, by GUID, all of them, and the types there are.
import { findById } from "../find-schema.ts";
import {
  flag,
  page,
  RawText,
  subjectFilter,
  wholeNumber,
  type JsonObject,
  type RegistryContext,
  type RegistryRequest,
} from "../registry-request.ts";
import type { RegistryState } from "../registry-state.ts";
import { refuse } from "../registry-error.ts";
import { schemaBody, versionBody } from "../response-body.ts";
import type { Route } from "../route.ts";
import { shownAs, type SchemaEntry } from "../schema-entry.ts";
import { findTags } from "../schema-tags.ts";
import { FORMATS, inFormat } from "../schema-parsing.ts";
import { contextOf, qualified } from "../subject-name.ts";

const OF_SUBJECT = "the id is looked up in this subject's context, and this subject's version comes first";
export const FORMAT =
  "serialized: Protobuf as a file descriptor in base64; ignore_extensions: Protobuf without extensions and custom options; resolved: Avro with its references in it";
export const REFERENCE_FORMAT = "qualified: references name their context";
export const FIND_TAGS = "adds schemaTags, the places that have this tag (repeatable; *: any)";
const DELETED = "true: soft-deleted ones, too";

function entriesOf(state: RegistryState, request: RegistryRequest): SchemaEntry[] {
  const id = wholeNumber(request.path["id"]!, "id");
  const given = request.query.get("subject");
  const subject = given === null || given === "" ? undefined : qualified(request.context, given);
  return findById(state, id, subject, request.context);
}

/** Prefers a version that is not deleted. */
function representative(entries: readonly SchemaEntry[]): SchemaEntry {
  return entries.find((entry) => !entry.deleted) ?? entries[0]!;
}

function live(entries: readonly SchemaEntry[], request: RegistryRequest): SchemaEntry[] {
  const found = flag(request, "deleted") ? [...entries] : entries.filter((entry) => !entry.deleted);
  const subject = request.query.get("subject");
  const name = subject === null || subject === "" ? undefined : qualified(request.context, subject);
  return name === undefined || name.endsWith(":") ? found : found.filter((entry) => entry.subject === name);
}

/** ?referenceFormat=qualified: references name their context. */
export function withReferences({ query }: RegistryRequest, entry: SchemaEntry): SchemaEntry {
  if (query.get("referenceFormat")?.toLowerCase() !== "qualified") return entry;
  const context = contextOf(entry.subject);
  return shownAs(entry, { references: entry.references.map((each) => ({ ...each, subject: qualified(context, each.subject) })) });
}

/** ?findTags=, for an answer. */
export function tagsIn({ query }: RegistryRequest, entry: SchemaEntry): JsonObject {
  const wanted = query.getAll("findTags");
  return wanted.length === 0 ? {} : { schemaTags: findTags(entry, wanted) };
}

function withAliases(body: JsonObject, aliases: readonly string[]): JsonObject {
  return aliases.length === 0 ? body : { ...body, aliases };
}

function hasRuleOfType({ ruleSet }: SchemaEntry, type: string): boolean {
  const rules = [...(ruleSet?.migrationRules ?? []), ...(ruleSet?.domainRules ?? []), ...(ruleSet?.encodingRules ?? [])];
  return rules.some((rule) => (rule as JsonObject | null)?.["type"] === type);
}

export const SCHEMA_ROUTES: readonly Route[] = [
  {
    method: "GET",
    path: "/schemas",
    query: {
      subjectPrefix: "only subjects that begin so; :*: is every context, nothing before it the default one",
      deleted: DELETED,
      latestOnly: "true: the latest version of each subject",
      aliases: "true: adds the subjects that are aliases of the schema's, and finds subjects by them",
      ruleType: "only schemas with a rule of this type",
      offset: "how many to leave out",
      limit: "how many at most; negative: all",
    },
    summary: "Lists schemas with subject, version and id.",
    errors: [],
    handle: async ({ store }, request) =>
      await store.read((state) => {
        const matches = subjectFilter(request);
        const deleted = flag(request, "deleted");
        const aliases = flag(request, "aliases");
        const entries = state
          .subjects(deleted)
          .filter((subject) => matches(subject) || (aliases && state.aliasesOf(subject).some(matches)))
          .flatMap((subject) => {
            const versions = state.versions(subject, deleted);
            return flag(request, "latestOnly") ? versions.slice(-1) : versions;
          });
        const ruleType = request.query.get("ruleType") ?? "";
        const found = page(
          request,
          entries.filter((entry) => ruleType === "" || hasRuleOfType(entry, ruleType)),
        );
        if (!aliases) return found.map(versionBody);
        return found.map((entry) => withAliases(versionBody(entry), state.aliasesOf(entry.subject)));
      }),
  },
  {
    method: "GET",
    path: "/schemas/types",
    query: {},
    summary: "Lists the schema types that can be registered.",
    errors: [],
    handle: async () => Object.keys(FORMATS),
  },
  {
    method: "GET",
    path: "/schemas/ids/{id}",
    query: {
      subject: OF_SUBJECT,
      format: FORMAT,
      referenceFormat: REFERENCE_FORMAT,
      findTags: FIND_TAGS,
      fetchMaxId: "true: adds maxId, the highest id of the context",
    },
    summary: "Answers the schema with an id, also when it is soft-deleted.",
    errors: [40403],
    handle: async ({ store }, request) =>
      await store.read((state) => {
        const entry = inFormat(state, representative(entriesOf(state, request)), request.query.get("format"));
        const maxId = flag(request, "fetchMaxId") ? { maxId: state.maxId(contextOf(entry.subject)) } : {};
        return { ...schemaBody(withReferences(request, entry)), ...tagsIn(request, entry), ...maxId };
      }),
  },
  {
    method: "GET",
    path: "/schemas/ids/{id}/schema",
    query: { subject: OF_SUBJECT, format: FORMAT },
    summary: "Answers the text of the schema with an id, and nothing else.",
    errors: [40403],
    handle: async ({ store }, request) =>
      new RawText(
        await store.read((state) => inFormat(state, representative(entriesOf(state, request)), request.query.get("format")).schema),
      ),
  },
  {
    method: "GET",
    path: "/schemas/ids/{id}/subjects",
    query: { subject: OF_SUBJECT, deleted: DELETED, offset: "how many to leave out", limit: "how many at most; negative: all" },
    summary: "Lists the subjects that have a version with an id.",
    errors: [40403],
    handle: async ({ store }, request) =>
      await store.read((state) => {
        const entries = live(entriesOf(state, request), request);
        return page(request, [...new Set(entries.map(({ subject }) => subject))].sort());
      }),
  },
  {
    method: "GET",
    path: "/schemas/ids/{id}/versions",
    query: { subject: OF_SUBJECT, deleted: DELETED, offset: "how many to leave out", limit: "how many at most; negative: all" },
    summary: "Lists subject and version of every use of an id.",
    errors: [40403],
    handle: async ({ store }, request) =>
      await store.read((state) =>
        page(
          request,
          live(entriesOf(state, request), request).map(({ subject, version }) => ({ subject, version })),
        ),
      ),
  },
  {
    method: "GET",
    path: "/schemas/guids/{guid}",
    query: { format: FORMAT },
    summary: "Answers the schema with a GUID, which is the same in every context.",
    errors: [40403],
    handle: async (context, request) =>
      await byGuid(context, request, (_, entries, state) =>
        schemaBody(inFormat(state, representative(entries), request.query.get("format"))),
      ),
  },
  {
    method: "GET",
    path: "/schemas/guids/{guid}/ids",
    query: {},
    summary: "Lists context and id of a GUID.",
    errors: [40403],
    handle: async (context, request) => await byGuid(context, request, (places) => places),
  },
];

function byGuid<T>(
  { store }: RegistryContext,
  { path }: RegistryRequest,
  answer: (
    places: readonly { readonly context: string; readonly id: number }[],
    entries: readonly SchemaEntry[],
    state: RegistryState,
  ) => T,
): Promise<T> {
  const guid = path["guid"]!;
  return store.read((state) => {
    const places = state.byGuid(guid.toLowerCase());
    if (places.length === 0) throw refuse.schemaNotFound(guid);
    return answer(
      places,
      places.flatMap(({ context, id }) => state.byId(context, id)),
      state,
    );
  });
}
