// A stream connected with a broadcast one: a process function (keyed or not) for the stream's elements, which read the broadcast state, and
// the user's onBroadcast for the others, which changes it. Every subtask sees all broadcast elements.
import type { PlanStep } from "../codegen/chain-plan.ts";
import type { BroadcastConnectSpec } from "../../stream/graph.ts";
import type { StateHandle } from "../state/state-handle.ts";
import type { ChainRuntime } from "../subtask/chain-runtime.ts";
import type { StateChunk } from "../subtask/subtask.ts";
import { BroadcastStates } from "./broadcast-states.ts";
import type { ChainOperator, OperatorSnapshot } from "./chain-operator.ts";
import { ChunkSequence } from "./chunk-sequence.ts";
import type { KeyHoldings, OperatorSize } from "./operator-size.ts";
import type { OperatorHome } from "./operator-home.ts";
import { ProcessOperator } from "./process.ts";
import { UnkeyedContext } from "./unkeyed-context.ts";
import { UnkeyedProcess } from "./unkeyed-process.ts";

export class BroadcastConnect implements ChainOperator {
  readonly #inner: ChainOperator & (ProcessOperator | UnkeyedProcess);
  readonly #states: BroadcastStates;
  readonly #spec: BroadcastConnectSpec;
  readonly #index: number;
  readonly #now: () => number;
  /** Of onBroadcast. */
  readonly context: UnkeyedContext;
  #runtime!: ChainRuntime;

  constructor(step: PlanStep, spec: BroadcastConnectSpec, home: OperatorHome) {
    const { function: own } = spec;
    this.#spec = spec;
    this.#index = step.index;
    this.#now = home.now;
    this.#inner = own.kind === "keyed" ? new ProcessOperator(step, own.process, home) : new UnkeyedProcess(step, own.process, home);
    this.#states = new BroadcastStates(step.node.name, spec.broadcast, home);
    this.#inner.context.broadcast = this.#states.readable();
    this.context = new UnkeyedContext(this.#inner.metrics, { index: home.index, parallelism: home.parallelism }, home.now);
    this.context.broadcast = this.#states.writable();
    if (own.kind === "keyed") this.context.applyToKeyedState = (name, apply) => this.#apply(name, apply);
  }

  get metrics(): ProcessOperator["metrics"] {
    return this.#inner.metrics;
  }

  get earliestEventTime(): number | undefined {
    return this.#inner.earliestEventTime;
  }

  get nextEventTime(): number {
    return this.#inner.nextEventTime;
  }

  get followsWatermark(): boolean {
    return this.#inner.followsWatermark;
  }

  get nextProcessingTime(): number {
    return this.#inner.nextProcessingTime;
  }

  size(): OperatorSize | undefined {
    return this.#inner.size?.();
  }

  holdings(key: unknown, hash: number): KeyHoldings | undefined {
    return this.#inner.holdings?.(key, hash);
  }

  get lateDropped(): number {
    return this.#inner.lateDropped;
  }

  code(index: number): ReturnType<ChainOperator["code"]> {
    const inner = this.#inner.code(index);
    const scope = { ...inner.scope, [`bc${index}`]: this };
    return { scope, element: (e, side) => (side === 0 ? inner.element(e, side) : `bc${index}.onBroadcast(${e},ts);`) };
  }

  element(element: unknown, timestamp: number, key: unknown, hash: number, side = 0): void {
    if (side === 0) this.#inner.element(element, timestamp, key, hash);
    else this.onBroadcast(element, timestamp);
  }

  onBroadcast(element: unknown, timestamp: number): void {
    const { context } = this;
    context.timestamp = timestamp;
    context.watermark = this.#runtime.watermarkAt(this.#index);
    context.active = true;
    (0, this.#spec.onBroadcast)(element, context);
    context.active = false;
  }

  /** Calls `apply` for every key that holds something in the state. Keys are visited in no particular order. */
  #apply(name: string, apply: (key: unknown, state: unknown) => undefined): undefined {
    const { store, context } = this.#inner as ProcessOperator;
    const handle = context.state[name];
    if (handle === undefined) throw new TypeError(`applyToKeyedState("${name}"): the function declares no such state.`);
    if (store.expires) store.tellTime(Math.max(this.context.timestamp, this.context.watermark), this.#now());
    store.tables.forEach((table, group) => {
      if (table === undefined) return;
      for (let id = 0; id < table.end; id++) {
        if (table.tags[id] === 0) continue;
        store.point(group, table, id);
        if (holds(handle)) apply(table.keyAt(id), handle);
        store.done();
      }
    });
  }

  attach(runtime: ChainRuntime): void {
    this.#runtime = runtime;
    this.#inner.attach(runtime);
  }

  open(): void {
    this.#inner.open();
    const { side } = this.#spec.function.process;
    this.context.link(
      this.#runtime.emitters[this.#index]!,
      side.map(({ name }) => name),
    );
    this.context.local = this.#inner.context.local;
  }

  close(): void {
    this.#inner.close();
  }

  advance(watermark: number): void {
    this.#inner.advance(watermark);
  }

  tick(now: number): void {
    this.#inner.tick(now);
  }

  restore(chunk: StateChunk): void {
    if (!this.#states.restore(chunk)) this.#inner.restore(chunk);
  }

  snapshot(): OperatorSnapshot {
    return new ChunkSequence([...this.#states.snapshot(), this.#inner.snapshot()]);
  }

  abandon(): void {
    this.context.active = false;
    this.#inner.abandon();
  }

  currentKeyText(): string | undefined {
    return this.#inner.currentKeyText();
  }
}

function holds(handle: StateHandle): boolean {
  const state = handle as StateHandle & { readonly size?: number; get?(): unknown };
  if (state.size !== undefined) return state.size > 0;
  const value = state.get!();
  return Array.isArray(value) ? value.length > 0 : value !== undefined;
}
