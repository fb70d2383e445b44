// What generated loops make of a batch's columns is what rowAt() makes of them, in whatever form nested records are kept.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Batch } from "../../schema/batch.ts";
import { BatchBuilder } from "../../schema/batch-builder.ts";
import { generateFunction } from "../../schema/code-generation.ts";
import { fieldColumns, rowAt } from "../../schema/columns.ts";
import { anyRecord, valueOf } from "../../schema/fixtures/arbitrary-types.ts";
import { nestedBatch } from "../../schema/fixtures/nested-batch.ts";
import type { TypeInfo } from "../../schema/type-info.ts";
import { copyBatch } from "../exchange/copy-batch.ts";
import { columnConstants, ROW_SCOPE, rowExpression } from "./row-code.ts";

const seed = Number(process.env["MILLRACE_SEED"] ?? Date.now() % 1e9);

function loopOf(type: TypeInfo): (batch: Batch) => unknown[] {
  const constants = columnConstants(fieldColumns(type), "batch.columns", "v");
  const body = `${constants}const all=[];for(let i=0;i<batch.rows;i++)all.push(${rowExpression(type, "v")});return all;`;
  const make = generateFunction<(...scope: unknown[]) => (batch: Batch) => unknown[]>(
    "rows",
    Object.keys(ROW_SCOPE),
    `return (batch)=>{${body}};`,
  );
  return make(...Object.values(ROW_SCOPE));
}

function objects(type: TypeInfo, values: readonly unknown[]): Batch {
  const builder = new BatchBuilder(type, values.length);
  for (const value of values) builder.append(value, 0);
  return builder.finish();
}

test("rows of loops", () => {
  const rows = anyRecord.chain(({ type }) => fc.tuple(fc.constant(type), fc.array(valueOf(type), { minLength: 1, maxLength: 4 })));
  fc.assert(
    fc.property(rows, ([type, values]) => {
      const loop = loopOf(type);
      for (const batch of [nestedBatch(type, values), objects(type, values)]) {
        assert.deepStrictEqual(loop(batch), values);
        const copy = copyBatch(batch);
        assert.deepStrictEqual(loop(copy), values);
        values.forEach((value, row) => assert.deepStrictEqual(rowAt(copy, row), value));
      }
    }),
    { seed, numRuns: 200 },
  );
});
