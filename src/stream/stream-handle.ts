// The implementation of DataStream, KeyedStream and WindowedStream: immutable handles on outlets of a graph draft. Each method checks
// its arguments (JavaScript callers have no compiler), finds the user's call, and adds a node.
import { isSchema, t } from "../schema/t.ts";
import type { Schema, TypeInfo } from "../schema/type-info.ts";
import { sameType } from "../schema/type-names.ts";
import type { Aggregate } from "./aggregates.ts";
import { calledAt } from "./called-at.ts";
import type { Sink } from "./connector.ts";
import type { DataStream, OperatorOptions, TimeOptions } from "./data-stream.ts";
import type { ErrorHandling } from "./dead-letter.ts";
import { durationMs } from "./duration.ts";
import type { EventTime, KeySelector, Partitioning, StateSpec } from "./graph.ts";
import { checkName, type GraphDraft, type NodeBody, type Outlet } from "./graph-draft.ts";
import { PipelineError } from "./pipeline-error.ts";
import type { KeyedProcessFunction, SideOutputs } from "./process-function.ts";
import { fieldOf, resolveAggregates } from "./resolve-aggregates.ts";
import type { StateDescriptors } from "./state.ts";
import type { Duration } from "./watermarks.ts";
import type { WindowAssigner } from "./windows.ts";

const FORWARD: Partitioning = Object.freeze({ kind: "forward" });
const REBALANCE: Partitioning = Object.freeze({ kind: "rebalance" });

type Where = string | undefined;
type Callback = (...args: never[]) => unknown;

export class StreamHandle {
  readonly draft: GraphDraft;
  readonly outlets: readonly Outlet[];
  /** Type of the elements; undefined: no schema. */
  readonly type: TypeInfo | undefined;
  readonly partitioning: Partitioning;

  constructor(draft: GraphDraft, outlets: readonly Outlet[], type: TypeInfo | undefined, partitioning: Partitioning = FORWARD) {
    this.draft = draft;
    this.outlets = outlets;
    this.type = type;
    this.partitioning = partitioning;
  }

  map(fn: Callback, options?: OperatorOptions): StreamHandle {
    const where = calledAt(this.map);
    checkFunction(fn, "map(fn)", where);
    return this.#then({ kind: "map", fn: fn as (event: unknown) => unknown }, undefined, options, where);
  }

  filter(fn: Callback, options?: OperatorOptions): StreamHandle {
    const where = calledAt(this.filter);
    checkFunction(fn, "filter(fn)", where);
    return this.#then({ kind: "filter", fn: fn as (event: unknown) => boolean }, this.type, options, where);
  }

  flatMap(fn: Callback, options?: OperatorOptions): StreamHandle {
    const where = calledAt(this.flatMap);
    checkFunction(fn, "flatMap(fn)", where);
    return this.#then({ kind: "flat-map", fn: fn as (event: unknown) => Iterable<unknown> }, undefined, options, where);
  }

  returns(schema: Schema<unknown>): StreamHandle {
    const where = calledAt(this.returns);
    if (!isSchema(schema)) throw new PipelineError("BAD_ARGUMENT", "returns(schema): a schema is wanted, such as t.string().", where);
    const [outlet] = this.outlets;
    const kind = this.outlets.length === 1 && outlet!.output === "main" ? this.draft.node(outlet!.from).kind : undefined;
    if (kind !== "map" && kind !== "flat-map") return this.#then({ kind: "map", fn: (event) => event }, schema.type, undefined, where);
    this.draft.declareOutput(outlet!.from, schema.type);
    return new StreamHandle(this.draft, this.outlets, schema.type, this.partitioning);
  }

  keyBy(key: string | readonly string[] | Callback, schema?: Schema<unknown>): KeyedHandle {
    const where = calledAt(this.keyBy);
    if (typeof key === "function") {
      const selector: KeySelector = Object.freeze({ kind: "selector", select: key as (event: unknown) => unknown });
      return new KeyedHandle(this, selector, isSchema(schema) ? schema.type : undefined);
    }
    const fields = typeof key === "string" ? [key] : key;
    if (!Array.isArray(fields) || fields.length === 0 || fields.some((field) => typeof field !== "string"))
      throw new PipelineError("BAD_ARGUMENT", "keyBy(key): a field's name, several, or a function is wanted.", where);
    const types = fields.map((field) => (this.type === undefined ? undefined : fieldOf(this.type, field, "keyBy(key)", where)));
    fields.forEach((field, index) => checkKeyType(field, types[index], where));
    const selector: KeySelector = Object.freeze({ kind: "fields", fields: Object.freeze([...fields]) });
    return new KeyedHandle(this, selector, isSchema(schema) ? schema.type : typeof key === "string" ? types[0] : compositeType(types));
  }

