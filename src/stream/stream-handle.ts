// The implementation of DataStream, KeyedStream and WindowedStream: immutable handles on outlets of a graph draft. Each method checks
// its arguments (JavaScript callers have no compiler), finds the user's call, and adds a node.
import { isSchema } from "../schema/t.ts";
import type { Schema, TypeInfo } from "../schema/type-info.ts";
import { sameType } from "../schema/type-names.ts";
import type { Aggregate } from "./aggregates.ts";
import { calledAt } from "./called-at.ts";
import type { Sink } from "./connector.ts";
import type { DataStream, IntervalBounds, OperatorOptions, TimeOptions } from "./data-stream.ts";
import type { ErrorHandling } from "./dead-letter.ts";
import { durationMs } from "./duration.ts";
import type { Evictor } from "./evictors.ts";
import type { KeySelector, Partitioning, ProcessSpec, StateSpec, WindowSpec } from "./graph.ts";
import { checkName, type GraphDraft, type NewNode, type NodeBody, type Outlet } from "./graph-draft.ts";
import {
  checkErrorHandling,
  checkFunction,
  checkKeyType,
  compositeType,
  eventTime,
  GlobalWindowSchema,
  processSpec,
  resultType,
  TimeWindowSchema,
} from "./operator-arguments.ts";
import { PipelineError } from "./pipeline-error.ts";
import type { ConnectFunction, KeyedProcessFunction, SideOutputs, WindowProcessFunction } from "./process-function.ts";
import { fieldOf, resolveAggregates } from "./resolve-aggregates.ts";
import type { StateDescriptors } from "./state.ts";
import type { Trigger } from "./triggers.ts";
import { intervalJoinBody, leftOf, rightOf, windowJoinBody, type Sides } from "./two-streams.ts";
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
    if (kind === undefined || !["map", "flat-map", "interval-join", "window-join"].includes(kind))
      return this.#then({ kind: "map", fn: (event) => event }, schema.type, undefined, where);
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

  windowAll(assigner: WindowAssigner<unknown>): WindowedHandle {
    const key: KeySelector = Object.freeze({ kind: "selector", select: () => "all" });
    return new KeyedHandle(this, key, { kind: "string" }).window(assigner).inOneSubtask();
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
    const process = processSpec(this.key, fn, fn.onElement.bind(fn) as (element: unknown, ctx: unknown) => void, what, where);
    const inlets = { inputs: this.outlets, partitioning: keyed(this.key) };
    return this.#addProcess(name, fn, process.side, { kind: "process", process }, inlets, options, where);
  }

  #addProcess(
    name: string,
    fn: { readonly output: Schema<unknown>; readonly onError?: ErrorHandling | undefined },
    sides: ProcessSpec["side"],
    body: NodeBody,
    inlets: Pick<NewNode, "inputs" | "partitioning">,
    options: Pick<OperatorOptions, "parallelism">,
    where: Where,
  ): StreamHandle & { readonly side: Readonly<Record<string, StreamHandle>> } {
    const id = this.draft.add({
      name,
      ...inlets,
      output: fn.output.type,
      onError: fn.onError,
      parallelism: options.parallelism,
      calledAt: where,
      body,
      sideOutputs: sides.map((side) => side.name),
    });
    const side = sides.map((one) => [one.name, new StreamHandle(this.draft, [{ from: id, output: one.name }], one.type)]);
    return Object.assign(new StreamHandle(this.draft, [{ from: id, output: "main" }], fn.output.type), {
      side: Object.freeze(Object.fromEntries(side) as Record<string, StreamHandle>),
    });
  }

  reduce(name: string, fn: Callback, options: Pick<OperatorOptions, "parallelism"> = {}): StreamHandle {
    const where = calledAt(this.reduce);
    checkName(name, "reduce(name, fn)", where);
    checkFunction(fn, `reduce("${name}", fn)`, where);
    return this.#rolling(name, fn as unknown as (last: unknown, element: unknown) => unknown, options, where);
  }

  sum(name: string, field: string): StreamHandle {
    const where = calledAt(this.sum);
    this.#checkNumber("sum", name, field, where);
    const add = (last: unknown, element: unknown): unknown => withField(last, field, numberOf(last, field) + numberOf(element, field));
    return this.#rolling(name, add, {}, where);
  }

  min(name: string, field: string): StreamHandle {
    return this.#best("min", name, field, calledAt(this.min));
  }

  max(name: string, field: string): StreamHandle {
    return this.#best("max", name, field, calledAt(this.max));
  }

  minBy(name: string, field: string): StreamHandle {
    return this.#best("minBy", name, field, calledAt(this.minBy));
  }

  maxBy(name: string, field: string): StreamHandle {
    return this.#best("maxBy", name, field, calledAt(this.maxBy));
  }

  #best(method: "min" | "max" | "minBy" | "maxBy", name: string, field: string, where: Where): StreamHandle {
    this.#checkNumber(method, name, field, where);
    const sign = method.startsWith("min") ? 1 : -1;
    const whole = method.endsWith("By");
    const better = (last: unknown, element: unknown): unknown => {
      const value = numberOf(element, field);
      if (!(sign * value < sign * numberOf(last, field))) return last;
      return whole ? element : withField(last, field, value);
    };
    return this.#rolling(name, better, {}, where);
  }

  #checkNumber(method: string, name: string, field: string, where: Where): void {
    checkName(name, `${method}(name, field)`, where);
    if (typeof field !== "string" || this.type === undefined) return;
    const type = fieldOf(this.type, field, `${method}("${name}", field)`, where);
    if (type !== undefined && !["int", "long", "double"].includes(type.kind))
      throw new PipelineError("BAD_ARGUMENT", `${method}("${name}", "${field}"): the field is no number.`, where);
  }

  /** One element per key as state, replaced by `fn` and sent for each element. */
  #rolling(
    name: string,
    fn: (last: unknown, element: unknown) => unknown,
    options: Pick<OperatorOptions, "parallelism">,
    where: Where,
  ): StreamHandle {
    if (this.type === undefined) throw schemaRequired(name, where);
    const spec: StateSpec = Object.freeze({ kind: "value", name: "value", value: this.type, ttl: undefined });
    const onElement = (element: unknown, context: unknown): void => {
      const { state, emit } = context as RollingContext;
      const last = state.value.get();
      const next = last === undefined ? element : fn(last, element);
      state.value.set(next);
      emit(next);
    };
    const body = { key: this.key, state: Object.freeze([spec]), side: [], open: undefined, onElement, onTimer: undefined };
    const process: NodeBody = { kind: "process", process: Object.freeze(body) };
    const inlets = { inputs: this.outlets, partitioning: keyed(this.key) };
    return this.#added(name, inlets, this.type, process, options, where);
  }

  #added(
    name: string,
    inlets: Pick<NewNode, "inputs" | "partitioning">,
    output: TypeInfo | undefined,
    body: NodeBody,
    { parallelism }: Pick<OperatorOptions, "parallelism">,
    where: Where,
  ): StreamHandle {
    const id = this.draft.add({ name, ...inlets, output, onError: undefined, parallelism, calledAt: where, body });
    return new StreamHandle(this.draft, [{ from: id, output: "main" }], output);
  }

  connect(
    name: string,
    other: unknown,
    fn: ConnectFunction<unknown, unknown, unknown, unknown, StateDescriptors, SideOutputs>,
    options: Pick<OperatorOptions, "parallelism"> = {},
  ): StreamHandle & { readonly side: Readonly<Record<string, StreamHandle>> } {
    const where = calledAt(this.connect);
    checkName(name, "connect(name, …)", where);
    const what = `connect("${name}", …)`;
    const { sides, inlets } = this.#with(other, what, where);
    checkFunction(fn?.onLeft, `${what}: onLeft`, where);
    checkFunction(fn.onRight, `${what}: onRight`, where);
    const process = processSpec(this.key, fn, fn.onLeft.bind(fn) as (element: unknown, ctx: unknown) => void, what, where);
    const onOther = fn.onRight.bind(fn) as (element: unknown, ctx: unknown) => void;
    const body: NodeBody = { kind: "connect", connect: Object.freeze({ process, otherFrom: sides.otherFrom, onOther }) };
    return this.#addProcess(name, fn, process.side, body, inlets, options, where);
  }

  intervalJoin(
    name: string,
    other: unknown,
    bounds: IntervalBounds,
    fn: Callback,
    options: Pick<OperatorOptions, "parallelism"> = {},
  ): StreamHandle {
    const where = calledAt(this.intervalJoin);
    const what = `intervalJoin("${name}", …)`;
    const { sides, inlets } = this.#joined(name, other, fn, what, where);
    const body = intervalJoinBody(sides, bounds, fn as unknown as (left: unknown, right: unknown) => unknown, what, this.intervalJoin);
    return this.#added(name, inlets, undefined, body, options, where);
  }

  windowJoin(
    name: string,
    other: unknown,
    assigner: WindowAssigner<unknown>,
    fn: Callback,
    options: Pick<OperatorOptions, "parallelism"> = {},
  ): StreamHandle {
    const where = calledAt(this.windowJoin);
    const what = `windowJoin("${name}", …)`;
    const { sides, inlets } = this.#joined(name, other, fn, what, where);
    const pair = fn as unknown as (left: unknown, right: unknown) => unknown;
    const pairs = (elements: readonly unknown[], ctx: unknown): void => {
      const rights = rightOf(elements);
      if (rights.length === 0) return;
      for (const left of leftOf(elements)) for (const right of rights) (ctx as { emit(value: unknown): void }).emit(pair(left, right));
    };
    const body = windowJoinBody(sides, assigner, "pairs", pairs, what, where);
    return this.#added(name, inlets, undefined, body, options, where);
  }

  coGroup(
    name: string,
    other: unknown,
    assigner: WindowAssigner<unknown>,
    fn: Callback,
    options: Pick<OperatorOptions, "parallelism"> = {},
  ): StreamHandle {
    const where = calledAt(this.coGroup);
    const what = `coGroup("${name}", …)`;
    const { sides, inlets } = this.#joined(name, other, fn, what, where);
    const groups = fn as unknown as (group: unknown) => Iterable<unknown>;
    const group = (elements: readonly unknown[], context: unknown): void => {
      const { key, window, emit } = context as { readonly key: unknown; readonly window: unknown; emit(value: unknown): void };
      for (const one of groups({ key, window, left: leftOf(elements), right: rightOf(elements) })) emit(one);
    };
    const body = windowJoinBody(sides, assigner, "groups", group, what, where);
    return this.#added(name, inlets, undefined, body, options, where);
  }

  #joined(
    name: string,
    other: unknown,
    fn: Callback,
    what: string,
    where: Where,
  ): { readonly sides: Sides; readonly inlets: Pick<NewNode, "inputs" | "partitioning"> } {
    checkName(name, "a join", where);
    checkFunction(fn, what, where);
    const both = this.#with(other, what, where);
    if (!this.draft.hasWatermarks(both.inlets.inputs))
      throw new PipelineError(
        "NO_WATERMARKS",
        `${what}: both streams need event time and watermarks: give p.from(…) { eventTime, watermarks }.`,
        where,
      );
    return both;
  }

  /** This stream's inputs and then the other's, each with its own key. */
  #with(other: unknown, what: string, where: Where): { readonly sides: Sides; readonly inlets: Pick<NewNode, "inputs" | "partitioning"> } {
    if (!(other instanceof KeyedHandle))
      throw new PipelineError("BAD_ARGUMENT", `${what}: the other stream must be keyed, too: add .keyBy(…) to it.`, where);
    if (other.draft !== this.draft) throw new PipelineError("OTHER_PIPELINE", `${what}: the other stream is of another pipeline.`, where);
    const right = other.outlets.map((outlet) => ({ ...outlet, partitioning: keyed(other.key) }));
    return {
      sides: { key: this.key, otherFrom: this.outlets.length, left: this.type, right: other.type },
      inlets: { inputs: [...this.outlets, ...right], partitioning: keyed(this.key) },
    };
  }

  window(assigner: WindowAssigner<unknown>): WindowedHandle {
    if (typeof assigner?.assigner?.kind !== "string")
      throw new PipelineError(
        "BAD_ARGUMENT",
        'window(assigner): a window assigner is wanted, such as tumbling("1h").',
        calledAt(this.window),
      );
    const { trigger, evictor } = assigner;
    return new WindowedHandle(this, { assigner: assigner.assigner, trigger, evictor, allowedLatenessMs: 0, late: false, alone: false });
  }
}

