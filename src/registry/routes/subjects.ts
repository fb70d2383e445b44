// /subjects: listing, looking up, registering, deleting, and who refers to whom.
import { deleteSubject, deleteVersion } from "../delete-schema.ts";
import { findForDeletion, findVersion, lookUp, parseVersion } from "../find-schema.ts";
import { registerSchema } from "../register-schema.ts";
import { refuse } from "../registry-error.ts";
import {
  bodyNumber,
  bodyObject,
  bodyVersion,
  contentOf,
  contentOrLatest,
  flag,
  page,
  subjectFilter,
  RawText,
  subjectOf,
  type RegistryContext,
  type RegistryRequest,
} from "../registry-request.ts";
import { registeredBody, versionBody } from "../response-body.ts";
import type { Route } from "../route.ts";
import { shownAs, type SchemaEntry } from "../schema-entry.ts";
import { inFormat } from "../schema-parsing.ts";
import { changeTags, findTags, parseTags } from "../schema-tags.ts";
import { FIND_TAGS, FORMAT, REFERENCE_FORMAT, tagsIn, withReferences } from "./schemas.ts";
import { aliased, inAnyContext } from "../scope.ts";

const DELETED = "true: soft-deleted ones, too";
const DELETED_ONLY = "true: only soft-deleted ones";
const PAGE = { offset: "how many to leave out", limit: "how many at most; negative: all" } as const;
const NORMALIZE = "true: texts that mean the same count as the same";

function oneVersion({ store }: RegistryContext, request: RegistryRequest): Promise<SchemaEntry> {
  const subject = subjectOf(request);
  const spec = parseVersion(request.path["version"]!);
  const format = request.query.get("format");
  return store.read((state) =>
    inFormat(state, findVersion(state, inAnyContext(state, aliased(state, subject)), spec, flag(request, "deleted")), format),
  );
}

async function register({ store, parsing, now }: RegistryContext, request: RegistryRequest): Promise<unknown> {
  const subject = subjectOf(request);
  const body = bodyObject(request);
  const add = parseTags(body["schemaTagsToAdd"], "schemaTagsToAdd");
  const remove = parseTags(body["schemaTagsToRemove"], "schemaTagsToRemove");
  const normalize = flag(request, "normalize");
  const id = bodyNumber(body, "id");
  const tagged = add.length > 0 || remove.length > 0;
  const version = bodyVersion(body) ?? (tagged ? "next" : undefined);
  const format = request.query.get("format");
  return await store.change((state) => {
    const to = aliased(state, subject);
    const latest = state.versions(to).at(-1);
    const given = contentOrLatest(body, latest);
    const inherited = body["propagateSchemaTags"] === true && latest !== undefined ? findTags(latest, ["*"]) : [];
    const content = changeTags(changeTags(given, { add: inherited, remove: [], lenient: true }), { add, remove });
    const derived = tagged || inherited.length > 0 || content.schema !== body["schema"];
    const { records, result } = registerSchema(state, parsing, { subject: to, content, derived, normalize, id, version, now: now() });
    // Clients keep the answer as the schema they sent: a Protobuf file comes back in the form it came in.
    const shown = format === null && result.schemaType === "PROTOBUF" ? shownAs(result, { schema: content.schema }) : result;
    return { records, result: registeredBody(inFormat(state, shown, format)) };
  });
}

/** GET /subjects/{subject}/metadata: the latest version whose metadata has all the properties asked for. */
async function latestWith({ store }: RegistryContext, request: RegistryRequest): Promise<unknown> {
  const subject = subjectOf(request);
  const keys = request.query.getAll("key");
  const values = request.query.getAll("value");
  if (keys.length !== values.length) throw refuse.unprocessable("there must be as many values as keys");
  return await store.read((state) => {
    const versions = state.versions(aliased(state, subject), flag(request, "deleted"));
    if (versions.length === 0) throw refuse.subjectNotFound(subject);
    const entry = versions.findLast(({ metadata }) => keys.every((key, i) => metadata?.properties?.[key] === values[i]));
    if (entry === undefined) throw refuse.schemaNotFound();
    return versionBody(inFormat(state, entry, request.query.get("format")));
  });
}

