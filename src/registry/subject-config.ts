// Settings of the registry and of single subjects: compatibility level and its company, and the mode.
import { refuse } from "./registry-error.ts";
import { checkRules } from "./rule-check.ts";
import type { Metadata, RuleSet } from "./schema-entry.ts";

export const COMPATIBILITY_LEVELS = [
  "NONE",
  "BACKWARD",
  "BACKWARD_TRANSITIVE",
  "FORWARD",
  "FORWARD_TRANSITIVE",
  "FULL",
  "FULL_TRANSITIVE",
] as const;
export type CompatibilityLevel = (typeof COMPATIBILITY_LEVELS)[number];

export const MODES = ["READWRITE", "READONLY", "READONLY_OVERRIDE", "IMPORT", "FORWARD"] as const;
export type Mode = (typeof MODES)[number];

export interface SubjectConfig {
  /** Another subject that requests for this one go to. */
  readonly alias?: string;
  /** Stored and returned; of the registry for encryption keys. */
  readonly aliasForDeks?: string;
  readonly normalize?: boolean;
  readonly validateFields?: boolean;
  readonly validateNames?: boolean;
  readonly validateNewSchemas?: boolean;
  readonly validateRules?: boolean;
  readonly compatibilityLevel?: CompatibilityLevel;
  /** How Protobuf and JSON Schema are compared. */
  readonly compatibilityPolicy?: "STRICT" | "LENIENT";
  /** Name of a metadata property: only versions with an equal value are compared. */
  readonly compatibilityGroup?: string;
  readonly defaultMetadata?: Metadata;
  readonly overrideMetadata?: Metadata;
  readonly defaultRuleSet?: RuleSet;
  readonly overrideRuleSet?: RuleSet;
}

export const DEFAULT_LEVEL: CompatibilityLevel = "BACKWARD";
export const DEFAULT_MODE: Mode = "READWRITE";

const FIELDS: Readonly<Record<keyof SubjectConfig, "text" | "flag" | "level" | "policy" | "object">> = {
  alias: "text",
  aliasForDeks: "text",
  normalize: "flag",
  validateFields: "flag",
  validateNames: "flag",
  validateNewSchemas: "flag",
  validateRules: "flag",
  compatibilityLevel: "level",
  compatibilityPolicy: "policy",
  compatibilityGroup: "text",
  defaultMetadata: "object",
  overrideMetadata: "object",
  defaultRuleSet: "object",
  overrideRuleSet: "object",
};

/** What a request's body says ("compatibility" there) laid over what is configured; null takes a setting away. Throws 42203 or 422. */
export function updateConfig(before: SubjectConfig, body: Readonly<Record<string, unknown>>): SubjectConfig {
  const result: Record<string, unknown> = { ...before };
  for (const [given, value] of Object.entries(body)) {
    const name = given === "compatibility" ? "compatibilityLevel" : given;
    if (!Object.hasOwn(FIELDS, name)) throw refuse.unprocessable(`Unrecognized field: ${given}`);
    if (value === null) delete result[name];
    else result[name] = checked(name as keyof SubjectConfig, value);
  }
  return result as SubjectConfig;
}

function checked(name: keyof SubjectConfig, value: unknown): unknown {
  switch (FIELDS[name]) {
    case "level": {
      const level = String(value).toUpperCase();
      if (!(COMPATIBILITY_LEVELS as readonly string[]).includes(level)) throw refuse.invalidCompatibility();
      return level;
    }
    case "policy": {
      const policy = String(value).toUpperCase();
      if (policy !== "STRICT" && policy !== "LENIENT")
        throw refuse.unprocessable("Invalid compatibility policy. Valid values are strict and lenient");
      return policy;
    }
    case "flag":
      if (typeof value !== "boolean") throw refuse.unprocessable(`${name}: expected true or false`);
      return value;
    case "text":
      if (typeof value !== "string") throw refuse.unprocessable(`${name}: expected a text`);
      return value;
    case "object":
      if (typeof value !== "object" || value === null || Array.isArray(value)) throw refuse.unprocessable(`${name}: expected an object`);
      if (name === "defaultRuleSet" || name === "overrideRuleSet") checkRules(value);
      return value;
  }
}

/** Throws 42204. */
export function parseMode(value: unknown): Mode {
  const mode = String(value).toUpperCase();
  if ((MODES as readonly string[]).includes(mode)) return mode as Mode;
  throw refuse.invalidMode();
}
