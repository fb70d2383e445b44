// The directory of a row below a sink's directory: "country=DE/day=2026-01-31" from fields, as Hive does it, or what a function says.
import type { Batch } from "../../schema/batch.ts";
import { fieldColumns, rowAt, valueAt, type FieldColumn } from "../../schema/columns.ts";
import type { TypeInfo } from "../../schema/type-info.ts";
import { isInside } from "./committable.ts";
import { FileConnectorError } from "./file-connector-error.ts";

/** Hive's name for a missing value. */
const NO_VALUE = "__HIVE_DEFAULT_PARTITION__";
const MAX_REMEMBERED = 1024;

export type PartitionBy = readonly string[] | ((row: unknown) => string) | undefined;

/** The directory of row `row`; "" without partitions. Throws SINK_ROW for what is no path below the directory. */
export function partitionPaths(type: TypeInfo | undefined, by: PartitionBy): (batch: Batch, row: number) => string {
  if (by === undefined) return () => "";
  if (typeof by === "function") return (batch, row) => checkedPath(by(rowAt(batch, row)));
  const fields = by.map((name) => fieldColumns(type).find((field) => field.name === name)!);
  const [only] = fields;
  if (fields.length > 1)
    return (batch, row) => fields.map((field) => directory(field, valueAt(batch.columns[field.index]!, row))).join("/");
  const known = new Map<unknown, string>();
  return (batch, row) => {
    const value = valueAt(batch.columns[only!.index]!, row);
    const path = known.get(value) ?? directory(only!, value);
    if (known.size < MAX_REMEMBERED) known.set(value, path);
    return path;
  };
}

function directory(field: FieldColumn, value: unknown): string {
  const text = value === undefined ? NO_VALUE : field.type!.kind === "timestamp" ? new Date(value as number).toISOString() : String(value);
  return `${escaped(field.name)}=${text === "" ? NO_VALUE : escaped(text)}`;
}

/** Percent signs for everything that a file system or a shell might take for something else. */
function escaped(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replaceAll("*", "%2A").replaceAll("'", "%27");
}

function checkedPath(path: unknown): string {
  if (path === "" || (isInside(path) && !path.includes("\0") && !path.startsWith("."))) return path;
  throw new FileConnectorError(
    "SINK_ROW",
    `fileSink: partitionBy gives the path of a directory below the sink's, such as "2026/01/31", not ${JSON.stringify(path)}.`,
  );
}
