// Windows of every kind as a keyed process function: one map of open windows per key, timers for ends and clean-up, elements in a map of
// their own where the window's function, an evictor or a merge wants them. The order of steps is that of Flink's WindowOperator and
// EvictingWindowOperator. Plain tumbling aggregates go through window.ts, which is far faster.
import type { TypeInfo } from "../../schema/type-info.ts";
import type { ProcessSpec, StateSpec, WindowSpec } from "../../stream/graph.ts";
import type { MapHandle } from "../state/map-state.ts";
import { inHashSetOrder } from "./hash-set-order.ts";
import { LateDrops } from "./late-drops.ts";
import type { UserContext } from "./user-context.ts";
import { CONTINUE, FIRE, PURGE } from "./running-trigger.ts";
import { isMerging, mergesAsFlink, windowsOf, type Bounds } from "./window-assigner.ts";
import { WindowContents, windowOf } from "./window-contents.ts";
import { WindowError } from "./window-error.ts";
import { newRow, rowType, type WindowRow } from "./window-row.ts";
import { planTrigger, type TriggerPlan } from "./window-trigger.ts";
import { timerTime, WindowTurn, without } from "./window-turn.ts";

export type WindowId = number | string;

interface Found {
  readonly id: WindowId;
  readonly row: WindowRow;
}

export class KeyedWindows {
  /** Elements that came too late and had no output to go to. */
  readonly drops = new LateDrops();
  readonly process: ProcessSpec;
  readonly #name: string;
  readonly #spec: WindowSpec;
  readonly #trigger: TriggerPlan;
  readonly #merging: boolean;
  readonly #processingTime: boolean;
  /** See DynamicSessionOptions. */
  readonly #restarts: boolean;
  /** The order in which windows merge is Flink's. */
  readonly #asFlink: boolean;
  readonly #contents: WindowContents;
  readonly #turn = new WindowTurn();

  constructor(name: string, spec: WindowSpec) {
    const { assigner } = spec;
    this.#name = name;
    this.#spec = spec;
    this.#processingTime = assigner.kind === "processing-time";
    const timed = assigner.kind === "processing-time" ? assigner.of : assigner;
    this.#restarts = timed.kind === "dynamic-session" && timed.restarts;
    const own = assigner.kind === "global" ? "never" : this.#processingTime ? "processing-time" : "event-time";
    this.#trigger = planTrigger(spec.trigger ?? { kind: own }, spec.element, this.#processingTime);
    this.#merging = isMerging(assigner);
    this.#asFlink = mergesAsFlink(assigner);
    this.#contents = new WindowContents(spec, this.#idType());
    const fn = spec.apply?.kind === "process" ? spec.apply : undefined;
    this.process = {
      key: spec.key,
      state: this.#states(),
      side: [...(spec.lateOutput === undefined ? [] : [{ name: spec.lateOutput, type: spec.element }]), ...(fn?.side ?? [])],
      open: fn?.open,
      close: fn?.close,
      onElement: (element, ctx) => this.add(element, ctx as UserContext),
      onTimer: (at, ctx) => this.#timer(at, ctx as UserContext),
    };
  }

