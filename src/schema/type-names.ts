// Types in words, for messages, and as stable text, for comparing two of them.
import type { TypeInfo } from "./type-info.ts";

const MAX_LITERALS = 6;

/** Short: a record is its name. */
export function typeName(type: TypeInfo): string {
  switch (type.kind) {
    case "decimal":
      return `decimal(${type.precision}, ${type.scale})`;
    case "literal": {
      const shown = type.values.slice(0, MAX_LITERALS).map((value) => JSON.stringify(value));
      return shown.join(" | ") + (type.values.length > MAX_LITERALS ? " | …" : "");
    }
    case "array":
      return `array of ${typeName(type.of)}`;
    case "map":
      return `map of ${typeName(type.key)} to ${typeName(type.value)}`;
    case "record":
      return `record ${type.name}`;
    case "union":
      return type.of.map(typeName).join(" or ");
    case "optional":
      return `${typeName(type.of)} or nothing`;
    default:
      if (type.size !== undefined) return `${type.size} bytes`;
      return type.logical === undefined ? type.kind : `${type.kind} (${type.logical})`;
  }
}

/** Equal texts are equal types: names, field order and all. */
export function typeText(type: TypeInfo): string {
  return JSON.stringify(type);
}

export function sameType(a: TypeInfo | undefined, b: TypeInfo | undefined): boolean {
  return a === b || (a !== undefined && b !== undefined && typeText(a) === typeText(b));
}
