// The implementation of DataStream, KeyedStream and WindowedStream: immutable handles on outlets of a graph draft. Each method checks
// its arguments (JavaScript callers have no compiler), finds the user's call, and adds a node.
import { schemaGiven } from "../schema/foreign/foreign-schema.ts";
import { isSchema } from "../schema/t.ts";
import type { Schema, TypeInfo } from "../schema/type-info.ts";
import { sameType } from "../schema/type-names.ts";
import { BroadcastConnectedHandle, BroadcastHandle } from "./broadcast-handle.ts";
import { calledAt } from "./called-at.ts";
import { checkSink } from "./check-sink.ts";
import { checkFunctionObject, checkNamedOptions, checkOperatorOptions, checkOptions } from "./check-options.ts";
import type { Sink } from "./connector.ts";
import type { DataStream, IntervalBounds, OperatorOptions, TimeOptions } from "./data-stream.ts";
import type { KeySelector, Partitioning, ProcessSpec } from "./graph.ts";
import type { GraphDraft, Inlet, NewNode, NodeBody, Outlet } from "./graph-draft.ts";
import {
  checkFunction,
  checkKeyType,
  compositeType,
  eventTime,
  keyed,
  processSpec,
  schemaRequired,
  unkeyedProcessSpec,
} from "./operator-arguments.ts";
import { PipelineError } from "./pipeline-error.ts";
import { checkName } from "./plain-name.ts";
import { addProcess, type AnyFunction, type ConnectParts } from "./function-nodes.ts";
import { forCalls, lookupCall, type LookupJoinOptions } from "./lookup-join.ts";
import { mapAsyncSpec, type MapAsyncOptions } from "./map-async.ts";
import { fieldOf } from "./resolve-aggregates.ts";
import { addField, bestField, checkNumber, rollingBody, type Fold } from "./rolling.ts";
import type { StateDescriptors } from "./state.ts";
import {
  changelogJoinBody,
  coGroupBody,
  temporalJoinBody,
  windowPairsBody,
  type JoinOptions,
  type TemporalJoinOptions,
  type WindowJoinOptions,
} from "./joins.ts";
import { checkSameKeys, intervalJoinBody, type Sides } from "./two-streams.ts";
import { WindowedHandle } from "./windowed-handle.ts";
import type { WindowAssigner } from "./windows.ts";

const FORWARD: Partitioning = Object.freeze({ kind: "forward" });

/** The others only spread rows, which a sink's writers do not need. */
const LEADS_SOMEWHERE: ReadonlySet<Partitioning["kind"]> = new Set(["shuffle", "broadcast", "global", "custom"]);

type Where = string | undefined;
type Pair = (left: unknown, right: unknown) => unknown;
type Callback = (...args: never[]) => unknown;
type NamedOptions = Omit<OperatorOptions, "name">;

