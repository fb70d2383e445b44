// Which settings hold for a subject: its own, else those of its context (kept under the name ":.ctx:"), else the default context's, else those
// of all contexts (":.__GLOBAL:").
import { refuse } from "./registry-error.ts";
import type { RegistryState } from "./registry-state.ts";
import { DEFAULT_LEVEL, DEFAULT_MODE, type Mode, type SubjectConfig } from "./subject-config.ts";
import { contextOf, DEFAULT_CONTEXT, qualified } from "./subject-name.ts";

const ALL_CONTEXTS = ":.__GLOBAL:";

export function configInScope(state: RegistryState, subject: string): SubjectConfig {
  const { alias: _, ...global } = globalConfig(state);
  return { ...global, ...contextConfig(state, subject), ...state.config(subject) };
}

/** For subjects and contexts that say nothing themselves. */
export function globalConfig(state: RegistryState): SubjectConfig {
  return { compatibilityLevel: DEFAULT_LEVEL, ...state.config(ALL_CONTEXTS), ...state.config(undefined) };
}

export function globalMode(state: RegistryState): Mode {
  return state.mode(undefined) ?? state.mode(ALL_CONTEXTS) ?? DEFAULT_MODE;
}

function contextConfig(state: RegistryState, subject: string): SubjectConfig {
  const context = contextOf(subject);
  return context === DEFAULT_CONTEXT ? {} : (state.config(`:${context}:`) ?? {});
}

export function modeInScope(state: RegistryState, subject: string): Mode {
  const global = globalMode(state);
  if (global === "READONLY_OVERRIDE") return global;
  const context = contextOf(subject);
  const ofContext = context === DEFAULT_CONTEXT ? undefined : state.mode(`:${context}:`);
  return state.mode(subject) ?? ofContext ?? global;
}

/** Throws 42205. */
export function checkWritable(state: RegistryState, subject: string): Mode {
  const mode = modeInScope(state, subject);
  if (mode === "READONLY" || mode === "READONLY_OVERRIDE")
    throw refuse.notPermitted(`Subject ${subject} in context ${contextOf(subject)} is in read-only mode`);
  return mode;
}

/** Follows an alias, once, as Confluent does. */
export function aliased(state: RegistryState, subject: string): string {
  const alias = state.config(subject)?.alias;
  return alias === undefined || alias === "" ? subject : qualified(contextOf(subject), alias);
}

/**
 * The subject that is meant where a client that knows nothing of contexts asks: one that is not in the default context is looked for in the
 * others.
 */
export function inAnyContext(state: RegistryState, subject: string): string {
  if (contextOf(subject) !== DEFAULT_CONTEXT || state.versions(subject, true).length > 0) return subject;
  const elsewhere = state.contexts().map((context) => qualified(context, subject));
  return elsewhere.find((each) => state.versions(each, true).length > 0) ?? subject;
}