  union(...others: readonly DataStream<unknown>[]): StreamHandle {
    const where = calledAt(this.union);
    const handles = others.map((other) => {
      if (!(other instanceof StreamHandle)) throw new PipelineError("BAD_ARGUMENT", "union(stream, …): streams are wanted.", where);
      if (other.draft !== this.draft)
        throw new PipelineError(
          "OTHER_PIPELINE",
          `union(): a stream of pipeline "${other.draft.name}" cannot join one of "${this.draft.name}".`,
          where,
        );
      return other;
    });
    const outlets = [this, ...handles].flatMap((handle) => handle.outlets);
    const unique = outlets.filter((a, index) => outlets.findIndex((b) => b.from === a.from && b.output === a.output) === index);
    if (unique.length < outlets.length) throw new PipelineError("BAD_ARGUMENT", "union(): a stream is given twice.", where);
    const type = handles.every((handle) => sameType(handle.type, this.type)) ? this.type : undefined;
    return new StreamHandle(this.draft, outlets, type);
  }

  assignWatermarks(time: TimeOptions<never>, options?: OperatorOptions): StreamHandle {
    const where = calledAt(this.assignWatermarks);
    return this.#then({ kind: "timestamps", time: eventTime(time, "assignWatermarks(time)", where)! }, this.type, options, where);
  }

  rebalance(): StreamHandle {
    return new StreamHandle(this.draft, this.outlets, this.type, REBALANCE);
  }

  to(name: string, sink: Sink<never>): undefined {
    const where = calledAt(this.to);
    checkName(name, "to(name, sink)", where);
    if (typeof sink?.create !== "function" || typeof sink.describe !== "function")
      throw new PipelineError("BAD_ARGUMENT", `to("${name}", sink): a sink is wanted, such as kafkaSink(topic).`, where);
    this.#then({ kind: "sink", sink: sink as Sink<unknown> }, undefined, { name }, where);
  }

  #then(body: NodeBody, output: TypeInfo | undefined, options: OperatorOptions | undefined, where: Where): StreamHandle {
    const { name, onError, parallelism } = options ?? {};
    if (name !== undefined) checkName(name, `${body.kind}()`, where);
    checkErrorHandling(onError, body.kind, where);
    const { draft, outlets: inputs, partitioning } = this;
    const id = draft.add({ name, inputs, partitioning, output, onError, parallelism, calledAt: where, body });
    return new StreamHandle(draft, [{ from: id, output: "main" }], output);
  }
}

export class KeyedHandle extends StreamHandle {
  readonly key: KeySelector;
  readonly keyType: TypeInfo | undefined;

  constructor(stream: StreamHandle, key: KeySelector, keyType: TypeInfo | undefined) {
    super(stream.draft, stream.outlets, stream.type, stream.partitioning);
    this.key = key;
    this.keyType = keyType;
  }