type ProcessedHandle = StreamHandle & { readonly side: Readonly<Record<string, StreamHandle>> };

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

  /** The stream of an output of a new node. */
  readonly made = (outlet: Outlet, type: TypeInfo | undefined): StreamHandle => new StreamHandle(this.draft, [outlet], type);

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

  returns(given: unknown): StreamHandle {
    const where = calledAt(this.returns);
    const schema = schemaGiven(given);
    if (schema === undefined) throw new PipelineError("BAD_ARGUMENT", "returns(schema): a schema is wanted, such as t.string().", where);
    const [outlet] = this.outlets;
    const kind = this.outlets.length === 1 && outlet!.output === "main" ? this.draft.node(outlet!.from).kind : undefined;
    if (kind === undefined || !["map", "flat-map", "map-async", "interval-join", "window-join"].includes(kind))
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
    const outlets = [this, ...handles].flatMap((handle) => handle.routedOutlets());
    const unique = outlets.filter((a, index) => outlets.findIndex((b) => b.from === a.from && b.output === a.output) === index);
    if (unique.length < outlets.length) throw new PipelineError("BAD_ARGUMENT", "union(): a stream is given twice.", where);
    const type = handles.every((handle) => sameType(handle.type, this.type)) ? this.type : undefined;
    return new StreamHandle(this.draft, outlets, type);
  }

  assignWatermarks(time: TimeOptions<never>, options?: OperatorOptions): StreamHandle {
    const where = calledAt(this.assignWatermarks);
    checkOptions(time, ["eventTime", "watermarks"], "assignWatermarks(time)", where);
    if (time?.watermarks?.alignment !== undefined)
      throw new PipelineError(
        "BAD_ARGUMENT",
        "assignWatermarks(time): only splits of a source can be aligned: give alignment in p.from(…).",
        where,
      );
    return this.#then({ kind: "timestamps", time: eventTime(time, "assignWatermarks(time)", where)! }, this.type, options, where);
  }

  windowAll(assigner: WindowAssigner<unknown>): WindowedHandle<StreamHandle> {
    const key: KeySelector = Object.freeze({ kind: "selector", select: () => "all" });
    return new KeyedHandle(this, key, { kind: "string" }).window(assigner).inOneSubtask();
  }

  rebalance(): StreamHandle {
    return this.#routed({ kind: "rebalance" });
  }

  rescale(): StreamHandle {
    return this.#routed({ kind: "rescale" });
  }

  shuffle(): StreamHandle {
    return this.#routed({ kind: "shuffle" });
  }

  global(): StreamHandle {
    return this.#routed({ kind: "global" });
  }

  forward(): StreamHandle {
    return this.#routed({ kind: "forward", strict: true });
  }

  partitionCustom(partition: Callback): StreamHandle {
    checkFunction(partition, "partitionCustom(partition)", calledAt(this.partitionCustom));
    return this.#routed({ kind: "custom", partition: partition as unknown as (element: unknown, parallelism: number) => number });
  }

  to(name: string, sink: Sink<never>, options: Pick<OperatorOptions, "onError"> = {}): undefined {
    const where = calledAt(this.to);
    checkName(name, "to(name, sink)", where);
    checkSink(name, sink, this.type, where);
    // Sinks are written by the subtask that has the row: a partitioning before one needs subtasks to lead to.
    const isRouted = this.routedOutlets().some(({ partitioning }) => partitioning !== undefined && LEADS_SOMEWHERE.has(partitioning.kind));
    const stream = isRouted ? this.#then({ kind: "map", fn: (event) => event }, this.type, undefined, where) : this;
    checkOptions(options, ["onError"], `to("${name}", sink)`, where);
    stream.#then({ kind: "sink", sink: sink as Sink<unknown> }, undefined, { name, onError: options.onError }, where);
  }

  process(name: string, fn: AnyFunction, options: NamedOptions = {}): ProcessedHandle {
    const where = calledAt(this.process);
    checkName(name, "process(name, …)", where);
    const what = `process("${name}", …)`;
    checkFunctionObject("process", fn, what, where);
    const spec = unkeyedProcessSpec(fn, fn.onElement.bind(fn) as ProcessSpec["onElement"], what, where);
    const inlets = { inputs: this.outlets, partitioning: this.partitioning };
    return addProcess(this.draft, name, fn, spec.side, { kind: "unkeyed-process", process: spec }, inlets, options, where, this.made);
  }

  mapAsync(name: string, fn: Callback, options: MapAsyncOptions<never, unknown>): StreamHandle {
    const where = calledAt(this.mapAsync);
    checkName(name, "mapAsync(name, …)", where);
    const spec = mapAsyncSpec(name, fn, this.type, options, this.mapAsync);
    return this.#then({ kind: "map-async", async: spec }, undefined, { name, ...pick(options) }, where);
  }

  lookupJoin(name: string, options: LookupJoinOptions<never, never, unknown>, fn: Callback): StreamHandle {
    const where = calledAt(this.lookupJoin);
    const what = `lookupJoin("${name}", …)`;
    checkName(name, "lookupJoin(name, …)", where);
    checkFunction(fn, what, where);
    const call = lookupCall(fn as unknown as Pair, options ?? {}, what, this.lookupJoin);
    const spec = mapAsyncSpec(name, call, this.type, forCalls(options), this.lookupJoin);
    const rows = this.#then({ kind: "map-async", async: spec }, undefined, { name, ...pick(options) }, where);
    return rows.flatMap((some: readonly unknown[]) => some);
  }

  broadcast(state?: StateDescriptors): StreamHandle | BroadcastHandle {
    if (state === undefined) return this.#routed({ kind: "broadcast" });
    return new BroadcastHandle(this.draft, this.outlets, state, calledAt(this.broadcast));
  }

  connect(...args: readonly unknown[]): unknown {
    const where = calledAt(this.connect);
    if (args.length === 1 && args[0] instanceof BroadcastHandle) return new BroadcastConnectedHandle(this, args[0], where);
    throw new PipelineError(
      "BAD_ARGUMENT",
      "connect(…): a stream that is not keyed is connected with a broadcast one: connect(rules.broadcast({ … })). Two keyed streams: connect(name, other, { onLeft, onRight, … }).",
      where,
    );
  }

  parallelism(subtasks: number): this {
    const where = calledAt(this.parallelism);
    this.draft.setParallelism(this.#operator("parallelism(n)", where), subtasks, where);
    return this;
  }

  startNewChain(): this {
    this.draft.setChaining(this.#operator("startNewChain()", calledAt(this.startNewChain)), "head");
    return this;
  }

  disableChaining(): this {
    this.draft.setChaining(this.#operator("disableChaining()", calledAt(this.disableChaining)), "never");
    return this;
  }

  /** The one operator that this stream comes from. */
  #operator(what: string, where: Where): number {
    const [outlet] = this.outlets;
    if (this.outlets.length === 1 && outlet!.output === "main" && this.partitioning === FORWARD && !(this instanceof KeyedHandle))
      return outlet!.from;
    throw new PipelineError(
      "BAD_ARGUMENT",
      `${what} stands right behind the operator that it is about, before keyBy, union or a partitioning.`,
      where,
    );
  }

  /** The outlets with the ways to what follows: each stream of a union keeps its own. */
  routedOutlets(): readonly Inlet[] {
    const { partitioning } = this;
    return partitioning === FORWARD ? this.outlets : this.outlets.map((outlet) => ({ ...outlet, partitioning }));
  }

  #routed(partitioning: Partitioning): StreamHandle {
    return new StreamHandle(this.draft, unrouted(this.outlets), this.type, Object.freeze(partitioning));
  }

  #then(body: NodeBody, output: TypeInfo | undefined, options: OperatorOptions | undefined, where: Where): StreamHandle {
    checkOperatorOptions(options, body.kind, where);
    const { name, onError, parallelism } = options ?? {};
    const { draft, outlets: inputs, partitioning } = this;
    const id = draft.add({ name, inputs, partitioning, output, onError, parallelism, calledAt: where, body });
    return new StreamHandle(draft, [{ from: id, output: "main" }], output);
  }
}

