// Registering a schema, decided on the state alone: known content keeps its id, new content must be compatible and gets the next id of its
// context and the next version of its subject.
import { compatibilityMessages, type PreviousVersion } from "./compatibility-check.ts";
import type { ParsedSchema } from "./parsed-schema.ts";
import { refuse } from "./registry-error.ts";
import type { RegistryState } from "./registry-state.ts";
import { reservedFieldMessages } from "./reserved-fields.ts";
import { sortedJson, type Metadata, type RuleSet, type SchemaContent, type SchemaEntry } from "./schema-entry.ts";
import type { Change } from "./schema-store.ts";
import { checkReferencesLive, sameWhenResolved, storedContent, type SchemaParsing } from "./schema-parsing.ts";
import { checkWritable, configInScope } from "./scope.ts";
import type { Mode, SubjectConfig } from "./subject-config.ts";
import { contextOf } from "./subject-name.ts";

export interface RegisterRequest {
  /** Qualified. */
  readonly subject: string;
  readonly content: SchemaContent;
  readonly normalize: boolean;
  /** In IMPORT and FORWARD mode, and only there; always for content that is new to the subject. */
  readonly id: number | undefined;
  /** Must be the next one, except in these modes. */
  readonly version: number | undefined;
  readonly now: number;
}

/** Throws RegistryError: 42201, 42205, 409 and others. */
export function registerSchema(state: RegistryState, parsing: SchemaParsing, request: RegisterRequest): Change<SchemaEntry> {
  const { subject } = request;
  const mode = checkWritable(state, subject);
  const context = contextOf(subject);
  if (request.id !== undefined && !imports(mode)) {
    const same = sameInSubject(state, parsing, request);
    if (same?.id === request.id) return { records: [], result: same };
    throw refuse.notPermitted(`Subject ${subject} in context ${context} is not in import mode`);
  }
  const config = configInScope(state, subject);
  const live = state.versions(subject);
  const parsed = parsing.parseNew(state, subject, request.content);
  const wanted = withInherited(request.content, live.at(-1), config);
  const content = storedContent(wanted, parsed, request.normalize || config.normalize === true);
  const same = live.findLast((entry) => entry.identity === content.identity);
  if (same !== undefined && (request.version === undefined || request.version === same.version) && (request.id ?? same.id) === same.id)
    return { records: [], result: same };
  if (request.version === undefined && request.id === undefined) {
    const resolved = sameWhenResolved(state, parsing, parsed, wanted, live);
    if (resolved !== undefined) return { records: [], result: resolved };
  }
  if (!imports(mode)) {
    checkReferencesLive(state, subject, content);
    checkCompatible(state, parsing, request.subject, parsed, content, config);
  } else if (request.id === undefined) throw refuse.notPermitted(`Subject ${subject} in context ${context} is not in read-write mode`);
  const entry: SchemaEntry = {
    ...content,
    subject,
    version: nextVersion(state, request, mode),
    id: nextId(state, context, content, request.id),
    deleted: false,
    timestamp: request.now,
  };
  return { records: [{ kind: "schema", subject, version: entry.version, entry }], result: entry };
}

/** Schemas come with the ids that they have elsewhere. */
function imports(mode: Mode): boolean {
  return mode === "IMPORT" || mode === "FORWARD";
}

function sameInSubject(
  state: RegistryState,
  parsing: SchemaParsing,
  { subject, content, normalize }: RegisterRequest,
): SchemaEntry | undefined {
  const { identity } = storedContent(content, parsing.parseNew(state, subject, content), normalize);
  return state.versions(subject).findLast((entry) => entry.identity === identity);
}

function checkCompatible(
  state: RegistryState,
  parsing: SchemaParsing,
  subject: string,
  parsed: ParsedSchema,
  content: SchemaContent,
  config: SubjectConfig,
): void {
  const versions = state.versions(subject);
  const messages = [
    ...reservedFieldMessages(parsed, content.metadata, versions.at(-1)?.metadata, config),
    ...compatibilityMessages(parsed, previousVersions(state, parsing, versions, content, config), config),
  ];
  if (messages.length > 0) throw refuse.incompatible(subject, messages);
}

/** Those of `entries` that count: all, or the ones of the same compatibility group. */
export function previousVersions(
  state: RegistryState,
  parsing: SchemaParsing,
  entries: readonly SchemaEntry[],
  content: SchemaContent,
  config: SubjectConfig,
): PreviousVersion[] {
  const group = config.compatibilityGroup;
  const groupOf = (metadata: Metadata | undefined): string | undefined =>
    group === undefined ? undefined : (metadata?.properties?.[group] ?? undefined);
  const wanted = groupOf(content.metadata);
  return entries
    .filter((entry) => groupOf(entry.metadata) === wanted)
    .map((entry) => ({ entry, parsed: () => parsing.parseStored(state, entry) }));
}

function nextVersion(state: RegistryState, { subject, version }: RegisterRequest, mode: Mode): number {
  const next = (state.versions(subject, true).at(-1)?.version ?? 0) + 1;
  if (version === undefined || version === next) return next;
  if (!imports(mode) || version < 1)
    throw refuse.invalidSchema(`Version is ${version}, expected ${next}: one more than the previous version`);
  return version;
}

function nextId(
  state: RegistryState,
  context: string,
  content: SchemaContent & { readonly identity: string },
  given: number | undefined,
): number {
  if (given === undefined) return state.idOf(context, content) ?? state.maxId(context) + 1;
  const [user] = state.byId(context, given);
  if (user !== undefined && user.identity !== content.identity)
    throw refuse.notPermitted(`Overwrite new schema with id ${given} is not permitted.`);
  return given;
}

/** Metadata and rules that the request leaves out are those of the version before; the configuration has defaults and overrides. */
function withInherited(content: SchemaContent, latest: SchemaEntry | undefined, config: SubjectConfig): SchemaContent {
  const metadata = mergeMetadata(config.defaultMetadata, content.metadata ?? latest?.metadata, config.overrideMetadata);
  const ruleSet = mergeRules(config.defaultRuleSet, content.ruleSet ?? latest?.ruleSet, config.overrideRuleSet);
  return { ...content, metadata, ruleSet };
}

function mergeMetadata(...parts: readonly (Metadata | undefined)[]): Metadata | undefined {
  const given = parts.filter((part) => part !== undefined);
  if (given.length <= 1) return given[0];
  return {
    tags: Object.assign({}, ...given.map(({ tags }) => tags)) as Metadata["tags"] & {},
    properties: Object.assign({}, ...given.map(({ properties }) => properties)) as Metadata["properties"] & {},
    sensitive: [...new Set(given.flatMap(({ sensitive }) => sensitive ?? []))],
  };
}

/** Rules of the same name: the later one holds. */
export function mergeRules(...parts: readonly (RuleSet | undefined)[]): RuleSet | undefined {
  const given = parts.filter((part) => part !== undefined);
  if (given.length <= 1) return given[0];
  const merged: Record<string, unknown[]> = {};
  for (const kind of ["migrationRules", "domainRules", "encodingRules"] as const) {
    const byName = new Map<unknown, unknown>();
    for (const rule of given.flatMap((part) => part[kind] ?? [])) byName.set((rule as { name?: unknown }).name ?? sortedJson(rule), rule);
    if (byName.size > 0) merged[kind] = [...byName.values()];
  }
  const enableAt = given.findLast((part) => (part.enableAt ?? undefined) !== undefined)?.enableAt;
  return enableAt === undefined ? merged : { ...merged, enableAt };
}
