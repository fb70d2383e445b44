// A copy of a batch that outlives the call it came with: what waits for a sink that is not ready.
import type { Batch } from "../../schema/batch.ts";
import type { Column, Parts, StringColumn } from "../../schema/column.ts";

/** Of the rows from `from` on. */
export function copyBatch(batch: Batch, from = 0): Batch {
  const { rows, markCount } = batch;
  let passed = 0;
  while (passed < markCount && batch.markRows[passed]! < from - 1) passed++;
  return {
    type: batch.type,
    rows: rows - from,
    columns: batch.columns.map((column) => copyColumn(column, from, rows)),
    timestamps: batch.timestamps.slice(from, rows),
    markCount: markCount - passed,
    markRows: batch.markRows.slice(passed, markCount).map((row) => row - from),
    markTimes: batch.markTimes.slice(passed, markCount),
    key: batch.key === undefined ? undefined : copyColumn(batch.key, from, rows),
    keyHashes: batch.keyHashes?.slice(from, rows),
    origins: batch.origins?.slice(from, rows),
  };
}

function copyColumn(column: Column, from: number, to: number): Column {
  const nulls = column.nulls?.slice(from, to);
  switch (column.kind) {
    case "f64":
      return { kind: "f64", nulls, values: column.values.slice(from, to) };
    case "i32":
      return { kind: "i32", nulls, values: column.values.slice(from, to) };
    case "bool":
      return { kind: "bool", nulls, values: column.values.slice(from, to) };
    case "string":
      return copyStrings(column, nulls, from, to);
    case "object":
      return { kind: "object", nulls, values: column.values?.slice(from, to), parts: copyParts(column.parts, from, to) };
  }
}

function copyParts(parts: Parts | undefined, from: number, to: number): Parts | undefined {
  return parts && { type: parts.type, columns: parts.columns.map((column) => copyColumn(column, from, to)) };
}

function copyStrings(column: StringColumn, nulls: Uint8Array | undefined, from: number, to: number): StringColumn {
  if (column.values !== undefined) {
    return {
      kind: "string",
      nulls,
      values: column.values.slice(from, to),
      bytes: undefined,
      offsets: undefined,
      ascii: column.ascii,
      text: undefined,
    };
  }
  const first = column.offsets![from]!;
  const bytes = column.bytes!.slice(first, column.offsets![to]);
  const offsets = column.offsets!.slice(from, to + 1);
  if (first > 0) for (let at = 0; at < offsets.length; at++) offsets[at]! -= first;
  return { kind: "string", nulls, values: undefined, bytes, offsets, ascii: column.ascii, text: undefined };
}