export class KeyedHandle extends StreamHandle {
  readonly key: KeySelector;
  readonly keyType: TypeInfo | undefined;

  constructor(stream: StreamHandle, key: KeySelector, keyType: TypeInfo | undefined) {
    super(stream.draft, unrouted(stream.outlets), stream.type, stream.partitioning);
    this.key = key;
    this.keyType = keyType;
  }

  override process(name: string, fn: AnyFunction, options: NamedOptions = {}): ProcessedHandle {
    const where = calledAt(this.process);
    checkName(name, "process(name, …)", where);
    const what = `process("${name}", …)`;
    checkFunctionObject("process", fn, what, where);
    const spec = processSpec(this.key, fn, fn.onElement.bind(fn) as (element: unknown, ctx: unknown) => void, what, where);
    const inlets = { inputs: this.outlets, partitioning: keyed(this.key) };
    return addProcess(this.draft, name, fn, spec.side, { kind: "process", process: spec }, inlets, options, where, this.made);
  }

  reduce(name: string, fn: Callback, options: NamedOptions = {}): StreamHandle {
    const where = calledAt(this.reduce);
    checkName(name, "reduce(name, fn)", where);
    checkNamedOptions(options, `reduce("${name}", fn)`, where);
    checkFunction(fn, `reduce("${name}", fn)`, where);
    return this.#rolling(name, fn as unknown as Fold, options, where);
  }

