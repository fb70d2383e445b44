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

function types(count: number): string[] {
  const [reader, writer] = [0, 1].map(() => {
    const root = parseJsonSchema(holdingEachOther(count));
    return { schema: root, document: { root, others: new Map() } };
  });
  return jsonSchemaIncompatibilities(reader!, writer!, false).map(({ type }) => type);
}

test("sixteen definitions that all hold each other are compared to the end", () => assert.deepEqual(types(16), []));

test("what would take too long is refused after so many steps, in a second or two of any machine", () => {
  const before = process.cpuUsage();
  assert.deepEqual(types(48), ["COMPARISON_TOO_COMPLEX"]);
  const { user } = process.cpuUsage(before);
  assert.ok(user < 6_000_000, `${user} µs of CPU`);
});