export const SUBJECT_ROUTES: readonly Route[] = [
  {
    method: "GET",
    path: "/subjects",
    query: {
      subjectPrefix: "only subjects that begin so; :*: is every context, nothing before it the default one",
      deleted: DELETED,
      deletedOnly: DELETED_ONLY,
      ...PAGE,
    },
    summary: "Lists the subjects.",
    errors: [],
    handle: async ({ store }, request) =>
      await store.read((state) => {
        const matches = subjectFilter(request);
        const names = flag(request, "deletedOnly")
          ? state.subjects(true).filter((subject) => !state.hasLive(subject))
          : state.subjects(flag(request, "deleted"));
        return page(request, names.filter(matches));
      }),
  },
  {
    method: "POST",
    path: "/subjects/{subject}",
    query: { normalize: NORMALIZE, deleted: DELETED, format: FORMAT },
    summary: "Looks a schema up: answers the subject's version that has it. Metadata and rules that are left out may be the latest one's.",
    errors: [40401, 40403, 42201],
    handle: async ({ store, parsing }, request) => {
      const subject = subjectOf(request);
      const content = contentOf(bodyObject(request));
      const options = { normalize: flag(request, "normalize"), deleted: flag(request, "deleted") };
      const format = request.query.get("format");
      return await store.read((state) =>
        versionBody(inFormat(state, lookUp(state, parsing, inAnyContext(state, aliased(state, subject)), content, options), format)),
      );
    },
  },
  {
    method: "DELETE",
    path: "/subjects/{subject}",
    query: { permanent: "true: for good, after a soft deletion" },
    summary: "Deletes a subject; answers the versions deleted.",
    errors: [40401, 40404, 40405, 42205, 42206],
    handle: async ({ store, parsing }, request) => {
      const subject = subjectOf(request);
      const permanent = flag(request, "permanent");
      const versions = await store.change((state) => deleteSubject(state, aliased(state, subject), permanent));
      if (permanent) parsing.forget();
      return versions;
    },
  },
  {
    method: "GET",
    path: "/subjects/{subject}/metadata",
    query: {
      key: "name of a metadata property (repeatable)",
      value: "its value (repeatable, in the same order)",
      deleted: DELETED,
      format: FORMAT,
    },
    summary: "Answers the latest version whose metadata has these properties.",
    errors: [40401, 40403],
    handle: latestWith,
  },
  {
    method: "GET",
    path: "/subjects/{subject}/versions",
    query: {
      deleted: DELETED,
      deletedOnly: DELETED_ONLY,
      deletedAsNegative: "true: the numbers of soft-deleted ones are negative",
      ...PAGE,
    },
    summary: "Lists the version numbers of a subject.",
    errors: [40401],
    handle: async ({ store }, request) => {
      const given = subjectOf(request);
      return await store.read((state) => {
        const subject = aliased(state, given);
        const only = flag(request, "deletedOnly");
        const versions = state.versions(subject, only || flag(request, "deleted")).filter((entry) => !only || entry.deleted);
        if (versions.length === 0) throw refuse.subjectNotFound(subject);
        return page(
          request,
          versions.map(({ version, deleted }) => (deleted && flag(request, "deletedAsNegative") ? -version : version)),
        );
      });
    },
  },
  {
    method: "POST",
    path: "/subjects/{subject}/versions",
    query: { normalize: NORMALIZE, format: FORMAT },
    summary:
      "Registers a schema; answers its id, the same for the same schema, and in every mode. The body may have references, metadata and ruleSet (without a schema they are for the latest one; left out they are the latest one's), schemaTagsToAdd, schemaTagsToRemove and propagateSchemaTags. With version it is a new version, even if the schema is known, that has its number as confluent:version in its metadata: version must be the next one; -1 is the next one, if the schema is not the latest already.",
    errors: [409, 42201, 42205, 42208, 42209, 42210],
    handle: register,
  },
  {
    method: "GET",
    path: "/subjects/{subject}/versions/{version}",
    query: { deleted: DELETED, format: FORMAT, referenceFormat: REFERENCE_FORMAT, findTags: FIND_TAGS },
    summary: 'Answers one version; "latest" and -1 are the latest.',
    errors: [40401, 40402, 42202],
    handle: async (context, request) => {
      const entry = await oneVersion(context, request);
      return { ...versionBody(withReferences(request, entry)), ...tagsIn(request, entry) };
    },
  },
  {
    method: "DELETE",
    path: "/subjects/{subject}/versions/{version}",
    query: { permanent: "true: for good, after a soft deletion" },
    summary: "Deletes one version; answers its number.",
    errors: [40401, 40402, 40406, 40407, 42202, 42205, 42206],
    handle: async ({ store, parsing }, request) => {
      const subject = subjectOf(request);
      const spec = parseVersion(request.path["version"]!);
      const permanent = flag(request, "permanent");
      const version = await store.change((state) => deleteVersion(state, findForDeletion(state, aliased(state, subject), spec), permanent));
      if (permanent) parsing.forget();
      return version;
    },
  },
  {
    method: "GET",
    path: "/subjects/{subject}/versions/{version}/schema",
    query: { deleted: DELETED, format: FORMAT },
    summary: "Answers the text of one version, and nothing else.",
    errors: [40401, 40402, 42202],
    handle: async (context, request) => new RawText((await oneVersion(context, request)).schema),
  },
  {
    method: "GET",
    path: "/subjects/{subject}/versions/{version}/referencedby",
    query: { deleted: DELETED, ...PAGE },
    summary: "Lists the ids of the schemas that refer to a version.",
    errors: [40401, 40402, 42202],
    handle: async ({ store }, request) => {
      const given = subjectOf(request);
      const spec = parseVersion(request.path["version"]!);
      return await store.read((state) => {
        const { subject, version } = findVersion(state, aliased(state, given), spec, true);
        const users = state.referrers(subject, version).filter((user) => flag(request, "deleted") || !user.deleted);
        return page(
          request,
          [...new Set(users.map(({ id }) => id))].sort((a, b) => a - b),
        );
      });
    },
  },
];
