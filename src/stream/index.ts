// The public entry `millrace`: what a pipeline is written with.
export { t, type Decimal, type RecordOf } from "../schema/t.ts";
export { schemaFrom } from "../schema/foreign/foreign-schema.ts";
export type { AnySchema, ForeignSchema, TypeOf } from "../schema/foreign/foreign-types.ts";
export type { Infer, Schema } from "../schema/type-info.ts";
export { BadSchemaError, SchemaError } from "../schema/schema-error.ts";
export {
  avg,
  collect,
  collectSet,
  count,
  custom,
  first,
  last,
  max,
  maxBy,
  min,
  minBy,
  sum,
  type Aggregate,
  type CustomAggregate,
} from "./aggregates.ts";
export type { Json, Sink, Source } from "./connector.ts";
export type {
  BroadcastConnectedStream,
  BroadcastStream,
  CoGroup,
  DataStream,
  IntervalBounds,
  Key,
  KeyedBroadcastConnectedStream,
  KeyedStream,
  OperatorOptions,
  ProcessedStream,
  TimeOptions,
  WindowedStream,
} from "./data-stream.ts";
export { deadLetter, DeadLetterSchema, type DeadLetterPolicy, type ErrorHandling } from "./dead-letter.ts";
export { processFunction } from "./define-process.ts";
export type { DeadLetter, StreamGraph } from "./graph.ts";
export type { Counter, FunctionContext, Histogram, Metrics, SubtaskInfo } from "./function-context.ts";
export type { AsyncCall, MapAsyncOptions, RetryOptions } from "./map-async.ts";
export { unionListState, type BroadcastState, type ReadonlyBroadcastState, type UnionListState } from "./operator-state.ts";
export type { Change } from "./changelog-join.ts";
export type { ChangeRow, JoinKind, JoinOptions, JoinSideOptions, TemporalJoinOptions, WindowJoinOptions } from "./joins.ts";
export type { LookupCacheOptions, LookupJoinOptions } from "./lookup-join.ts";
export { pipeline, type Pipeline, type PipelineBuilder, type SourceOptions } from "./pipeline.ts";
export { PipelineError, type PipelineErrorCode } from "./pipeline-error.ts";
export { countEvictor, deltaEvictor, timeEvictor, type Evictor } from "./evictors.ts";
export type {
  BroadcastContext,
  BroadcastFunction,
  ConnectFunction,
  KeyedBroadcastContext,
  KeyedBroadcastFunction,
  KeyedProcessFunction,
  ProcessContext,
  ProcessFunction,
  TimerContext,
  Timers,
  UnkeyedContext,
  WindowContext,
  WindowProcessFunction,
} from "./process-function.ts";
export {
  aggregatingState,
  listState,
  mapState,
  reducingState,
  valueState,
  type AggregatingState,
  type Aggregator,
  type DeepReadonly,
  type ListState,
  type MapState,
  type ReducingState,
  type StateDescriptor,
  type StateOptions,
  type ValueState,
} from "./state.ts";
export {
  boundedOutOfOrderness,
  customWatermarks,
  monotonousTimestamps,
  noWatermarks,
  punctuatedWatermarks,
  type Duration,
  type WatermarkGenerator,
  type WatermarkStrategy,
} from "./watermarks.ts";
export {
  continuousEventTimeTrigger,
  continuousProcessingTimeTrigger,
  countOrTimeTrigger,
  countTrigger,
  customTrigger,
  deltaTrigger,
  eventTimeTrigger,
  processingTimeTrigger,
  purging,
  timeoutTrigger,
  type CustomTrigger,
  type Trigger,
  type TriggerContext,
  type TriggerResult,
} from "./triggers.ts";
export {
  countWindow,
  cumulate,
  customAssigner,
  globalWindow,
  session,
  sliding,
  tumbling,
  type CustomAssigner,
  type DynamicSessionOptions,
  type GlobalWindow,
  type SessionOptions,
  type TimeWindow,
  type WindowAssigner,
} from "./windows.ts";
