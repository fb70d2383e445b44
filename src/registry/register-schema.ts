// Registering a schema, decided on the state alone: known content keeps its id, new content must be compatible and gets the next id of its
// context and the next version of its subject.
import { compatibilityMessages, type PreviousVersion } from "./compatibility-check.ts";
import type { ParsedSchema } from "./parsed-schema.ts";
import { refuse } from "./registry-error.ts";
import type { RegistryState } from "./registry-state.ts";
import { reservedFieldMessages } from "./reserved-fields.ts";
import { sortedJson, type Metadata, type RuleSet, type SchemaContent, type SchemaEntry } from "./schema-entry.ts";
import type { Change } from "./schema-store.ts";
import { findSame, hasVersionProperty, withVersionProperty } from "./same-schema.ts";
import { checkReferencesLive, storedContent, type SchemaParsing } from "./schema-parsing.ts";
import { checkWritable, configInScope } from "./scope.ts";
import type { Mode, SubjectConfig } from "./subject-config.ts";
import { contextOf } from "./subject-name.ts";
import type { TopicRecord } from "./topic-record.ts";

export interface RegisterRequest {
  /** Qualified. */
  readonly subject: string;
  readonly content: SchemaContent;
  /** The content was made of an older version or its tags: known content does not count before the subject's mode. */
  readonly derived?: boolean;
  readonly normalize: boolean;
  /** In IMPORT and FORWARD mode, and only there; always for content that is new to the subject. */
  readonly id: number | undefined;
  /**
   * Given: a new version, with its number in the metadata, even if the content is known. It must be the next one, except in these modes.
   * "next": a new version if the content is not the latest one's.
   */
  readonly version: number | "next" | undefined;
  readonly now: number;
}

/** Throws RegistryError: 42201, 42205, 409 and others. */
export function registerSchema(state: RegistryState, parsing: SchemaParsing, request: RegisterRequest): Change<SchemaEntry> {
  const { subject } = request;
  const config = configInScope(state, subject);
  const normalize = request.normalize || config.normalize === true;
  const parsed = parsing.parseNew(state, subject, request.content);
  const existing = request.derived === true ? undefined : alreadyThere(state, parsing, request, parsed, config);
  if (existing !== undefined) return { records: [], result: existing };
  const mode = checkWritable(state, subject);
  const context = contextOf(subject);
  if (request.id !== undefined && !imports(mode))
    throw refuse.notPermitted(`Subject ${subject} in context ${context} is not in import mode`);
  if (request.id === undefined && imports(mode))
    throw refuse.notPermitted(`Subject ${subject} in context ${context} is not in read-write mode`);
  const live = state.versions(subject);
  const wanted = imports(mode) ? request.content : numbered(state, request, withInherited(request.content, live.at(-1), config));
  const content = storedContent(wanted, parsed, normalize);
  if (request.version === undefined) {
    const candidates = live.filter(({ id }) => id === (request.id ?? id));
    const same = findSame(state, parsing, parsed, content, candidates);
    if (same !== undefined) return { records: [], result: same };
  }
  if (!imports(mode)) {
    checkReferencesLive(state, subject, content);
    checkCompatible(state, parsing, subject, parsed, content, config);
  }
  const entry: SchemaEntry = {
    ...content,
    subject,
    version: versionFor(state, request, mode),
    id: nextId(state, context, content, request.id),
    deleted: false,
    timestamp: request.now,
  };
  const record: TopicRecord = { kind: "schema", subject, version: entry.version, entry };
  return { records: [...supersededBy(state, entry), record], result: entry };
}

/** Would be registered: it is there, or compatible. Throws as registerSchema does. */
export function checkRegistration(
  state: RegistryState,
  parsing: SchemaParsing,
  subject: string,
  content: SchemaContent,
  normalize: boolean,
): void {
  registerSchema(state, parsing, { subject, content, normalize, id: undefined, version: undefined, now: 0 });
}

/** Known content is answered in every mode. */
function alreadyThere(
  state: RegistryState,
  parsing: SchemaParsing,
  { subject, content, normalize, id, version }: RegisterRequest,
  parsed: ParsedSchema,
  config: SubjectConfig,
): SchemaEntry | undefined {
  const { defaultMetadata, overrideMetadata, defaultRuleSet, overrideRuleSet } = config;
  if ([defaultMetadata, overrideMetadata, defaultRuleSet, overrideRuleSet].some((each) => each !== undefined)) return undefined;
  const live = state.versions(subject);
  const candidates = version === "next" ? live.slice(-1) : live;
  const stored = storedContent(content, parsed, normalize || config.normalize === true);
  const same = findSame(state, parsing, parsed, stored, candidates);
  if (same === undefined) return undefined;
  if (version === undefined || version === "next") return id === undefined || id === same.id ? same : undefined;
  return live.find((entry) => entry.version === version && entry.id === id && entry.identity === same.identity);
}

/** The deleted versions of the same schema go when it comes back, unless somebody refers to them. */
function supersededBy(state: RegistryState, { subject, id, version }: SchemaEntry): TopicRecord[] {
  const gone = state
    .versions(subject, true)
    .filter((each) => each.deleted && each.id === id && each.version < version && state.referrers(subject, each.version).length === 0);
  return gone.map((each) => ({ kind: "schema", subject, version: each.version, entry: null }));
}

/** With the version's number in the metadata, if a version was asked for or the metadata of before has one. */
function numbered(state: RegistryState, { subject, version }: RegisterRequest, content: SchemaContent): SchemaContent {
  if (version === undefined && !hasVersionProperty(content.metadata)) return content;
  return { ...content, metadata: withVersionProperty(content.metadata, nextVersion(state, subject)) };
}

/** Schemas come with the ids that they have elsewhere. */
function imports(mode: Mode): boolean {
  return mode === "IMPORT" || mode === "FORWARD";
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

function nextVersion(state: RegistryState, subject: string): number {
  return (state.versions(subject, true).at(-1)?.version ?? 0) + 1;
}

function versionFor(state: RegistryState, { subject, version }: RegisterRequest, mode: Mode): number {
  const next = nextVersion(state, subject);
  if (version === undefined || version === "next" || version === next) return next;
  if (!imports(mode)) throw refuse.invalidSchema(`Version is ${version}, expected ${next}: one more than the previous version`);
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
    throw refuse.notPermitted(`Overwrite new schema with id ${given} in context ${context} is not permitted.`);
  return given;
}

/** Metadata and rules that the request leaves out are those of the version before; the configuration has defaults and overrides. */
export function withInherited(content: SchemaContent, latest: SchemaEntry | undefined, config: SubjectConfig): SchemaContent {
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
