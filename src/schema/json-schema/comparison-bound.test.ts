import assert from "node:assert/strict";
import { test } from "node:test";
import { jsonSchemaIncompatibilities } from "./json-schema-compatibility.ts";
import { parseJsonSchema } from "./json-schema-document.ts";

/** Definitions whose parts refer to all of them: the pairs of parts grow with the fourth power. */
function holdingEachOther(count: number): string {
  const numbers = Array.from({ length: count }, (_, at) => at);
  const part = (i: number, j: number): object => ({
    type: "object",
    properties: { x: { $ref: `#/definitions/d${j}` }, [`k${i}_${j}`]: { type: "string" } },
    additionalProperties: false,
  });
  const definitions = Object.fromEntries(numbers.map((i) => [`d${i}`, { oneOf: numbers.map((j) => part(i, j)) }]));
  return JSON.stringify({ $ref: "#/definitions/d0", definitions });
}

function found(...texts: readonly [reader: string, writer: string]): string[] {
  const [reader, writer] = texts.map((text) => {
    const root = parseJsonSchema(text);
    return { schema: root, document: { root, others: new Map() } };
  });
  return [...new Set(jsonSchemaIncompatibilities(reader!, writer!, false).map(({ type }) => type))];
}

function types(count: number): string[] {
  return found(holdingEachOther(count), holdingEachOther(count));
}

test("sixteen definitions that all hold each other are compared to the end", () => assert.deepEqual(types(16), []));

test("what would take too long is refused after so many steps, in a second or two of any machine", () => {
  const before = process.cpuUsage();
  assert.deepEqual(types(48), ["COMPARISON_TOO_COMPLEX"]);
  const { user } = process.cpuUsage(before);
  assert.ok(user < 6_000_000, `${user} µs of CPU`);
});

/** An object whose properties go by these patterns and names; there are no others. */
function closed(patterns: readonly string[], names: readonly string[] = []): string {
  const byName = (all: readonly string[]): object => Object.fromEntries(all.map((each) => [each, { type: "string" }]));
  return JSON.stringify({ type: "object", patternProperties: byName(patterns), properties: byName(names), additionalProperties: false });
}

const numbered = (count: number, name: (n: number) => string): string[] => Array.from({ length: count }, (_, n) => name(n));

test("a thousand patterns meet a thousand names; more than that of both is refused", () => {
  const patterns = (count: number): string => closed(numbered(count, (n) => `^x${n}_[a-z]+$`));
  const names = (count: number): string =>
    closed(
      [],
      numbered(count, (n) => `x${n}_name`),
    );
  assert.deepEqual(found(patterns(1000), names(1000)), []);
  assert.deepEqual(found(patterns(1000), closed([], ["x1000_name"])), ["PROPERTY_REMOVED_FROM_CLOSED_CONTENT_MODEL"]);
  assert.deepEqual(found(patterns(4000), names(4000)), ["COMPARISON_TOO_COMPLEX"]);
});

test("patterns that go through a name in ever more ways are not run", () => {
  const hostile = ["^(a|a)*$", "^(a|aa)+$", "^(a?){40}a{40}$", `^${"a?".repeat(40)}${"a".repeat(40)}$`, `^${"(a|a)".repeat(40)}$`, "^(a*)*$", "^(?:a+)+$", "^(.*)\\1\\1$", `${"a*".repeat(20)}$`, "(x+x+)+y", "^((a|b)(a|c))+$", "^(((a{1,9}){1,9}){1,9}){1,9}$"]; // prettier-ignore
  const before = process.cpuUsage();
  for (const pattern of hostile)
    assert.deepEqual(found(closed([pattern]), closed([], [`${"a".repeat(60)}!`, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx!"])), [], pattern);
  assert.ok(process.cpuUsage(before).user < 3_000_000);
});

for (const [pattern, takes, leaves] of [
  ["^[a-z]+(-[a-z])?$", "ab-c", "ab-"],
  ["^x[.]y|z$", "az", "x_y"],
  ["^(ab)+$", "abab", "aba"],
  ["^(in|out)_\\d{2,4}$", "in_123", "on_123"],
  ["^[\\w-.]+$", "a-b.c", "a b"],
  ["[)(|*]{2}", "a)(b", "a)b"],
  ["^(?:a|b)(?=c).*?$", "acd", "ad"],
  ["(?<=x)[\\]]", "x]", "x["],
] as const)
  test(`a pattern that is run: ${pattern}`, () => {
    assert.deepEqual(found(closed([pattern]), closed([], [takes])), []);
    assert.deepEqual(found(closed([pattern]), closed([], [leaves])), ["PROPERTY_REMOVED_FROM_CLOSED_CONTENT_MODEL"]);
  });
