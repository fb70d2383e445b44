// The keyed process function: points state and context at the element's key, calls the user's function, and fires timers in time order.
import type { PlanStep } from "../codegen/chain-plan.ts";
import type { ProcessSpec } from "../../stream/graph.ts";
import { KeyedStore } from "../state/keyed-store.ts";
import { restoreChunk } from "../state/restore-chunk.ts";
import { StoreSnapshot } from "../state/store-snapshot.ts";
import type { ChainRuntime } from "../subtask/chain-runtime.ts";
import { valueText } from "../subtask/dead-letter-row.ts";
import { timerText, windowText } from "../subtask/operator-error.ts";
import type { StateChunk } from "../subtask/subtask.ts";
import { Timers } from "../time/timers.ts";
import type { ChainOperator, OperatorSnapshot } from "./chain-operator.ts";
import type { OperatorHome } from "./operator-home.ts";
import type { LateDrops } from "./late-drops.ts";
import { holdingsInProcess, type KeyHoldings, type OperatorSize, sizeOfProcess } from "./operator-size.ts";
import { UserContext } from "./user-context.ts";
import { UserMetrics } from "./user-metrics.ts";

/** What a function of our own has besides: counts, and work that event time drives. */
export interface ProcessGuest {
  readonly lateDropped: number;
  readonly drops?: LateDrops;
  /** Watermark at which sweep() is wanted. */
  readonly nextSweep?: number;
  sweep?(store: KeyedStore, watermark: number): void;
}

export class ProcessOperator implements ChainOperator {
  readonly followsWatermark = false;
  readonly #other: ((element: unknown, ctx: unknown) => void) | undefined;
  readonly #guest: ProcessGuest | undefined;
  readonly store: KeyedStore;
  readonly eventTimers: Timers;
  readonly processingTimers: Timers;
  readonly metrics = new UserMetrics();
  readonly context: UserContext;
  readonly #index: number;
  readonly #name: string;
  readonly #spec: ProcessSpec;
  readonly #now: () => number;
  #runtime!: ChainRuntime;
  #opened = false;

  /** `other`: takes the elements of the second side; `guest`: behind a function of our own. */
  constructor(
    step: PlanStep,
    spec: ProcessSpec,
    home: OperatorHome,
    other?: (element: unknown, ctx: unknown) => void,
    guest?: ProcessGuest,
  ) {
    this.#other = other;
    this.#guest = guest;
    this.#index = step.index;
    this.#name = step.node.name;
    this.#spec = spec;
    this.#now = home.now;
    this.store = new KeyedStore(spec.state, home.maxParallelism);
    this.eventTimers = new Timers(home.maxParallelism);
    this.processingTimers = new Timers(home.maxParallelism);
    this.context = new UserContext(this, home.now, { index: home.index, parallelism: home.parallelism });
  }

  get hasTimers(): boolean {
    return this.#spec.onTimer !== undefined;
  }

  get lateDropped(): number {
    return this.#guest?.lateDropped ?? 0;
  }

  get drops(): LateDrops | undefined {
    return this.#guest?.drops;
  }

