// Deleting: softly first (the schema can still be read by its id), then for good. What others refer to stays. Before the last trace of an
// id goes, a NOOP record keeps the highest ids, so that none is given twice.
import { refuse } from "./registry-error.ts";
import type { RegistryState } from "./registry-state.ts";
import type { SchemaEntry } from "./schema-entry.ts";
import type { Change } from "./schema-store.ts";
import { checkWritable } from "./scope.ts";
import { contextOf, DEFAULT_CONTEXT } from "./subject-name.ts";
import type { TopicRecord } from "./topic-record.ts";

/** Answers the versions deleted. */
export function deleteSubject(state: RegistryState, subject: string, permanent: boolean): Change<number[]> {
  checkWritable(state, subject);
  const all = state.versions(subject, true);
  if (all.length === 0) throw refuse.subjectNotFound(subject);
  const live = all.filter((entry) => !entry.deleted);
  if (permanent && live.length > 0) throw refuse.subjectNotSoftDeleted(subject);
  if (!permanent && live.length === 0) throw refuse.subjectSoftDeleted(subject);
  const affected = permanent ? all : live;
  for (const entry of affected) checkUnreferenced(state, entry);
  const result = affected.map(({ version }) => version);
  if (permanent) return { records: [...tombstones(state, affected), ...withoutSettings(state, subject)], result };
  return { records: [{ kind: "delete-subject", subject, version: live.at(-1)!.version }], result };
}

/** For good, whatever is left of it, without a soft deletion first. */
export function purgeSubject(state: RegistryState, subject: string): TopicRecord[] {
  checkWritable(state, subject);
  const all = state.versions(subject, true);
  for (const entry of all) checkUnreferenced(state, entry);
  return all.length === 0 ? [] : [...tombstones(state, all), ...withoutSettings(state, subject)];
}

/** `entry` was looked up among all versions, also the soft-deleted. Answers its version. */
export function deleteVersion(state: RegistryState, entry: SchemaEntry, permanent: boolean): Change<number> {
  const { subject, version } = entry;
  checkWritable(state, subject);
  if (permanent && !entry.deleted) throw refuse.versionNotSoftDeleted(subject, version);
  if (!permanent && entry.deleted) throw refuse.versionSoftDeleted(subject, version);
  checkUnreferenced(state, entry);
  if (!permanent) return { records: [{ kind: "schema", subject, version, entry: { ...entry, deleted: true } }], result: version };
  const isLast = state.versions(subject, true).length === 1;
  return { records: [...tombstones(state, [entry]), ...(isLast ? withoutSettings(state, subject) : [])], result: version };
}

/** Settings of a context without subjects go. Throws 40401 or 42211. */
export function deleteContext(state: RegistryState, context: string): Change<string> {
  if (context === DEFAULT_CONTEXT) throw refuse.notPermitted("The default context cannot be deleted");
  if (state.subjects(true).some((subject) => contextOf(subject) === context)) throw refuse.contextNotEmpty(context);
  if (!state.hasContext(context)) throw refuse.subjectNotFound(`:${context}:`);
  const subject = `:${context}:`;
  return { records: withoutSettings(state, subject), result: context };
}

/** Settings go with the last trace of the last version: until then a subject may come back as it was. */
function withoutSettings(state: RegistryState, subject: string): TopicRecord[] {
  return [
    ...(state.mode(subject) === undefined ? [] : [{ kind: "mode", subject, mode: null } as const]),
    ...(state.config(subject) === undefined ? [] : [{ kind: "config", subject, config: null } as const]),
  ];
}

function checkUnreferenced(state: RegistryState, { subject, version }: SchemaEntry): void {
  const users = state.referrers(subject, version).filter((user) => !user.deleted);
  if (users.length > 0) throw refuse.referenceExists(subject, version);
}

function tombstones(state: RegistryState, entries: readonly SchemaEntry[]): TopicRecord[] {
  return [
    { kind: "noop", maxIds: state.maxIds() },
    ...entries.map(({ subject, version }): TopicRecord => ({ kind: "schema", subject, version, entry: null })),
  ];
}