interface WindowParts extends Pick<WindowSpec, "assigner" | "trigger" | "evictor" | "allowedLatenessMs"> {
  /** Late elements have an output. */
  readonly late: boolean;
  /** Runs in one subtask. */
  readonly alone: boolean;
}

type Windowed = StreamHandle & { readonly side?: { readonly late: StreamHandle } };

export class WindowedHandle {
  readonly #stream: KeyedHandle;
  readonly #parts: WindowParts;

  constructor(stream: KeyedHandle, parts: WindowParts) {
    this.#stream = stream;
    this.#parts = parts;
  }

  #but(parts: Partial<WindowParts>): WindowedHandle {
    return new WindowedHandle(this.#stream, { ...this.#parts, ...parts });
  }

  inOneSubtask(): WindowedHandle {
    return this.#but({ alone: true });
  }

  allowedLateness(duration: Duration): WindowedHandle {
    return this.#but({ allowedLatenessMs: durationMs(duration, "allowedLateness(duration)", this.allowedLateness) });
  }

  lateOutput(): WindowedHandle {
    return this.#but({ late: true });
  }

  trigger(trigger: Trigger<never>): WindowedHandle {
    const where = calledAt(this.trigger);
    if (typeof trigger?.trigger?.kind !== "string")
      throw new PipelineError("BAD_ARGUMENT", "trigger(trigger): a trigger is wanted, such as countTrigger(10).", where);
    const { kind } = trigger.trigger.kind === "purging" ? trigger.trigger.of : trigger.trigger;
    if (this.#parts.assigner.kind === "global" && kind !== "count" && kind !== "delta")
      throw new PipelineError("BAD_ARGUMENT", "trigger(trigger): a global window has no end; use countTrigger or deltaTrigger.", where);
    if (kind === "delta" && this.#parts.assigner.kind.endsWith("session"))
      throw new PipelineError("BAD_ARGUMENT", "trigger(deltaTrigger(…)): sessions merge, and a delta trigger cannot.", where);
    return this.#but({ trigger: trigger.trigger });
  }

  evictor(evictor: Evictor<never>): WindowedHandle {
    if (typeof evictor?.evictor?.kind === "string") return this.#but({ evictor: evictor.evictor });
    throw new PipelineError("BAD_ARGUMENT", "evictor(evictor): an evictor is wanted, such as countEvictor(10).", calledAt(this.evictor));
  }

  aggregate(
    name: string,
    aggregates: Readonly<Record<string, Aggregate<never, unknown>>>,
    options: Omit<OperatorOptions, "name"> = {},
  ): Windowed {
    const where = calledAt(this.aggregate);
    checkName(name, "aggregate(name, …)", where);
    const { type, keyType } = this.#stream;
    const specs = resolveAggregates(aggregates, { operator: name, type, stream: this.#streamName(), calledAt: where });
    const global = this.#parts.assigner.kind === "global";
    const output = resultType(name, keyType, (global ? GlobalWindowSchema : TimeWindowSchema).type, specs);
    return this.#add(name, "aggregate", { aggregates: specs, apply: undefined }, output, options, where);
  }

  reduce(name: string, fn: Callback, options: Omit<OperatorOptions, "name"> = {}): Windowed {
    const where = calledAt(this.reduce);
    checkName(name, "reduce(name, fn)", where);
    checkFunction(fn, `reduce("${name}", fn)`, where);
    const apply = Object.freeze({ kind: "reduce", fn: fn as unknown as (a: unknown, b: unknown) => unknown } as const);
    return this.#add(name, "reduce", { aggregates: [], apply }, this.#stream.type, options, where);
  }

  process(
    name: string,
    fn: WindowProcessFunction<unknown, unknown, unknown, unknown>,
    options: Omit<OperatorOptions, "name"> = {},
  ): Windowed {
    const where = calledAt(this.process);
    checkName(name, "process(name, …)", where);
    checkFunction(fn?.onWindow, `process("${name}", …): onWindow`, where);
    if (!isSchema(fn.output))
      throw new PipelineError("SCHEMA_REQUIRED", `process("${name}", …): output is the schema of what emit() takes.`, where);
    const apply = Object.freeze({
      kind: "process",
      fn: fn.onWindow.bind(fn) as (elements: readonly unknown[], ctx: unknown) => void,
    } as const);
    return this.#add(name, "process", { aggregates: [], apply }, fn.output.type, options, where);
  }

  #streamName(): string {
    const { draft, outlets } = this.#stream;
    return outlets.map((outlet) => draft.node(outlet.from).name).join(", ");
  }

  #add(
    name: string,
    method: string,
    work: Pick<WindowSpec, "aggregates" | "apply">,
    output: TypeInfo | undefined,
    options: Omit<OperatorOptions, "name">,
    where: Where,
  ): Windowed {
    checkErrorHandling(options.onError, `${method}("${name}", …)`, where);
    const { draft, outlets, type, key } = this.#stream;
    const { late, alone, ...parts } = this.#parts;
    this.#check(name, work, where);
    const window = Object.freeze({ key, ...parts, element: type, ...work, lateOutput: late ? "late" : undefined });
    const id = draft.add({
      name,
      inputs: outlets,
      partitioning: keyed(key),
      output,
      onError: options.onError,
      parallelism: alone ? 1 : options.parallelism,
      calledAt: where,
      body: { kind: "window", window },
      sideOutputs: late ? ["late"] : [],
    });
    const main = new StreamHandle(draft, [{ from: id, output: "main" }], output);
    if (!late) return main;
    return Object.assign(main, { side: Object.freeze({ late: new StreamHandle(draft, [{ from: id, output: "late" }], type) }) });
  }

  #check(name: string, { aggregates, apply }: Pick<WindowSpec, "aggregates" | "apply">, where: Where): void {
    const { draft, outlets, type } = this.#stream;
    const { assigner, trigger, evictor } = this.#parts;
    if (assigner.kind === "global" && trigger === undefined)
      throw new PipelineError("BAD_ARGUMENT", `Window "${name}" would never fire: a global window needs .trigger(countTrigger(…)).`, where);
    if (assigner.kind !== "global" && !draft.hasWatermarks(outlets))
      throw new PipelineError(
        "NO_WATERMARKS",
        `Window "${name}" would never fire: "${this.#streamName()}" has no watermarks. Give p.from(…) { eventTime, watermarks: boundedOutOfOrderness("5s") }, or use .assignWatermarks(…).`,
        where,
      );
    const inner = trigger?.kind === "purging" ? trigger.of : trigger;
    const merging = assigner.kind === "session" || assigner.kind === "dynamic-session";
    const keeps =
      apply !== undefined ||
      evictor !== undefined ||
      inner?.kind === "delta" ||
      (assigner.kind !== "tumbling" || trigger !== undefined ? aggregates : []).some(
        ({ kind, custom }) =>
          kind.startsWith("collect") ||
          (merging && (kind === "first" || kind === "last" || (kind === "custom" && custom?.merge === undefined))),
      );
    if (keeps && type === undefined) throw schemaRequired(name, where);
  }
}

interface RollingContext {
  readonly state: { readonly value: { get(): unknown; set(value: unknown): void } };
  emit(value: unknown): void;
}

function numberOf(element: unknown, field: string): number {
  return (element as Readonly<Record<string, number>>)[field]!;
}

function withField(element: unknown, field: string, value: number): unknown {
  return { ...(element as object), [field]: value };
}

function schemaRequired(name: string, where: Where): PipelineError {
  return new PipelineError(
    "SCHEMA_REQUIRED",
    `"${name}" keeps elements, and what is kept needs a schema: add .returns(Schema) before keyBy.`,
    where,
  );
}

function keyed(key: KeySelector): Partitioning {
  return Object.freeze({ kind: "keyed", key });
}
