// The keywords of JSON Schema for arrays. "items" is a list of schemas up to 2019-09; from 2020-12 that is "prefixItems".
import { numberOf } from "../json-numbers.ts";
import { Seen, type Failure, type Walk } from "./json-validation.ts";
import { sameJson } from "./validate-scalar.ts";
import type { SchemaNode } from "./schema-index.ts";

export function arrayFailure(schema: SchemaNode, value: readonly unknown[], path: string, seen: Seen, walk: Walk): Failure | undefined {
  return (
    countFailure(schema, value, path) ??
    itemsFailure(schema, value, path, seen, walk) ??
    containsFailure(schema, value, path, seen, walk) ??
    (schema["unevaluatedItems"] !== undefined && walk.draft >= 2019
      ? restFailure(schema["unevaluatedItems"], value, path, seen, walk)
      : undefined)
  );
}

function countFailure(schema: SchemaNode, value: readonly unknown[], path: string): Failure | undefined {
  const [least, most] = [numberOf(schema["minItems"]), numberOf(schema["maxItems"])];
  if (least !== undefined && value.length < least) return { path, reason: `expected at least ${least} items, got ${value.length}` };
  if (most !== undefined && value.length > most) return { path, reason: `expected at most ${most} items, got ${value.length}` };
  if (schema["uniqueItems"] !== true) return undefined;
  const twice = firstTwice(value);
  return twice < 0 ? undefined : { path: `${path}[${twice}]`, reason: "the same item stands before it" };
}

/** Scalars by a set; only objects and arrays are compared one by one. */
function firstTwice(value: readonly unknown[]): number {
  const scalars = new Set<unknown>();
  const others: unknown[] = [];
  for (const [index, each] of value.entries()) {
    const number = numberOf(each);
    if (number === undefined && typeof each === "object" && each !== null) {
      if (others.some((other) => sameJson(other, each))) return index;
      others.push(each);
    } else {
      const of = number ?? each;
      if (scalars.has(of)) return index;
      scalars.add(of);
    }
  }
  return -1;
}

function itemsFailure(schema: SchemaNode, value: readonly unknown[], path: string, seen: Seen, walk: Walk): Failure | undefined {
  const { items, prefixItems, additionalItems } = schema;
  const first = walk.draft === 2020 && Array.isArray(prefixItems) ? prefixItems : Array.isArray(items) ? items : [];
  const rest = Array.isArray(items) ? additionalItems : items;
  for (const [index, each] of value.entries()) {
    const of = index < first.length ? first[index] : rest;
    if (of === undefined) continue;
    seen.items.add(index);
    const failure = walk.check(of, each, `${path}[${index}]`, new Seen());
    if (failure !== undefined) return failure;
  }
  return undefined;
}

function containsFailure(schema: SchemaNode, value: readonly unknown[], path: string, seen: Seen, walk: Walk): Failure | undefined {
  const { contains } = schema;
  if (contains === undefined || walk.draft < 6) return undefined;
  let found = 0;
  for (const [index, each] of value.entries()) {
    if (walk.check(contains, each, `${path}[${index}]`, new Seen()) !== undefined) continue;
    found++;
    if (walk.draft === 2020) seen.items.add(index);
  }
  const least = walk.draft >= 2019 ? (numberOf(schema["minContains"]) ?? 1) : 1;
  const most = walk.draft >= 2019 ? (numberOf(schema["maxContains"]) ?? Infinity) : Infinity;
  if (found < least) return { path, reason: `expected at least ${least} items that \`contains\` asks for, got ${found}` };
  return found > most ? { path, reason: `expected at most ${most} items that \`contains\` asks for, got ${found}` } : undefined;
}

function restFailure(rest: unknown, value: readonly unknown[], path: string, seen: Seen, walk: Walk): Failure | undefined {
  for (const [index, each] of value.entries()) {
    if (seen.items.has(index)) continue;
    const failure = walk.check(rest, each, `${path}[${index}]`, new Seen());
    if (failure !== undefined) return failure;
    seen.items.add(index);
  }
  return undefined;
}