  /** Windows of a custom assigner may have equal starts. */
  #idType(): TypeInfo {
    return this.#spec.assigner.kind === "custom" && !this.#merging ? { kind: "string" } : { kind: "double" };
  }

  #idOf({ start, end }: Bounds): WindowId {
    const { kind } = this.#spec.assigner;
    if (start === -Infinity) return 0;
    if (this.#merging) return start;
    return kind === "custom" ? `${start}:${end}` : kind === "cumulate" ? end : start;
  }

  #states(): readonly StateSpec[] {
    const row = rowType(this.#idType(), this.#contents.accumulators(), this.#trigger.kept);
    return [{ kind: "map", name: "windows", key: this.#idType(), value: row, ttl: undefined }, ...this.#contents.states()];
  }

  get lateDropped(): number {
    return this.drops.dropped;
  }

  add(element: unknown, ctx: UserContext): void {
    const timestamp = this.#processingTime ? ctx.now() : ctx.timestamp;
    if (this.#spec.assigner.kind !== "global" && timestamp - timestamp !== 0) {
      throw new WindowError(`Window '${this.#name}' got an element without event time: give the source eventTime and watermarks.`);
    }
    let taken = false;
    for (const bounds of windowsOf(this.#spec.assigner, element, timestamp)) {
      if (this.#merging ? this.#addMerging(bounds, element, ctx) : this.#addAligned(bounds, element, ctx)) taken = true;
    }
    // An element in no window at all, between sliding windows with gaps, is not late.
    if (taken || this.#processingTime || ctx.timestamp + this.#spec.allowedLatenessMs > ctx.watermark) return;
    if (this.#spec.lateOutput === undefined) this.drops.add(element, timestamp, ctx.watermark);
    else ctx.side[this.#spec.lateOutput]!(element);
  }

  #isLate({ end }: Bounds, ctx: UserContext): boolean {
    return !this.#processingTime && end - 1 + this.#spec.allowedLatenessMs <= ctx.watermark;
  }

  #addAligned(bounds: Bounds, element: unknown, ctx: UserContext): boolean {
    if (this.#isLate(bounds, ctx)) return false;
    const id = this.#idOf(bounds);
    const row = (windowsState(ctx).get(id) as WindowRow | undefined) ?? newRow(bounds.start, bounds.end, {});
    this.#addTo(id, row, element, ctx);
    return true;
  }

  #addMerging(bounds: Bounds, element: unknown, ctx: UserContext): boolean {
    const met = this.#met(bounds, ctx);
    const [target, ...others] = met;
    if (target === undefined) {
      if (this.#isLate(bounds, ctx)) return false;
      this.#addTo(this.#idOf(bounds), newRow(bounds.start, bounds.end, {}), element, ctx);
      return true;
    }
    const start = Math.min(bounds.start, ...met.map(({ row }) => row.start));
    const end = Math.max(bounds.end, ...met.map(({ row }) => row.end));
    const { row } = target;
    if (others.length > 0 || start < row.start || end > row.end) {
      this.#merge(row, others, { start, end }, ctx);
      // Should the trigger throw at the element: what has merged is there.
      if (ctx["~failed"] !== undefined) this.#keep(target.id, row, ctx);
    } else if (this.#restarts && row.moved && bounds.start === start && bounds.end === end) {
      this.#contents.clear(row, ctx);
      row.moved = false;
    }
    this.#addTo(target.id, target.row, element, ctx);
    return true;
  }

  /** The open windows that touch `bounds`; the first takes up the others. */
  #met(bounds: Bounds, ctx: UserContext): readonly Found[] {
    const windows = windowsState(ctx);
    const met: Found[] = [];
    for (const id of windows.keys() as WindowId[]) {
      const row = windows.get(id) as WindowRow;
      if (row.start <= bounds.end && row.end >= bounds.start) met.push({ id, row });
    }
    if (met.length < 2 || !this.#asFlink) return met;
    const byStart = met.map(({ id, row }) => ({ id, row, start: row.start, end: row.end })).toSorted((a, b) => a.start - b.start);
    return inHashSetOrder(byStart, met.length + 1);
  }

  /** `target` gets the new bounds, and all contents and memories; the others' timers are forgotten as far as they cannot be somebody else's. */
  #merge(target: WindowRow, others: readonly Found[], to: Bounds, ctx: UserContext): void {
    const rows = [target, ...others.map(({ row }) => row)];
    const eventTimes = rows.flatMap(({ end, eventTimes: set }) => [...set, ...this.#endTimes(end)]);
    const processingTimes = this.#processingTime ? rows.map(({ end }) => timerTime(end - 1)) : [];
    for (const { id, row } of others) {
      this.#contents.merge(target, row);
      this.#mergeMemory(target, row);
      windowsState(ctx).delete(id);
    }
    target.moved = true;
    target.start = to.start;
    target.end = to.end;
    target.eventTimes = [];
    target.processingTimes = [];
    this.#trigger.trigger.onMerge(this.#at(target, ctx));
    const kept = new Set([...target.eventTimes, ...this.#endTimes(to.end)]);
    if (this.#aloneInEventTime(ctx)) for (const time of eventTimes) if (!kept.has(time)) ctx.timers.deleteEventTime(time);
    const keptProcessing = new Set([...target.processingTimes, timerTime(to.end - 1)]);
    if (windowsState(ctx).size > 1) return;
    for (const time of processingTimes) if (!keptProcessing.has(time)) ctx.timers.deleteProcessingTime(time);
  }

  /** When a window with this end is cleared, in event time. */
  #endTimes(end: number): readonly number[] {
    return this.#processingTime || end === Infinity ? [] : [this.#clearAt(end)];
  }

  #clearAt(end: number): number {
    return timerTime(this.#processingTime ? end - 1 : end - 1 + this.#spec.allowedLatenessMs);
  }

  #mergeMemory(target: WindowRow, other: WindowRow): void {
    this.#trigger.merges.forEach((merge, number) => {
      const from = other.triggers[`t${number}`];
      if (from === undefined) return;
      const into = (target.triggers[`t${number}`] ??= {});
      if (from.n !== undefined) into.n = (into.n ?? 0) + from.n;
      if (from.at !== undefined) into.at = Math.min(into.at ?? Infinity, from.at);
      if (from.e === undefined || from.e === null) return;
      into.e = into.e === undefined || into.e === null || merge === undefined ? from.e : merge(into.e, from.e);
    });
  }

  /** Timers of sessions without lateness are their own: open sessions of a key do not touch. A custom trigger's may be anywhere. */
  #aloneInEventTime(ctx: UserContext): boolean {
    if (windowsState(ctx).size <= 1) return true;
    return this.#spec.allowedLatenessMs === 0 && !this.#trigger.merges.some((merge) => merge !== undefined);
  }

  #at(row: WindowRow, ctx: UserContext): WindowTurn {
    // What a trigger deletes could be another window's timer, or the one that clears this window: those stay, and find nothing to do.
    const alone = windowsState(ctx).size <= 1;
    return this.#turn.at(row, ctx, alone && !this.#endTimes(row.end).length, alone && !this.#processingTime);
  }

  #addTo(id: WindowId, row: WindowRow, element: unknown, ctx: UserContext): void {
    this.#contents.add(id, row, element, ctx);
    const result = this.#triggered(id, row, element, ctx);
    this.#act(result, id, row, ctx);
    this.#keep(id, row, ctx);
  }

  #keep(id: WindowId, row: WindowRow, ctx: UserContext): void {
    if (row.end !== Infinity) {
      if (this.#processingTime) ctx.timers.setProcessingTime(this.#clearAt(row.end));
      else ctx.timers.setEventTime(this.#clearAt(row.end));
    }
    windowsState(ctx).set(id, row);
  }

  #triggered(id: WindowId, row: WindowRow, element: unknown, ctx: UserContext): number {
    try {
      return this.#trigger.trigger.onElement(this.#at(row, ctx), element, ctx.timestamp);
    } catch (thrown) {
      this.#contents.takeBack(id, row, ctx);
      throw thrown;
    }
  }

  #act(result: number, id: WindowId, row: WindowRow, ctx: UserContext): void {
    if ((result & FIRE) !== 0 && row.size > 0) this.#lenient(row, ctx, () => this.#contents.fire(id, row, ctx));
    if ((result & PURGE) !== 0) this.#contents.clear(row, ctx);
  }

  /** Calls the user's function. If it throws and the policy lets the job go on, the window's result is lost, and the window itself goes on. */
  #lenient(row: WindowRow, ctx: UserContext, call: () => void): void {
    const failed = ctx["~failed"];
    if (failed === undefined) return call();
    try {
      call();
    } catch (thrown) {
      failed(thrown, { window: windowOf(row) });
      ctx.firing = undefined;
    }
  }

  #timer(at: number, ctx: UserContext): void {
    const windows = windowsState(ctx);
    const eventTime = ctx.domain === "event-time";
    const { trigger } = this.#trigger;
    for (const id of windows.keys() as WindowId[]) {
      const row = windows.get(id) as WindowRow;
      const own = without(eventTime ? row.eventTimes : row.processingTimes, at);
      const ends = eventTime !== this.#processingTime && row.end !== Infinity && at === this.#clearAt(row.end);
      if (!own && !ends) continue;
      const turn = this.#at(row, ctx);
      const result = eventTime ? trigger.onEventTime(turn, at, own) : trigger.onProcessingTime(turn, at, own);
      if (result !== CONTINUE) this.#act(result, id, row, ctx);
      if (ends) this.#remove(id, row, ctx);
      else windows.set(id, row);
    }
  }

  #remove(id: WindowId, row: WindowRow, ctx: UserContext): void {
    const windows = windowsState(ctx);
    this.#contents.clear(row, ctx);
    this.#lenient(row, ctx, () => this.#contents.tellClosed(id, row, ctx));
    this.#contents.close(id, ctx);
    if (windows.size <= 1) {
      for (const time of row.eventTimes) ctx.timers.deleteEventTime(time);
      for (const time of row.processingTimes) ctx.timers.deleteProcessingTime(time);
    }
    windows.delete(id);
    if (windows.size === 0) this.#contents.forgetOrder(ctx);
  }
}

export function windowsState(ctx: UserContext): MapHandle {
  return ctx.state["windows"] as MapHandle;
}
