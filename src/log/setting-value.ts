// The text forms of settings' values, as Apache Kafka takes them, and their limits: of topics here, of the broker and of groups in broker/.

export type SettingType = "boolean" | "string" | "int" | "long" | "double" | "list";

export interface SettingLimits {
  readonly type: SettingType;
  readonly min?: number;
  readonly max?: number;
  /** A number outside of the bounds that is allowed. */
  readonly or?: number;
  /** Of each element of a list. */
  readonly pattern?: RegExp;
  /** Allowed values; of the elements for a list. */
  readonly values?: readonly string[];
}

/** Instead of a list with a pattern; nothing but empty elements may be beside it. */
const ALL = "*";
const INT_MAX = 0x7fffffff;
const LONG_MAX = 2n ** 63n - 1n;
/** What Java reads as a double, but for hexadecimal numbers. */
const DOUBLE = /^[+-]?(NaN|Infinity|(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?[fFdD]?)$/;

/** Why `value` is none for this setting, in a sentence without subject; undefined if it is one. */
export function invalidSetting(limits: SettingLimits, value: string): string | undefined {
  const text = value.trim();
  switch (limits.type) {
    case "boolean":
      return /^(true|false)$/i.test(text) ? undefined : `expected true or false, got "${value}"`;
    case "int":
    case "long":
      return invalidInteger(limits, text);
    case "double":
      return DOUBLE.test(text) ? outOfRange(limits, parseDouble(text)) : `expected a number, got "${value}"`;
    case "list":
      return text === "" ? undefined : invalidList(limits, text.split(","));
    case "string":
      return limits.values === undefined || limits.values.includes(text)
        ? undefined
        : `expected one of ${limits.values.join(", ")}, got "${value}"`;
  }
}

export function parseDouble(text: string): number {
  return Number(text.trim().replace(/(?<=[\d.])[fFdD]$/, ""));
}

export function parseList(text: string): string[] {
  return text
    .split(",")
    .map((element) => element.trim())
    .filter((element) => element !== "");
}

function invalidList({ values, pattern }: SettingLimits, elements: readonly string[]): string | undefined {
  if (pattern !== undefined && elements.map((each) => each.trim()).join("") === ALL) return undefined;
  for (const element of elements.map((each) => each.trim())) {
    if (element === "" && values !== undefined) return "its elements must not be empty";
    if (values?.includes(element) === false) return `expected a list of ${values.join(", ")}, got "${element}"`;
    if (pattern?.test(element) === false) return `"${element}" is not ${pattern.source}`;
  }
  return undefined;
}

function invalidInteger(limits: SettingLimits, text: string): string | undefined {
  if (!/^[+-]?\d{1,19}$/.test(text)) return `expected a whole number, got "${text}"`;
  const value = BigInt(text);
  const limit = limits.type === "int" ? BigInt(INT_MAX) : LONG_MAX;
  if (value > limit || value < -limit - 1n) return `${text} does not fit into ${limits.type === "int" ? 32 : 64} bits`;
  return outOfRange(limits, Number(value));
}

function outOfRange({ min, max, or }: SettingLimits, value: number): string | undefined {
  if (value === or) return undefined;
  const besides = or === undefined ? "" : ` or ${or}`;
  if (min !== undefined && value < min) return `must be at least ${min}${besides}, got ${value}`;
  if (max !== undefined && value > max) return `must be at most ${max}${besides}, got ${value}`;
  return undefined;
}
