// millrace/connectors: what a connector of one's own is written against (docs/connectors/writing-one.md).
export type { Env } from "../env/env.ts";
export { BatchBuilder } from "../schema/batch-builder.ts";
export { MAX_BATCH_ROWS, NO_TIMESTAMP, type Batch } from "../schema/batch.ts";
export type { BooleanColumn, Column, Float64Column, Int32Column, ObjectColumn, Parts, StringColumn } from "../schema/column.ts";
export { rowAt, valueAt } from "../schema/columns.ts";
export type { TypeInfo } from "../schema/type-info.ts";
export type {
  ConnectorContext,
  Json,
  PoisonRecord,
  Recovered,
  Sink,
  SinkConnector,
  SinkWriter,
  Source,
  SourceBatch,
  SourceConnector,
  Split,
  SplitReader,
} from "../stream/connector.ts";
export { SinkRowError } from "../stream/sink-row-error.ts";
