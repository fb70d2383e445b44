// A bounded source over rows that are there: tests, examples, small reference data. Positions count rows, so it is exactly once.
import { NO_TIMESTAMP } from "../../schema/batch.ts";
import { schemaFrom } from "../../schema/foreign/foreign-schema.ts";
import type { AnySchema, TypeOf } from "../../schema/foreign/foreign-types.ts";
import { calledAt } from "../../stream/called-at.ts";
import { checkOptions } from "../../stream/check-options.ts";
import type { ConnectorContext, Source, SourceConnector } from "../../stream/connector.ts";
import { fillRows, PacedReader } from "./paced-reader.ts";

export interface ArraySourceOptions<T> {
  /** Splits that can be read in parallel; row i is in split i % splits. Default 1. */
  readonly splits?: number;
  /** The record's own timestamp in epoch ms; none unless given. */
  readonly timestamp?: (row: T) => number;
  /** Rows per second and split; default: as fast as they are read. */
  readonly ratePerSecond?: number;
}

/** A row that does not fit the schema goes by the source's onError. The array must not change while the job runs. */
export function arraySource<S extends AnySchema>(
  given: S,
  rows: readonly TypeOf<S>[],
  options: ArraySourceOptions<TypeOf<S>> = {},
): Source<TypeOf<S>> {
  checkOptions(options, ["splits", "timestamp", "ratePerSecond"], "arraySource(schema, rows, options)", calledAt(arraySource));
  const schema = schemaFrom(given);
  const splits = options.splits ?? 1;
  if (!Number.isInteger(splits) || splits < 1)
    throw new RangeError(`arraySource: splits must be a whole number of at least 1, not ${splits}.`);
  return Object.freeze({
    connector: "array",
    type: schema.type,
    describe: () => ({ splits }),
    create: ({ env }: ConnectorContext): SourceConnector => ({
      discover: () => Promise.resolve(Array.from({ length: splits }, (_, index) => ({ id: `array-${index}`, data: index }))),
      open(split, position) {
        const index = Number(split.data ?? split.id.slice("array-".length));
        const own = splits === 1 ? rows : rows.filter((_, row) => row % splits === index);
        const timestamp = (at: number): number => options.timestamp?.(own[at]!) ?? NO_TIMESTAMP;
        const filler = fillRows(schema.type, (at) => own[at], timestamp, { topic: "array", partition: index });
        return Promise.resolve(
          new PacedReader(filler, env, { position, count: own.length, ratePerSecond: options.ratePerSecond ?? Infinity }),
        );
      },
      close: () => Promise.resolve(),
    }),
  });
}
