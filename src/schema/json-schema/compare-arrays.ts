// Arrays: the schema of all items, or of items by position with what follows them (additionalItems; in 2020-12 prefixItems with items).
import type { Incompatibility } from "../incompatibility.ts";
import { isJsonObject, numberOf } from "../json-numbers.ts";
import { incompatible, limit, type Compare, type Side } from "./comparison.ts";
import { formatsAreRemarks, kindOf, type JsonObject } from "./json-schema-kind.ts";

interface Items {
  /** For every item; undefined: there is none. */
  readonly all: unknown;
  readonly byPosition: readonly unknown[];
  /** For those after byPosition. */
  readonly rest: unknown;
}

export function compareArrays(reader: Side, writer: Side, path: string, compare: Compare): Incompatibility[] {
  const [read, written] = [itemsOf(reader), itemsOf(writer)];
  const unique =
    reader.keywords["uniqueItems"] === true && writer.keywords["uniqueItems"] !== true
      ? [
          incompatible(
            "UNIQUE_ITEMS_ADDED",
            `${path}/uniqueItems`,
            "The reader's items must differ, the writer's need not.",
            true,
            undefined,
          ),
        ]
      : [];
  const all = compare(
    read.all === undefined ? undefined : reader.located(read.all),
    written.all === undefined ? undefined : writer.located(written.all),
    `${path}/items`,
  );
  return [
    ...all,
    ...positions(reader, read, writer, written, path, compare),
    ...rest(reader, read, writer, written, path, compare),
    ...limit(reader.keywords, writer.keywords, "maxItems", "MAX_ITEMS", "max", path),
    ...limit(reader.keywords, writer.keywords, "minItems", "MIN_ITEMS", "min", path),
    ...contains(reader, writer, path, compare),
    ...unique,
  ];
}

/** One item at least that a schema takes, or as many as minContains and maxContains say. */
function contains(reader: Side, writer: Side, path: string, compare: Compare): Incompatibility[] {
  const [read, written] = [withMinimum(reader.keywords), withMinimum(writer.keywords)];
  const none = numberOf(read["minContains"]) === 0;
  const limits = [
    ...limit(read, written, "maxContains", "MAX_CONTAINS", "max", path),
    ...(none ? [] : limit(read, written, "minContains", "MIN_CONTAINS", "min", path)),
  ];
  const schema = read["contains"];
  if (schema === undefined || written["contains"] === undefined || none) return limits;
  return [...compare(reader.located(schema), writer.located(written["contains"]), `${path}/contains`), ...limits];
}

function withMinimum(keywords: JsonObject): JsonObject {
  return keywords["contains"] === undefined ? {} : { minContains: 1, ...keywords };
}

function itemsOf({ keywords, located }: Side): Items {
  const { items: given, prefixItems, additionalItems, unevaluatedItems } = keywords;
  // Since draft 2019-09 true is as good as nothing, in Confluent's registry, too.
  const items = given === true && prefixItems === undefined && formatsAreRemarks(located(true).document) ? undefined : given;
  if (Array.isArray(prefixItems)) return { all: undefined, byPosition: prefixItems, rest: items ?? unevaluatedItems };
  if (Array.isArray(items)) return { all: undefined, byPosition: items, rest: additionalItems ?? unevaluatedItems };
  // Without items by position additionalItems says nothing of a value; a change of it counts all the same, as in Confluent's registry, but for
  // a false beside a schema of all items.
  const others = items !== undefined && additionalItems === false ? undefined : additionalItems;
  return { all: items, byPosition: [], rest: others ?? (items === undefined ? unevaluatedItems : undefined) };
}

function positions(reader: Side, read: Items, writer: Side, written: Items, path: string, compare: Compare): Incompatibility[] {
  const count = Math.max(read.byPosition.length, written.byPosition.length);
  return Array.from({ length: count }, (_, i) => i).flatMap((i) => {
    const here = `${path}/items/${i}`;
    const [now, before] = [read.byPosition[i], written.byPosition[i]];
    if (now === undefined) return removed(reader, read, writer, before, here, compare);
    if (before === undefined) return added(reader, now, writer, written, here, compare);
    return compare(reader.located(now), writer.located(before), here);
  });
}

function removed(reader: Side, read: Items, writer: Side, schema: unknown, path: string, compare: Compare): Incompatibility[] {
  if (read.rest === undefined || read.rest === true || kindOf(writer.located(schema)).kind === "never") return [];
  const found = isJsonObject(read.rest) ? compare(reader.located(read.rest), writer.located(schema), path) : undefined;
  if (found?.length === 0) return [];
  const type = found === undefined ? "ITEM_REMOVED_FROM_CLOSED_CONTENT_MODEL" : "ITEM_REMOVED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL";
  return [
    ...(found ?? []),
    incompatible(type, path, "The item is gone, and the reader does not take it as an additional one.", read.rest, schema),
  ];
}

function added(reader: Side, schema: unknown, writer: Side, written: Items, path: string, compare: Compare): Incompatibility[] {
  if (written.rest === false || kindOf(reader.located(schema)).kind === "any") return [];
  const found = isJsonObject(written.rest) ? compare(reader.located(schema), writer.located(written.rest), path) : undefined;
  if (found?.length === 0) return [];
  const type = found === undefined ? "ITEM_ADDED_TO_OPEN_CONTENT_MODEL" : "ITEM_ADDED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL";
  return [
    ...(found ?? []),
    incompatible(type, path, "The item is new, and the writer may have written another there.", schema, written.rest),
  ];
}

function rest(reader: Side, read: Items, writer: Side, written: Items, path: string, compare: Compare): Incompatibility[] {
  const unevaluated = read.rest !== undefined && read.rest === reader.keywords["unevaluatedItems"];
  const here = `${path}/${unevaluated ? "unevaluatedItems" : "additionalItems"}`;
  const name = unevaluated ? "UNEVALUATED_ITEMS" : "ADDITIONAL_ITEMS";
  if (read.rest === false && written.rest !== false)
    return [incompatible(`${name}_REMOVED`, here, "The reader allows no additional items, the writer did.", false, written.rest)];
  if (!isJsonObject(read.rest) || written.rest === false) return [];
  if (isJsonObject(written.rest)) return compare(reader.located(read.rest), writer.located(written.rest), here);
  const text = "The writer allowed any additional items, the reader does not.";
  return [incompatible(`${name}_NARROWED`, here, text, read.rest, written.rest)];
}