  get nextEventTime(): number {
    return Math.min(this.eventTimers.next, this.#guest?.nextSweep ?? Infinity);
  }

  get earliestEventTime(): number {
    return this.eventTimers.earliest;
  }

  get nextProcessingTime(): number {
    return this.processingTimers.next;
  }

  code(index: number): ReturnType<ChainOperator["code"]> {
    const scope = { [`op${index}`]: this, [`ctx${index}`]: this.context, [`f${index}`]: this.#spec.onElement, [`g${index}`]: this.#other };
    const element = (e: string, side: number): string =>
      `op${index}.begin(key,hash,ts);${side === 0 ? "f" : "g"}${index}(${e},ctx${index});op${index}.store.done();`;
    return { scope, element };
  }

  element(element: unknown, timestamp: number, key: unknown, hash: number, side = 0): void {
    this.begin(key, hash, timestamp);
    if (side === 0) (0, this.#spec.onElement)(element, this.context);
    else this.#other!(element, this.context);
    this.store.done();
  }

  /** Points state and context at the key of an element. */
  begin(key: unknown, hash: number, timestamp: number): void {
    this.store.select(key, hash);
    const { context } = this;
    context.key = key;
    context.timestamp = timestamp;
    context.watermark = this.#runtime.watermarkAt(this.#index);
    if (this.store.expires) this.store.tellTime(Math.max(timestamp, context.watermark), this.#now());
  }

  readAhead(hashes: Int32Array, from: number, to: number): void {
    this.store.readAhead(hashes, from, to);
  }

  attach(runtime: ChainRuntime): void {
    this.#runtime = runtime;
  }

  open(): void {
    const emitters = this.#runtime.emitters[this.#index]!;
    this.context.link(
      emitters,
      this.#spec.side.map(({ name }) => name),
      this.#spec.state.map(({ name }) => name),
    );
    const { context } = this;
    if (this.#runtime.steps[this.#index]!.node.onError !== "fail")
      context["~failed"] = (thrown, value) => this.#runtime.handle(this.#index, thrown, value, context.timestamp);
    this.#opened = true;
    context.local = this.#spec.open?.({ metrics: context.metrics, subtask: context.subtask, now: context.now });
  }

  close(): void {
    if (!this.#opened) return;
    this.#opened = false;
    this.#spec.close?.(this.context.local);
  }

  advance(watermark: number): void {
    this.eventTimers.advance(watermark, (group, id, at) => this.#fire("event-time", group, id, at), this.store.tables);
    const guest = this.#guest;
    if (guest?.sweep !== undefined && guest.nextSweep! <= watermark) guest.sweep(this.store, watermark);
  }

  tick(now: number): void {
    this.processingTimers.advance(now, (group, id, at) => this.#fire("processing-time", group, id, at), this.store.tables);
  }

  #fire(domain: "event-time" | "processing-time", group: number, id: number, at: number): void {
    const { store, context } = this;
    const table = store.tables[group]!;
    store.point(group, table, id);
    table.letGo(id);
    context.key = table.keyAt(id);
    context.timestamp = at;
    context.watermark = this.#runtime.watermarkAt(this.#index);
    context.domain = domain;
    if (store.expires) this.#tellTimerTime(domain, at);
    try {
      this.#spec.onTimer?.(at, context);
    } catch (thrown) {
      if (this.#runtime.steps[this.#index]!.node.onError === "fail") throw this.#runtime.wrap(thrown, this.#index);
      this.#runtime.handle(this.#index, thrown, context.firing === undefined ? { timer: at, domain } : { window: context.firing }, at);
      context.firing = undefined;
    }
    if (store.id >= 0) store.done();
    context.domain = undefined;
  }

  /** Event time is where the timer is, not where the watermark has jumped to; but never before where it was. */
  #tellTimerTime(domain: "event-time" | "processing-time", at: number): void {
    const { watermark, outputWatermark } = this.#runtime;
    this.store.tellTime(domain === "event-time" ? Math.max(at, outputWatermark.time) : watermark, this.#now());
  }

  abandon(): void {
    this.context.firing = undefined;
    if (this.store.id >= 0) this.store.done();
  }

  restore(chunk: StateChunk): void {
    if (chunk.address.kind !== "key-group") return;
    const { store } = this;
    restoreChunk(this.#name, store, chunk.address.group, chunk.bytes, (domain, at) => {
      (domain === 0 ? this.eventTimers : this.processingTimers).set(store.group, store.table, store.id, at);
    });
  }

  snapshot(): OperatorSnapshot {
    // No call to come is told an earlier event time than the watermark.
    this.store.tellTime(this.#runtime.watermarkAt(this.#index), this.#now());
    return new StoreSnapshot(this.#name, this.store, [this.eventTimers, this.processingTimers]);
  }

  size(): OperatorSize {
    return sizeOfProcess(this, this.#hasWindows);
  }

  holdings(key: unknown, hash: number): KeyHoldings | undefined {
    this.store.tellTime(this.#runtime.watermarkAt(this.#index), this.#now());
    return holdingsInProcess(this, this.#hasWindows, key, hash);
  }

  /** Those of keyed-windows.ts. */
  get #hasWindows(): boolean {
    return this.#guest !== undefined && this.#spec.state[0]?.name === "windows";
  }

  currentKeyText(): string | undefined {
    return this.store.id < 0 ? undefined : valueText(this.store.table.keyAt(this.store.id));
  }
  duringText(): string | undefined {
    const { firing, domain, timestamp } = this.context;
    if (firing !== undefined) return windowText(firing);
    return domain === undefined ? undefined : timerText(domain, timestamp);
  }
}