  sum(name: string, field: string, options?: NamedOptions): StreamHandle {
    const where = calledAt(this.sum);
    checkNumber("sum", name, field, this.type, options, where);
    return this.#rolling(name, addField(field), options, where);
  }

  min(name: string, field: string, options?: NamedOptions): StreamHandle {
    return this.#best("min", name, field, options, calledAt(this.min));
  }

  max(name: string, field: string, options?: NamedOptions): StreamHandle {
    return this.#best("max", name, field, options, calledAt(this.max));
  }

  minBy(name: string, field: string, options?: NamedOptions): StreamHandle {
    return this.#best("minBy", name, field, options, calledAt(this.minBy));
  }

  maxBy(name: string, field: string, options?: NamedOptions): StreamHandle {
    return this.#best("maxBy", name, field, options, calledAt(this.maxBy));
  }

  #best(
    method: "min" | "max" | "minBy" | "maxBy",
    name: string,
    field: string,
    options: NamedOptions | undefined,
    where: Where,
  ): StreamHandle {
    checkNumber(method, name, field, this.type, options, where);
    return this.#rolling(name, bestField(method, field), options, where);
  }

  /** One element per key as state, replaced by `fn` and sent for each element. */
  #rolling(name: string, fn: Fold, options: NamedOptions = {}, where: Where = undefined): StreamHandle {
    if (this.type === undefined) throw schemaRequired(name, where);
    const inlets = { inputs: this.outlets, partitioning: keyed(this.key) };
    return this.#added(name, inlets, this.type, rollingBody(this.key, this.type, fn), options, where);
  }

  #added(
    name: string,
    inlets: Pick<NewNode, "inputs" | "partitioning">,
    output: TypeInfo | undefined,
    body: NodeBody,
    { parallelism, onError }: NamedOptions,
    where: Where,
  ): StreamHandle {
    const id = this.draft.add({ name, ...inlets, output, onError, parallelism, calledAt: where, body });
    return new StreamHandle(this.draft, [{ from: id, output: "main" }], output);
  }

  override connect(...args: readonly unknown[]): unknown {
    const where = calledAt(this.connect);
    if (args.length === 1 && args[0] instanceof BroadcastHandle) return new BroadcastConnectedHandle(this, args[0], where);
    const [name, other, fn, options = {}] = args as [string, unknown, ConnectParts, NamedOptions?];
    checkName(name, "connect(name, …)", where);
    const what = `connect("${name}", …)`;
    const { sides, inlets } = this.#with(other, what, where);
    checkFunctionObject("connect", fn, what, where);
    const spec = processSpec(this.key, fn, fn.onLeft.bind(fn) as (element: unknown, ctx: unknown) => void, what, where);
    const onOther = fn.onRight.bind(fn) as (element: unknown, ctx: unknown) => void;
    const body: NodeBody = { kind: "connect", connect: Object.freeze({ process: spec, otherFrom: sides.otherFrom, onOther }) };
    return addProcess(this.draft, name, fn, spec.side, body, inlets, options, where, this.made);
  }

  intervalJoin(name: string, other: unknown, bounds: IntervalBounds, fn: Callback, options: NamedOptions = {}): StreamHandle {
    const where = calledAt(this.intervalJoin);
    const what = `intervalJoin("${name}", …)`;
    const { sides, inlets } = this.#joined(name, other, fn, what, where);
    const body = intervalJoinBody(sides, bounds, fn as unknown as Pair, options, what, this.intervalJoin);
    if (bounds.lateOutputs !== true) return this.#added(name, inlets, undefined, body, options, where);
    const { parallelism, onError } = options;
    const names = ["lateLeft", "lateRight"];
    const id = this.draft.add({
      name,
      ...inlets,
      output: undefined,
      onError,
      parallelism,
      calledAt: where,
      body,
      sideOutputs: names,
    });
    const [lateLeft, lateRight] = names.map((output, index) => this.made({ from: id, output }, index === 0 ? sides.left : sides.right));
    return Object.assign(this.made({ from: id, output: "main" }, undefined), { side: Object.freeze({ lateLeft, lateRight }) });
  }

  windowJoin(name: string, other: unknown, assigner: WindowAssigner<unknown>, fn: Callback, options: WindowJoinOptions = {}): StreamHandle {
    const where = calledAt(this.windowJoin);
    const what = `windowJoin("${name}", …)`;
    const { sides, inlets } = this.#joined(name, other, fn, what, where, assigner);
    const body = windowPairsBody(sides, assigner, fn as unknown as Pair, options, what, this.windowJoin);
    return this.#added(name, inlets, undefined, body, options, where);
  }

  coGroup(name: string, other: unknown, assigner: WindowAssigner<unknown>, fn: Callback, options: WindowJoinOptions = {}): StreamHandle {
    const where = calledAt(this.coGroup);
    const what = `coGroup("${name}", …)`;
    const { sides, inlets } = this.#joined(name, other, fn, what, where, assigner);
    const body = coGroupBody(sides, assigner, fn as unknown as (group: unknown) => Iterable<unknown>, options, what, this.coGroup);
    return this.#added(name, inlets, undefined, body, options, where);
  }

  temporalJoin(name: string, other: unknown, fn: Callback, options: TemporalJoinOptions<never> = {}): StreamHandle {
    const where = calledAt(this.temporalJoin);
    const what = `temporalJoin("${name}", …)`;
    const { sides, inlets } = this.#joined(name, other, fn, what, where);
    return this.#added(name, inlets, undefined, temporalJoinBody(sides, fn as unknown as Pair, options, what, where), options, where);
  }

  join(name: string, other: unknown, fn: Callback, options: JoinOptions<never, never> = {}): StreamHandle {
    const where = calledAt(this.join);
    const what = `join("${name}", …)`;
    checkName(name, "a join", where);
    checkFunction(fn, what, where);
    const { sides, inlets } = this.#with(other, what, where);
    return this.#added(name, inlets, undefined, changelogJoinBody(sides, fn as unknown as Pair, options, what, this.join), options, where);
  }

  #joined(
    name: string,
    other: unknown,
    fn: Callback,
    what: string,
    where: Where,
    assigner?: WindowAssigner<unknown>,
  ): { readonly sides: Sides; readonly inlets: Pick<NewNode, "inputs" | "partitioning"> } {
    checkName(name, "a join", where);
    checkFunction(fn, what, where);
    const both = this.#with(other, what, where);
    if (assigner?.assigner?.kind !== "processing-time" && !this.draft.hasWatermarks(both.inlets.inputs))
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
    checkSameKeys(this.keyType, other.keyType, what, where);
    const right = other.outlets.map((outlet) => ({ ...outlet, partitioning: keyed(other.key) }));
    return {
      sides: { key: this.key, otherFrom: this.outlets.length, left: this.type, right: other.type },
      inlets: { inputs: [...this.outlets, ...right], partitioning: keyed(this.key) },
    };
  }

  window(assigner: WindowAssigner<unknown>): WindowedHandle<StreamHandle> {
    if (typeof assigner?.assigner?.kind !== "string")
      throw new PipelineError(
        "BAD_ARGUMENT",
        'window(assigner): a window assigner is wanted, such as tumbling("1h").',
        calledAt(this.window),
      );
    const { trigger, evictor } = assigner;
    const { draft, outlets, type: element, key, keyType } = this;
    const input = { draft, outlets, type: element, key, keyType, make: this.made };
    return new WindowedHandle(input, {
      assigner: assigner.assigner,
      trigger,
      evictor,
      allowedLatenessMs: 0,
      final: false,
      late: false,
      alone: false,
    });
  }
}

/** A later partitioning takes the place of an earlier one. */
function unrouted(outlets: readonly Outlet[]): readonly Outlet[] {
  return outlets.map(({ from, output }) => ({ from, output }));
}

function pick({ onError, parallelism }: Pick<OperatorOptions, "onError" | "parallelism">): OperatorOptions {
  return { onError, parallelism };
}
