// Sinks without a transaction: a function called per row, and nothing at all. After a failure rows since the last checkpoint come again.
import type { Batch } from "../../schema/batch.ts";
import { rowAt, timestampAt } from "../../schema/columns.ts";
import { schemaFrom } from "../../schema/foreign/foreign-schema.ts";
import type { ForeignSchema, TypeOf } from "../../schema/foreign/foreign-types.ts";
import type { Schema } from "../../schema/type-info.ts";
import type { Sink, SinkConnector, SinkWriter } from "../../stream/connector.ts";
import { SinkRowError } from "../../stream/sink-row-error.ts";

/** Calls `write` for every row, at least once. `timestamp` is the event time in epoch ms, undefined if there is none. Throwing fails the job, unless .to(…) has another `onError`. */
export function functionSink<T>(write: (row: T, timestamp: number | undefined) => void, schema?: Schema<T>): Sink<T>;
export function functionSink<S extends ForeignSchema>(
  write: (row: TypeOf<S>, timestamp: number | undefined) => void,
  schema: S,
): Sink<TypeOf<S>>;
export function functionSink(
  write: (row: never, timestamp: number | undefined) => void,
  schema?: Schema<unknown> | ForeignSchema,
): Sink<unknown> {
  return batchSink("function", schema === undefined ? undefined : schemaFrom(schema), (batch) => {
    for (let row = 0; row < batch.rows; row++) {
      try {
        write(rowAt(batch, row) as never, timestampAt(batch, row));
      } catch (thrown) {
        throw new SinkRowError(row, thrown);
      }
    }
  });
}

/** Takes whole batches, for measuring; a batch must not be kept. */
export function blackholeSink<T = unknown>(onBatch: (batch: Batch) => void = () => {}, schema?: Schema<T>): Sink<T> {
  return batchSink("blackhole", schema, onBatch);
}

function batchSink<T>(connector: string, schema: Schema<T> | undefined, take: (batch: Batch) => void): Sink<T> {
  return Object.freeze({
    connector,
    type: schema?.type,
    describe: () => ({}),
    create: (): SinkConnector => ({
      recover: () => Promise.resolve(),
      writer: () => Promise.resolve(batchWriter(take)),
      close: () => Promise.resolve(),
    }),
  });
}

function batchWriter(take: (batch: Batch) => void): SinkWriter {
  return {
    write(batch) {
      take(batch);
      return true;
    },
    ready: () => Promise.resolve(),
    prepare: () => Promise.resolve([]),
    commit: () => Promise.resolve(),
    failed: new Promise<never>(() => {}),
    close: () => Promise.resolve(),
  };
}
