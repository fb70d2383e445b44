// Questions to the state, with the registry's errors for what is not there.
import { refuse } from "./registry-error.ts";
import type { RegistryState } from "./registry-state.ts";
import type { SchemaContent, SchemaEntry } from "./schema-entry.ts";
import { withInherited } from "./register-schema.ts";
import { findSame } from "./same-schema.ts";
import { storedContent, type SchemaParsing } from "./schema-parsing.ts";
import { configInScope } from "./scope.ts";
import { contextOf, DEFAULT_CONTEXT, nameInContext } from "./subject-name.ts";

const MOST = 2 ** 31 - 1;
export type VersionSpec = number | "latest";

/** "latest", "-1" or a number from 1. Throws 42202. */
export function parseVersion(text: string): VersionSpec {
  if (text === "latest" || text === "-1") return "latest";
  const version = Number(text);
  if (!/^\d+$/.test(text) || version < 1 || version > MOST) throw refuse.invalidVersion(text);
  return version;
}

/** Throws 40401 or 40402. */
export function findVersion(state: RegistryState, subject: string, spec: VersionSpec, deleted: boolean): SchemaEntry {
  if (state.versions(subject, deleted).length === 0) throw refuse.subjectNotFound(subject);
  const entry = spec === "latest" ? state.versions(subject, deleted).at(-1) : state.version(subject, spec);
  if (entry === undefined || (entry.deleted && !deleted)) throw refuse.versionNotFound(spec);
  return entry;
}

/** For DELETE: soft-deleted versions are found, too. "latest" is the latest that is not deleted, if there is one. */
export function findForDeletion(state: RegistryState, subject: string, spec: VersionSpec): SchemaEntry {
  if (spec === "latest") return state.versions(subject).at(-1) ?? findVersion(state, subject, spec, true);
  return findVersion(state, subject, spec, true);
}

/** The version of the subject that has this content. Throws 40401, 40403 or 42201. */
export function lookUp(
  state: RegistryState,
  parsing: SchemaParsing,
  subject: string,
  content: SchemaContent,
  options: { readonly normalize: boolean; readonly deleted: boolean },
): SchemaEntry {
  const versions = state.versions(subject, options.deleted);
  if (versions.length === 0) throw refuse.subjectNotFound(subject);
  const parsed = parsing.parseNew(state, subject, content);
  const config = configInScope(state, subject);
  const normalize = options.normalize || config.normalize === true;
  const find = (wanted: SchemaContent): SchemaEntry | undefined =>
    findSame(state, parsing, parsed, storedContent(wanted, parsed, normalize), versions);
  const latest = state.versions(subject).at(-1);
  // As what a registration would make of it: who knows nothing of metadata and rules means those that are there.
  const same = find(content) ?? (latest === undefined ? undefined : find(withInherited(content, latest, config)));
  if (same === undefined) throw refuse.schemaNotFound();
  return same;
}

/**
 * Every version with an id. `subject` (optional, qualified; ":.ctx:" names a context) says which context is meant. A name
 * without a context that has no such id in the default context is looked for in the others. Throws 40403.
 */
export function findById(state: RegistryState, id: number, subject: string | undefined, context: string): SchemaEntry[] {
  const wanted = subject === undefined ? context : contextOf(subject);
  const inContext = state.byId(wanted, id);
  const name = subject === undefined ? "" : nameInContext(subject);
  const ofSubject = name === "" ? [] : inContext.filter((entry) => entry.subject === subject);
  if (ofSubject.length > 0) return ofSubject;
  if (inContext.length > 0) return inContext;
  if (name !== "" && wanted === DEFAULT_CONTEXT) {
    const elsewhere = state.contexts().flatMap((each) => state.byId(each, id).filter((entry) => nameInContext(entry.subject) === name));
    if (elsewhere.length > 0) return elsewhere;
  }
  throw refuse.schemaNotFound(id);
}
