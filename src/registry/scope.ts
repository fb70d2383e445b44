// Which settings hold for a subject: its own, else those of its context (kept under the name ":.ctx:"), else the global ones.
import { refuse } from "./registry-error.ts";
import type { RegistryState } from "./registry-state.ts";
import { DEFAULT_MODE, type Mode, type SubjectConfig } from "./subject-config.ts";
import { contextOf, DEFAULT_CONTEXT, qualified } from "./subject-name.ts";

export function configInScope(state: RegistryState, subject: string): SubjectConfig {
  const { alias: _, ...global } = state.config(undefined) ?? {};
  return { compatibilityLevel: "BACKWARD", ...global, ...contextConfig(state, subject), ...state.config(subject) };
}

function contextConfig(state: RegistryState, subject: string): SubjectConfig {
  const context = contextOf(subject);
  return context === DEFAULT_CONTEXT ? {} : (state.config(`:${context}:`) ?? {});
}

export function modeInScope(state: RegistryState, subject: string): Mode {
  const global = state.mode(undefined);
  if (global === "READONLY_OVERRIDE") return global;
  const context = contextOf(subject);
  const ofContext = context === DEFAULT_CONTEXT ? undefined : state.mode(`:${context}:`);
  return state.mode(subject) ?? ofContext ?? global ?? DEFAULT_MODE;
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
