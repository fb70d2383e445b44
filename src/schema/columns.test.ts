import assert from "node:assert/strict";
import { test } from "node:test";
import { BatchBuilder, MAX_ARENA_BYTES } from "./batch-builder.ts";
import { addMark, copyRow, createBatch, fieldColumns, rowAt, stringAt, valueAt } from "./columns.ts";
import type { SchemaError } from "./schema-error.ts";
import { t } from "./t.ts";

const Tx = t.record("Tx", {
  id: t.string(),
  amount: t.double(),
  n: t.int(),
  ok: t.boolean(),
  at: t.timestamp(),
  note: t.optional(t.string()),
  tags: t.array(t.string()),
});
const tx = { id: "a", amount: 1.5, n: 3, ok: true, at: 1000, note: undefined, tags: ["x"] };

test("the top-level fields of a record are one column each; anything else is one column", () => {
  assert.deepEqual(
    fieldColumns(Tx.type).map((field) => [field.name, field.column, field.optional]),
    [
      ["id", "string", false],
      ["amount", "f64", false],
      ["n", "i32", false],
      ["ok", "bool", false],
      ["at", "f64", false],
      ["note", "string", true],
      ["tags", "object", false],
    ],
  );
  assert.deepEqual(
    fieldColumns(t.long().type).map((field) => field.column),
    ["f64"],
  );
  assert.deepEqual(
    fieldColumns(undefined).map((field) => field.column),
    ["object"],
  );
});

for (const strings of ["values", "bytes"] as const)
  test(`rows go in as objects and come out equal, strings as ${strings}`, () => {
    const builder = new BatchBuilder(Tx.type, 8, strings);
    const rows = [tx, { ...tx, id: "zwölf €", note: "hi" }, { ...tx, id: "", note: undefined }];
    rows.forEach((row, index) => builder.append(row, index));
    const batch = builder.finish();
    assert.deepEqual(
      rows.map((_, index) => rowAt(batch, index)),
      rows,
    );
    assert.deepEqual([...batch.timestamps.subarray(0, 3)], [0, 1, 2]);
    builder.reset();
    builder.append(tx, 9);
    assert.deepEqual(rowAt(builder.finish(), 0), tx);
    assert.equal(builder.rows, 1);
  });

test("a row that does not fit is refused with path, expected and got, and leaves no trace", () => {
  const builder = new BatchBuilder(Tx.type, 8);
  assert.throws(
    () => builder.append({ ...tx, tags: ["x", 5] }, 0),
    (error: SchemaError) =>
      error.path === "tags[1]" && error.expected === "string" && error.got === "an integer" && error.code === "BAD_DATA",
  );
  assert.throws(() => builder.append({ ...tx, n: 1.5 }, 0), /n: expected int, got a number with a fraction/);
  assert.throws(() => builder.append({ ...tx, n: 2 ** 31 }, 0), /n: expected int, got an integer/);
  assert.throws(() => builder.append({ ...tx, at: 2 ** 53 }, 0), /at: expected timestamp, got an integer beyond/);
  assert.throws(() => builder.append({ ...tx, ok: null }, 0), /ok: expected boolean, got null/);
  assert.throws(() => builder.append("Tx", 0), /expected record Tx, got a string of 2 characters/);
  assert.equal(builder.rows, 0);
});

test("a message never holds contents", () => {
  const secret = "4111-1111-1111-1111";
  assert.throws(
    () => new BatchBuilder(t.record("R", { a: t.int() }).type, 1).append({ a: secret }, 0),
    (error: Error) => !error.message.includes(secret),
  );
});

test("the builder is full at its capacity, and when an arena reaches its limit", () => {
  const builder = new BatchBuilder(t.string().type, 1000, "bytes");
  const big = "x".repeat(MAX_ARENA_BYTES / 4);
  while (!builder.full) builder.append(big, 0);
  assert.equal(builder.rows, 4);
  const small = new BatchBuilder(t.int().type, 2);
  small.append(1, 0);
  assert.equal(small.full, false);
  small.append(2, 0);
  assert.equal(small.full, true);
  assert.throws(() => small.append(3, 0), RangeError);
});

test("ASCII text is cut out of one string for the whole arena, other text is decoded one by one", () => {
  const builder = new BatchBuilder(t.string().type, 8, "bytes");
  builder.append("one", 0);
  builder.append("two", 0);
  const column = builder.finish().columns[0]!;
  assert.ok(column.kind === "string");
  assert.equal(stringAt(column, 1), "two");
  assert.equal(column.text, "onetwo");
  builder.append("drei€", 0);
  assert.equal(valueAt(builder.finish().columns[0]!, 2), "drei€");
  assert.equal(column.ascii, false);
});

test("inherited names and __proto__ are plain field names", () => {
  const Odd = t.record("Odd", { ["__proto__"]: t.optional(t.int()), constructor: t.optional(t.string()) });
  const builder = new BatchBuilder(Odd.type, 4);
  builder.append({}, 0);
  builder.append(JSON.parse('{"__proto__":5,"constructor":"c"}'), 0);
  const batch = builder.finish();
  assert.equal(valueAt(batch.columns[0]!, 0), undefined);
  assert.equal(valueAt(batch.columns[1]!, 0), undefined);
  assert.equal(JSON.stringify(rowAt(batch, 1)), '{"__proto__":5,"constructor":"c"}');
});

test("copyRow takes a row over, and marks grow as needed", () => {
  const builder = new BatchBuilder(Tx.type, 8, "bytes");
  builder.append({ ...tx, note: "n" }, 7);
  const to = createBatch(Tx.type, 8);
  copyRow(builder.finish(), 0, to);
  assert.deepEqual(rowAt(to, 0), { ...tx, note: "n" });
  assert.equal(to.timestamps[0], 7);
  for (let row = 0; row < 100; row++) addMark(to, row, row * 10);
  assert.deepEqual([to.markCount, to.markRows[99], to.markTimes[99]], [100, 99, 990]);
});
