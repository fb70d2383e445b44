// Typed configuration values in Kafka's text forms, shared by broker settings and topic configs. A value is kept as text;
// reading it as a number saturates at the safe integers, since Kafka's defaults reach 2^63 − 1.

import { invalidSetting, parseDouble, type SettingLimits, type SettingType } from "../log/setting-value.ts";

export { parseList } from "../log/setting-value.ts";

export type ConfigType = SettingType;

export interface ConfigDefinition extends SettingLimits {
  readonly name: string;
  readonly default: string | null;
  readonly doc: string;
}

/** The numbers of DescribeConfigs' config types. */
export const CONFIG_TYPE_CODES: Readonly<Record<ConfigType, number>> = { boolean: 1, string: 2, int: 3, long: 5, double: 6, list: 7 };

/** Why `value` is none for this definition, in a sentence without subject; undefined if it is one. */
export function invalidValue(definition: ConfigDefinition, value: string): string | undefined {
  return invalidSetting(definition, value);
}

/** The value as it is understood, in its shortest form: what DescribeConfigs tells. The value must be valid. */
export function plainText(type: ConfigType, value: string): string {
  const text = value.trim();
  switch (type) {
    case "boolean":
      return text.toLowerCase();
    case "int":
    case "long":
      return text === "" ? text : BigInt(text.replace(/^\+/, "")).toString();
    case "double":
      return /^-?\d+$/.test(text) ? `${text}.0` : /[eEfFdD]$|^\+|^\./.test(text) ? String(parseDouble(text)) : text;
    case "list":
      return [...new Set(text.split(/\s*,\s*/))].join(",");
    case "string":
      return text;
  }
}

export function parseNumber(text: string): number {
  return Math.max(Number.MIN_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, Number(text)));
}

export function parseBoolean(text: string): boolean {
  return text.trim().toLowerCase() === "true";
}
