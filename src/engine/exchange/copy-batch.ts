// A copy of a batch that outlives the call it came with: what waits for a sink that is not ready.
import type { Batch } from "../../schema/batch.ts";
import type { Column, StringColumn } from "../../schema/column.ts";

export function copyBatch(batch: Batch): Batch {
  const rows = batch.rows;
  return {
    type: batch.type,
    rows,
    columns: batch.columns.map((column) => copyColumn(column, rows)),
    timestamps: batch.timestamps.slice(0, rows),
    markCount: batch.markCount,
    markRows: batch.markRows.slice(0, batch.markCount),
    markTimes: batch.markTimes.slice(0, batch.markCount),
    key: batch.key === undefined ? undefined : copyColumn(batch.key, rows),
    keyHashes: batch.keyHashes?.slice(0, rows),
    origins: batch.origins?.slice(0, rows),
  };
}

function copyColumn(column: Column, rows: number): Column {
  const nulls = column.nulls?.slice(0, rows);
  switch (column.kind) {
    case "f64":
      return { kind: "f64", nulls, values: column.values.slice(0, rows) };
    case "i32":
      return { kind: "i32", nulls, values: column.values.slice(0, rows) };
    case "bool":
      return { kind: "bool", nulls, values: column.values.slice(0, rows) };
    case "string":
      return copyStrings(column, nulls, rows);
    case "object":
      return { kind: "object", nulls, values: column.values.slice(0, rows) };
  }
}

function copyStrings(column: StringColumn, nulls: Uint8Array | undefined, rows: number): StringColumn {
  if (column.values !== undefined) {
    return {
      kind: "string",
      nulls,
      values: column.values.slice(0, rows),
      bytes: undefined,
      offsets: undefined,
      ascii: column.ascii,
      text: undefined,
    };
  }
  const offsets = column.offsets!.slice(0, rows + 1);
  const bytes = column.bytes!.slice(0, offsets[rows]);
  return { kind: "string", nulls, values: undefined, bytes, offsets, ascii: column.ascii, text: undefined };
}
