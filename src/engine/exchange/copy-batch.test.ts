// A copy shares nothing with the batch that its owner will overwrite.
import assert from "node:assert/strict";
import { test } from "node:test";
import { BatchBuilder } from "../../schema/batch-builder.ts";
import { addMark, rowAt } from "../../schema/columns.ts";
import { t } from "../../schema/t.ts";
import { copyBatch } from "./copy-batch.ts";

const Row = t.record("Row", {
  id: t.int(),
  amount: t.double(),
  name: t.string(),
  ok: t.boolean(),
  note: t.optional(t.string()),
  tags: t.array(t.string()),
});
const rows = [
  { id: 1, amount: 1.5, name: "eins", ok: true, note: "ä", tags: ["x"] },
  { id: 2, amount: -2, name: "", ok: false, note: undefined, tags: [] },
];

for (const strings of ["values", "bytes"] as const) {
  test(`rows, marks and timestamps stay when the original is filled anew (strings as ${strings})`, () => {
    const builder = new BatchBuilder(Row.type, 4, strings);
    rows.forEach((row, at) => builder.append(row, 100 + at));
    const original = builder.finish();
    addMark(original, 0, 99);
    const copy = copyBatch(original);
    builder.reset();
    for (let i = 0; i < 3; i++) builder.append({ id: 9, amount: 9, name: "neun", ok: true, note: "9", tags: ["9"] }, 9);
    addMark(builder.finish(), 0, 1);
    assert.equal(copy.rows, 2);
    assert.deepEqual([rowAt(copy, 0), rowAt(copy, 1)], rows);
    assert.deepEqual([...copy.timestamps], [100, 101]);
    assert.deepEqual([copy.markCount, copy.markRows[0], copy.markTimes[0]], [1, 0, 99]);
  });
}
