// The interval join as a keyed function of two sides: each side keeps its elements in the order of event time until the watermark has passed
// the last partner they can have. From then on they are not seen; they are freed when the key's next element comes, or by a sweep over the
// key groups that event time drives, so an element costs no timer. Late is what is older than the watermark, as in Flink's
// IntervalJoinOperator.
import type { TypeInfo } from "../../schema/type-info.ts";
import type { IntervalJoinSpec, ProcessSpec, StateSpec } from "../../stream/graph.ts";
import { NO_PAIR, pairOf } from "../../stream/join-pair.ts";
import type { KeyedStore } from "../state/keyed-store.ts";
import type { TimeColumn } from "../state/time-column.ts";
import type { TimeHandle } from "../state/time-state.ts";
import { LateDrops } from "./late-drops.ts";
import type { ProcessGuest } from "./process.ts";
import type { UserContext } from "./user-context.ts";
import { WindowError } from "./window-error.ts";

const LEFT = 0;
const RIGHT = 1;
/** Ids whose rows are read ahead by a sweep. */
const SWEPT_AT_ONCE = 128;
/** States by number in a store's handles; their names. */
const NAMES = ["left", "right"] as const;

export class IntervalJoin implements ProcessGuest {
  /** Elements older than the watermark that had no output to go to. */
  readonly drops = new LateDrops();
  /** Event time at which a key group is to be swept; Infinity: nothing has come yet. */
  nextSweep = Infinity;
  readonly process: ProcessSpec;
  readonly #name: string;
  readonly #spec: IntervalJoinSpec;
  /** How long an element of a side can have partners to come. */
  readonly #keptMs: readonly [number, number];
  /** The key group that is swept next, and how many there are. */
  #group = 0;
  readonly #groups: number;
  /** Means nothing: what has no result, the compiler leaves out. */
  warmth = 0;
  /** The states of the context. */
  #handles: readonly TimeHandle[] = [];
  /** The element at hand, for whose partners the callbacks are called; its time and context. */
  #element: unknown;
  #time = 0;
  #ctx: UserContext | undefined;

  constructor(name: string, spec: IntervalJoinSpec, maxParallelism: number) {
    this.#name = name;
    this.#spec = spec;
    this.#keptMs = [Math.max(0, spec.upperMs), Math.max(0, -spec.lowerMs)];
    this.#groups = maxParallelism;
    this.process = {
      key: spec.key,
      state: [buffer("left", spec.left), buffer("right", spec.right)],
      side: spec.lateOutputs === true ? [side("lateLeft", spec.left), side("lateRight", spec.right)] : [],
      open: undefined,
      onElement: (element, ctx) => this.#left(element, ctx as UserContext),
      onTimer: (at, ctx) => this.#forget(at, ctx as UserContext),
    };
  }

  get lateDropped(): number {
    return this.drops.dropped;
  }

  #left(left: unknown, ctx: UserContext): void {
    const { lowerMs, upperMs } = this.#spec;
    const time = ctx.timestamp;
    if (this.#keep(LEFT, left, ctx)) this.#partners(RIGHT, left, time + lowerMs, time + upperMs, ctx);
  }

  readonly right = (right: unknown, context: unknown): void => {
    const ctx = context as UserContext;
    const { lowerMs, upperMs } = this.#spec;
    const time = ctx.timestamp;
    if (this.#keep(RIGHT, right, ctx)) this.#partners(LEFT, right, time - upperMs, time - lowerMs, ctx);
  };

  #handle(ctx: UserContext, which: 0 | 1): TimeHandle {
    if (this.#ctx !== ctx) {
      this.#ctx = ctx;
      this.#handles = NAMES.map((name) => ctx.state[name] as unknown as TimeHandle);
    }
    return this.#handles[which]!;
  }

