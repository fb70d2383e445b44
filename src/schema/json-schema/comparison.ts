// The parts that the comparisons of objects, arrays, numbers and combinations have in common: where we are, and what was found.
import type { Incompatibility } from "../incompatibility.ts";
import { numberOf } from "../json-numbers.ts";
import type { Located } from "./json-schema-document.ts";
import type { JsonObject } from "./json-schema-kind.ts";

/** Compares two schemas; undefined stands for one that is not there. */
export interface Compare {
  (reader: Located | undefined, writer: Located | undefined, path: string): Incompatibility[];
  /** Counts steps of matching names with patterns; ends the comparison when there were too many. */
  readonly spend: (steps: number) => void;
}

export interface Side {
  readonly keywords: JsonObject;
  readonly located: (schema: unknown) => Located;
}

export function incompatible(type: string, path: string, description: string, reader: unknown, writer: unknown): Incompatibility {
  return { type, path, description, reader: text(reader), writer: text(writer) };
}

/** A schema is told of wherever it stands. */
const TEXTS = new WeakMap<object, string>();

function text(value: unknown): string {
  if (value === undefined) return "";
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  let known = TEXTS.get(value);
  if (known === undefined) TEXTS.set(value, (known = JSON.stringify(value)));
  return known;
}

/** A keyword whose smaller (or, with `direction` "min", larger) value narrows what is allowed. */
export function limit(
  reader: JsonObject,
  writer: JsonObject,
  keyword: string,
  name: string,
  direction: "min" | "max",
  path: string,
): Incompatibility[] {
  const [read, written] = [numberOf(reader[keyword]), numberOf(writer[keyword])];
  if (read === undefined || read === written) return [];
  if (written === undefined)
    return [
      incompatible(
        `${name}_ADDED`,
        `${path}/${keyword}`,
        `The reader has the limit ${keyword} ${read}, the writer has none.`,
        read,
        undefined,
      ),
    ];
  if (direction === "max" ? read > written : read < written) return [];
  const change = direction === "max" ? "DECREASED" : "INCREASED";
  return [
    incompatible(
      `${name}_${change}`,
      `${path}/${keyword}`,
      `The reader's ${keyword} ${read} is narrower than the writer's ${written}.`,
      read,
      written,
    ),
  ];
}