  process(
    name: string,
    fn: KeyedProcessFunction<unknown, unknown, unknown, StateDescriptors, SideOutputs>,
    options: Pick<OperatorOptions, "parallelism"> = {},
  ): StreamHandle & { readonly side: Readonly<Record<string, StreamHandle>> } {
    const where = calledAt(this.process);
    checkName(name, "process(name, …)", where);
    const what = `process("${name}", …)`;
    checkFunction(fn?.onElement, `${what}: onElement`, where);
    if (fn.onTimer !== undefined) checkFunction(fn.onTimer, `${what}: onTimer`, where);
    if (!isSchema(fn.output))
      throw new PipelineError("SCHEMA_REQUIRED", `${what}: output is the schema of what emit() takes, such as t.string().`, where);
    checkErrorHandling(fn.onError, what, where);
    const sideOutputs = Object.entries(fn.side ?? {}).map(([side, schema]) => sideOutput(side, schema, what, where));
    const { key } = this;
    const state = Object.entries(fn.state ?? {}).map(([stateName, descriptor]) => stateSpec(stateName, descriptor, what, where));
    const process = Object.freeze({
      key,
      state: Object.freeze(state),
      side: Object.freeze(sideOutputs),
      open: undefined,
      onElement: fn.onElement.bind(fn) as (element: unknown, ctx: unknown) => void,
      onTimer: fn.onTimer?.bind(fn) as ((at: number, ctx: unknown) => void) | undefined,
    });
    const id = this.draft.add({
      name,
      inputs: this.outlets,
      partitioning: keyed(key),
      output: fn.output.type,
      onError: fn.onError,
      parallelism: options.parallelism,
      calledAt: where,
      body: { kind: "process", process },
      sideOutputs: sideOutputs.map((side) => side.name),
    });
    const side = sideOutputs.map((one) => [one.name, new StreamHandle(this.draft, [{ from: id, output: one.name }], one.type)]);
    return Object.assign(new StreamHandle(this.draft, [{ from: id, output: "main" }], fn.output.type), {
      side: Object.freeze(Object.fromEntries(side) as Record<string, StreamHandle>),
    });
  }

  window(assigner: WindowAssigner<unknown>): WindowedHandle {
    if (typeof assigner?.assigner?.kind !== "string")
      throw new PipelineError(
        "BAD_ARGUMENT",
        'window(assigner): a window assigner is wanted, such as tumbling("1h").',
        calledAt(this.window),
      );
    return new WindowedHandle(this, assigner, 0, false);
  }
}

export class WindowedHandle {
  readonly #stream: KeyedHandle;
  readonly #assigner: WindowAssigner<unknown>;
  readonly #allowedLatenessMs: number;
  readonly #late: boolean;

  constructor(stream: KeyedHandle, assigner: WindowAssigner<unknown>, allowedLatenessMs: number, late: boolean) {
    this.#stream = stream;
    this.#assigner = assigner;
    this.#allowedLatenessMs = allowedLatenessMs;
    this.#late = late;
  }

