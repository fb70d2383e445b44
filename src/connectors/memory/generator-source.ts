// A source that makes its rows: row by row from a function of the row's number, or whole columns at a time (benchmarks). The number is
// the position, so a restored job goes on with the same rows: the function must depend on nothing else.
import { MAX_BATCH_ROWS } from "../../schema/batch.ts";
import type { Batch } from "../../schema/batch.ts";
import { createBatch } from "../../schema/columns.ts";
import { schemaFrom } from "../../schema/foreign/foreign-schema.ts";
import type { AnySchema, TypeOf } from "../../schema/foreign/foreign-types.ts";
import type { Schema } from "../../schema/type-info.ts";
import { calledAt } from "../../stream/called-at.ts";
import { checkOptions } from "../../stream/check-options.ts";
import type { ConnectorContext, Source, SourceConnector } from "../../stream/connector.ts";
import { PipelineError } from "../../stream/pipeline-error.ts";
import { fillRows, PacedReader } from "./paced-reader.ts";
import type { RowFiller } from "./paced-reader.ts";

interface GeneratorOptions {
  /** Rows of each split; default: no end. */
  readonly count?: number;
  /** Default 1. */
  readonly splits?: number;
  /** Rows per second and split, by schedule: the record timestamp is when the row was due. Default: as fast as they are read. */
  readonly ratePerSecond?: number;
}

export interface RowGenerator<T> extends GeneratorOptions {
  /** The row with this number of this split. */
  readonly row: (index: number, split: number) => T;
  /** The record's own timestamp in epoch ms. Default: when the row was due, or read. */
  readonly timestamp?: (index: number, split: number) => number;
}

export interface ColumnGenerator extends GeneratorOptions {
  /**
   * Fills rows 0 … rows − 1 of the batch's columns (in the schema's field order) with the rows from number `first`. Timestamps are set
   * already and may be changed. Capacity is MAX_BATCH_ROWS; string columns hold JS strings.
   */
  readonly columns: (batch: Batch, first: number, rows: number, split: number) => void;
}

export function generatorSource<S extends AnySchema>(given: S, generator: RowGenerator<TypeOf<S>> | ColumnGenerator): Source<TypeOf<S>> {
  const where = calledAt(generatorSource);
  checkOptions(generator, ["row", "timestamp", "columns", "count", "splits", "ratePerSecond"], "generatorSource(schema, generator)", where);
  if (typeof generator !== "object" || !("row" in generator || "columns" in generator))
    throw new PipelineError("BAD_ARGUMENT", "generatorSource(schema, { row }): row is a function that makes the row of a number.", where);
  const schema = schemaFrom(given);
  const splits = generator.splits ?? 1;
  const count = generator.count ?? Infinity;
  if (!Number.isInteger(splits) || splits < 1)
    throw new RangeError(`generatorSource: splits must be a whole number of at least 1, not ${splits}.`);
  return Object.freeze({
    connector: "generator",
    type: schema.type,
    describe: () => ({ splits }),
    create: ({ env }: ConnectorContext): SourceConnector => ({
      discover: () => Promise.resolve(Array.from({ length: splits }, (_, index) => ({ id: `generator-${index}`, data: index }))),
      open(split, position) {
        const index = Number(split.data ?? split.id.slice("generator-".length));
        const filler = "row" in generator ? rowFiller(schema, generator, index) : columnFiller(schema, generator, index);
        return Promise.resolve(new PacedReader(filler, env, { position, count, ratePerSecond: generator.ratePerSecond ?? Infinity }));
      },
      close: () => Promise.resolve(),
    }),
  });
}

function rowFiller<T>(schema: Schema<T>, generator: RowGenerator<T>, split: number): RowFiller {
  const timestamp = (at: number, dueMs: (row: number) => number): number => generator.timestamp?.(at, split) ?? dueMs(at);
  return fillRows(schema.type, (at) => generator.row(at, split), timestamp, { topic: "generator", partition: split });
}

function columnFiller(schema: Schema<unknown>, generator: ColumnGenerator, split: number): RowFiller {
  const batch = createBatch(schema.type, MAX_BATCH_ROWS);
  const paced = generator.ratePerSecond !== undefined;
  return {
    fill(first, rows, dueMs) {
      batch.rows = rows;
      if (paced) for (let row = 0; row < rows; row++) batch.timestamps[row] = dueMs(first + row);
      else batch.timestamps.fill(dueMs(first), 0, rows);
      generator.columns(batch, first, rows, split);
      return batch;
    },
  };
}