  /** False if the element is late. */
  #keep(which: 0 | 1, element: unknown, ctx: UserContext): boolean {
    const time = ctx.timestamp;
    const { watermark } = ctx;
    if (time - time !== 0) {
      throw new WindowError(`Join '${this.#name}' got an element without event time: give the source eventTime and watermarks.`);
    }
    if (time < watermark) {
      if (this.#spec.lateOutputs !== true) this.drops.add(element, time, watermark);
      else ctx.side[which === LEFT ? "lateLeft" : "lateRight"]!(element);
      return false;
    }
    const keptMs = this.#keptMs[which];
    const own = this.#handle(ctx, which);
    if (keptMs > 0) {
      own.dropUntil(passed(watermark, keptMs));
      if (this.nextSweep === Infinity) this.nextSweep = time + keptMs;
    } else {
      // It is seen by what comes until the watermark gets there, or moves on from there: only a timer knows which.
      ctx.timers.setEventTime(time);
    }
    own.insert(time, element);
    return true;
  }

  /** Sends the pairs of an element with the other side's in [from, to], each with the later of both times. */
  #partners(which: 0 | 1, element: unknown, from: number, to: number, ctx: UserContext): void {
    const keptMs = this.#keptMs[which];
    const other = this.#handle(ctx, which);
    if (keptMs > 0) other.dropUntil(passed(ctx.watermark, keptMs));
    this.#element = element;
    this.#time = ctx.timestamp;
    try {
      other.between(from, to, which === RIGHT ? this.#withRight : this.#withLeft);
    } finally {
      ctx.timestamp = this.#time;
      this.#element = undefined;
    }
  }

  readonly #withRight = (right: unknown, at: number): void => {
    const ctx = this.#ctx!;
    ctx.timestamp = Math.max(this.#time, at);
    this.#send(this.#element, right, ctx);
  };

  readonly #withLeft = (left: unknown, at: number): void => {
    const ctx = this.#ctx!;
    ctx.timestamp = Math.max(this.#time, at);
    this.#send(left, this.#element, ctx);
  };

  #send(left: unknown, right: unknown, ctx: UserContext): void {
    const row = pairOf(this.#spec.fn, left, right, ctx);
    if (row !== NO_PAIR) ctx.emit(row);
  }

  /** The elements that are kept no longer than their own time. */
  #forget(at: number, ctx: UserContext): void {
    for (const which of [LEFT, RIGHT] as const) if (this.#keptMs[which] === 0) this.#handle(ctx, which).dropUntil(at);
  }

  /** Frees what the watermark has passed, of as many key groups as event time asks for: each once in the time that elements are kept. */
  sweep(store: KeyedStore, watermark: number): void {
    const everyMs = Math.max(...this.#keptMs) / this.#groups;
    const due = Math.min(this.#groups, Math.floor((watermark - this.nextSweep) / everyMs) + 1);
    this.nextSweep = watermark === Infinity ? Infinity : Math.max(this.nextSweep + due * everyMs, watermark);
    for (let left = due; left > 0; left--) {
      this.#sweepGroup(store, this.#group, watermark);
      this.#group = (this.#group + 1) % this.#groups;
    }
  }

  #sweepGroup(store: KeyedStore, group: number, watermark: number): void {
    const table = store.tables[group];
    if (table === undefined) return;
    for (const which of [LEFT, RIGHT] as const) {
      const keptMs = this.#keptMs[which];
      if (keptMs === 0) continue;
      const until = passed(watermark, keptMs);
      for (let from = 0; from < table.end; from += SWEPT_AT_ONCE) this.#sweepIds(store, group, which, from, until);
    }
  }

  #sweepIds(store: KeyedStore, group: number, which: 0 | 1, from: number, until: number): void {
    const table = store.tables[group]!;
    const column = table.columns[which] as TimeColumn;
    const to = Math.min(from + SWEPT_AT_ONCE, table.end);
    let sum = 0;
    for (let id = from; id < to; id++) if (column.firstTime(id) <= until) sum += column.warmRow(id);
    this.warmth = sum;
    for (let id = from; id < to; id++) {
      if (column.firstTime(id) > until) continue;
      store.point(group, table, id);
      (store.handles[which] as TimeHandle).dropUntil(until);
      store.done();
    }
  }
}

/** Elements up to this time are over. Timers have whole times: so have the ends of elements. */
function passed(watermark: number, keptMs: number): number {
  return Math.floor(watermark) - keptMs;
}

function side(name: string, type: TypeInfo): ProcessSpec["side"][number] {
  return { name, type };
}

function buffer(name: string, of: TypeInfo): StateSpec {
  return { kind: "map", name, key: { kind: "double" }, value: of, ttl: undefined, byTime: true };
}