  allowedLateness(duration: Duration): WindowedHandle {
    const ms = durationMs(duration, "allowedLateness(duration)", this.allowedLateness);
    return new WindowedHandle(this.#stream, this.#assigner, ms, this.#late);
  }

  lateOutput(): WindowedHandle {
    return new WindowedHandle(this.#stream, this.#assigner, this.#allowedLatenessMs, true);
  }

  aggregate(
    name: string,
    aggregates: Readonly<Record<string, Aggregate<never, unknown>>>,
    options: Omit<OperatorOptions, "name"> = {},
  ): StreamHandle & { readonly side?: { readonly late: StreamHandle } } {
    const where = calledAt(this.aggregate);
    checkName(name, "aggregate(name, …)", where);
    checkErrorHandling(options.onError, `aggregate("${name}", …)`, where);
    const { draft, outlets, type, key, keyType } = this.#stream;
    const stream = outlets.map((outlet) => draft.node(outlet.from).name).join(", ");
    if (!draft.hasWatermarks(outlets))
      throw new PipelineError(
        "NO_WATERMARKS",
        `Window "${name}" would never fire: "${stream}" has no watermarks. Give p.from(…) { eventTime, watermarks: boundedOutOfOrderness("5s") }, or use .assignWatermarks(…).`,
        where,
      );
    const specs = resolveAggregates(aggregates, { operator: name, type, stream, calledAt: where });
    const output = resultType(name, keyType, specs);
    const window = Object.freeze({
      key,
      assigner: this.#assigner.assigner,
      allowedLatenessMs: this.#allowedLatenessMs,
      aggregates: specs,
      lateOutput: this.#late ? "late" : undefined,
    });
    const id = draft.add({
      name,
      inputs: outlets,
      partitioning: keyed(key),
      output,
      onError: options.onError,
      parallelism: options.parallelism,
      calledAt: where,
      body: { kind: "window", window },
      sideOutputs: this.#late ? ["late"] : [],
    });
    const main = new StreamHandle(draft, [{ from: id, output: "main" }], output);
    if (!this.#late) return main;
    return Object.assign(main, { side: Object.freeze({ late: new StreamHandle(draft, [{ from: id, output: "late" }], type) }) });
  }
}

function keyed(key: KeySelector): Partitioning {
  return Object.freeze({ kind: "keyed", key });
}

const Window = t.record("TimeWindow", { start: t.timestamp(), end: t.timestamp() });

function resultType(name: string, key: TypeInfo | undefined, aggregates: readonly { readonly name: string; readonly result: TypeInfo }[]) {
  if (key === undefined) return undefined;
  const fields = [
    { name: "key", type: key },
    { name: "window", type: Window.type },
    ...aggregates.map(({ name, result }) => ({ name, type: result })),
  ];
  const record: TypeInfo = {
    kind: "record",
    name: name.replace(/[^A-Za-z0-9_]/g, "_").replace(/^[0-9]/, "_$&"),
    fields: Object.freeze(fields),
  };
  return Object.freeze(record);
}

/** A composite key is an array of its fields' values: of one type, or undefined (no schema). */
function compositeType(types: readonly (TypeInfo | undefined)[]): TypeInfo | undefined {
  const [of] = types;
  return of !== undefined && types.every((type) => sameType(type, of)) ? Object.freeze({ kind: "array", of }) : undefined;
}

function checkKeyType(field: string, type: TypeInfo | undefined, where: Where): void {
  if (type === undefined || !["bytes", "map", "record", "union", "optional"].includes(type.kind)) return;
  throw new PipelineError(
    "BAD_ARGUMENT",
    `keyBy("${field}"): a ${type.kind} is no key. A key is a string, a number, a bigint or a boolean; make one with keyBy((e) => …).`,
    where,
  );
}

function sideOutput(name: string, schema: unknown, what: string, where: Where): { readonly name: string; readonly type: TypeInfo } {
  checkName(name, `${what}: a side output`, where);
  if (name === "main" || name === "errors")
    throw new PipelineError("BAD_NAME", `${what}: a side output cannot be named "${name}", which every operator has.`, where);
  if (!isSchema(schema)) throw new PipelineError("SCHEMA_REQUIRED", `${what}: the side output "${name}" needs a schema.`, where);
  return Object.freeze({ name, type: schema.type });
}

function stateSpec(name: string, descriptor: StateDescriptors[string], what: string, where: Where): StateSpec {
  checkName(name, `${what}: a state`, where);
  if (typeof descriptor?.spec?.kind !== "string")
    throw new PipelineError("BAD_STATE", `${what}: state "${name}" is no state descriptor, such as valueState(t.long()).`, where);
  return Object.freeze({ ...descriptor.spec, name });
}

function checkFunction(fn: unknown, what: string, where: Where): void {
  if (typeof fn !== "function") throw new PipelineError("BAD_ARGUMENT", `${what}: a function is wanted, not ${typeof fn}.`, where);
  if (fn.constructor.name.startsWith("Async")) throw new PipelineError("BAD_ARGUMENT", `${what}: the function must not be async.`, where);
}

export function checkErrorHandling(onError: ErrorHandling | undefined, what: string, where: Where): void {
  if (onError === undefined || onError === "fail" || onError === "skip" || typeof onError === "object") return;
  throw new PipelineError("BAD_ARGUMENT", `${what}: onError is "fail", "skip" or deadLetter(…), not ${JSON.stringify(onError)}.`, where);
}

/** undefined if neither event time nor watermarks are given. */
export function eventTime(
  time: { readonly [N in keyof TimeOptions<never>]?: TimeOptions<never>[N] | undefined } | undefined,
  what: string,
  where: Where,
): EventTime | undefined {
  if (time?.eventTime === undefined && time?.watermarks === undefined) return undefined;
  if (time.eventTime !== undefined) checkFunction(time.eventTime, `${what}: eventTime`, where);
  if (typeof time.watermarks?.kind !== "string")
    throw new PipelineError(
      "NO_WATERMARKS",
      `${what}: event time needs watermarks, such as boundedOutOfOrderness("5s") or noWatermarks().`,
      where,
    );
  return Object.freeze({ eventTime: time.eventTime as EventTime["eventTime"], watermarks: time.watermarks });
}
