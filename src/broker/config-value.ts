// Typed configuration values in Kafka's text forms, shared by broker settings and topic configs. A value is kept as text;
// reading it as a number saturates at the safe integers, since Kafka's defaults reach 2^63 − 1.

export type ConfigType = "boolean" | "string" | "int" | "long" | "double" | "list";

export interface ConfigDefinition {
  readonly name: string;
  readonly type: ConfigType;
  readonly default: string | null;
  readonly doc: string;
  readonly min?: number;
  readonly max?: number;
  /** Allowed values; of the elements for a list. */
  readonly values?: readonly string[];
}

/** The numbers of DescribeConfigs' config types. */
export const CONFIG_TYPE_CODES: Readonly<Record<ConfigType, number>> = { boolean: 1, string: 2, int: 3, long: 5, double: 6, list: 7 };

const INT_MAX = 0x7fffffff;
const LONG_MAX = 2n ** 63n - 1n;

/** Why `value` is none for this definition, in a sentence without subject; undefined if it is one. */
export function invalidValue(definition: ConfigDefinition, value: string): string | undefined {
  const text = value.trim();
  switch (definition.type) {
    case "boolean":
      return /^(true|false)$/i.test(text) ? undefined : `expected true or false, got "${value}"`;
    case "int":
    case "long":
      return invalidInteger(definition, text);
    case "double":
      return text !== "" && Number.isFinite(Number(text)) ? outOfRange(definition, Number(text)) : `expected a number, got "${value}"`;
    case "list":
      return parseList(text).every((element) => definition.values?.includes(element) ?? true)
        ? undefined
        : `expected a list of ${definition.values!.join(", ")}, got "${value}"`;
    case "string":
      return definition.values === undefined || definition.values.includes(text)
        ? undefined
        : `expected one of ${definition.values.join(", ")}, got "${value}"`;
  }
}

export function parseNumber(text: string): number {
  return Math.max(Number.MIN_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, Number(text)));
}

export function parseBoolean(text: string): boolean {
  return text.trim().toLowerCase() === "true";
}

export function parseList(text: string): string[] {
  return text
    .split(",")
    .map((element) => element.trim())
    .filter((element) => element !== "");
}

function invalidInteger(definition: ConfigDefinition, text: string): string | undefined {
  if (!/^[+-]?\d{1,19}$/.test(text)) return `expected a whole number, got "${text}"`;
  const value = BigInt(text);
  const limit = definition.type === "int" ? BigInt(INT_MAX) : LONG_MAX;
  if (value > limit || value < -limit - 1n) return `${text} does not fit into ${definition.type === "int" ? 32 : 64} bits`;
  return outOfRange(definition, Number(value));
}

function outOfRange(definition: ConfigDefinition, value: number): string | undefined {
  if (definition.min !== undefined && value < definition.min) return `must be at least ${definition.min}, got ${value}`;
  if (definition.max !== undefined && value > definition.max) return `must be at most ${definition.max}, got ${value}`;
  return undefined;
}
