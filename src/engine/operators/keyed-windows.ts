// Windows of every kind as a keyed process function: one map of open windows per key, event-time timers for ends and clean-up, elements
// in a map of their own where the window's function, an evictor or a merge wants them. The order of steps is that of Flink's
// WindowOperator and EvictingWindowOperator. Plain tumbling aggregates go through window.ts, which is far faster.
import type { TypeInfo } from "../../schema/type-info.ts";
import { setField } from "../../schema/field-value.ts";
import type { ProcessSpec, StateSpec, TriggerSpec, WindowSpec } from "../../stream/graph.ts";
import type { MapHandle } from "../state/map-state.ts";
import type { NumberState } from "../state/value-states.ts";
import type { UserContext } from "./user-context.ts";
import { isMerging, windowsOf, type Bounds } from "./window-assigner.ts";
import { evict, type WindowElement } from "./window-evictor.ts";
import { keepsElements, WindowFold } from "./window-fold.ts";
import { WindowError } from "./window-error.ts";
import { newRow, rowType, type WindowRow } from "./window-row.ts";
import { CONTINUE, FIRE, onElement, onEventTime, onMerge, onProcessingTime, PURGE, timerTime } from "./window-trigger.ts";

export class KeyedWindows {
  /** Elements that came too late and had no output to go to. */
  lateDropped = 0;
  readonly process: ProcessSpec;
  readonly #name: string;
  readonly #spec: WindowSpec;
  readonly #trigger: TriggerSpec;
  readonly #merging: boolean;
  readonly #keeps: boolean;
  readonly #fold: WindowFold;

  constructor(name: string, spec: WindowSpec) {
    this.#name = name;
    this.#spec = spec;
    this.#trigger = spec.trigger ?? { kind: spec.assigner.kind === "global" ? "never" : "event-time" };
    this.#merging = isMerging(spec.assigner);
    this.#keeps = keepsElements(spec);
    this.#fold = new WindowFold(spec);
    this.process = {
      key: spec.key,
      state: this.#states(),
      side: spec.lateOutput === undefined ? [] : [{ name: spec.lateOutput, type: spec.element }],
      open: undefined,
      onElement: (element, ctx) => this.add(element, ctx as UserContext),
      onTimer: (at, ctx) => this.#timer(at, ctx as UserContext),
    };
  }

  #states(): readonly StateSpec[] {
    const key: TypeInfo = { kind: "double" };
    const inner = this.#trigger.kind === "purging" ? this.#trigger.of : this.#trigger;
    const row = rowType(this.#keeps ? [] : this.#fold.types(), inner.kind === "delta" ? this.#spec.element : undefined);
    const windows: StateSpec = { kind: "map", name: "windows", key, value: row, ttl: undefined };
    if (!this.#keeps) return [windows];
    const fields = [
      { name: "n", type: { kind: "long" } as TypeInfo },
      { name: "t", type: { kind: "double" } as TypeInfo },
      { name: "e", type: this.#spec.element! },
    ];
    const element: TypeInfo = { kind: "record", name: "Element", fields };
    return [
      windows,
      { kind: "value", name: "next", value: { kind: "long" }, ttl: undefined },
      { kind: "map", name: "elements", key: { kind: "string" }, value: element, ttl: undefined },
    ];
  }

  add(element: unknown, ctx: UserContext): void {
    const { timestamp } = ctx;
    if (this.#spec.assigner.kind !== "global" && timestamp - timestamp !== 0) {
      throw new WindowError(`Window '${this.#name}' got an element without event time: give the source eventTime and watermarks.`);
    }
    let taken = false;
    for (const bounds of windowsOf(this.#spec.assigner, element, timestamp)) {
      if (this.#merging ? this.#addMerging(bounds, element, ctx) : this.#addAligned(bounds, element, ctx)) taken = true;
    }
    if (taken) return;
    if (this.#spec.lateOutput === undefined) this.lateDropped++;
    else ctx.side[this.#spec.lateOutput]!(element);
  }

  #isLate({ end }: Bounds, ctx: UserContext): boolean {
    return end - 1 + this.#spec.allowedLatenessMs <= ctx.watermark;
  }

  #addAligned(bounds: Bounds, element: unknown, ctx: UserContext): boolean {
    if (this.#isLate(bounds, ctx)) return false;
    const id = bounds.start === -Infinity ? 0 : bounds.start;
    const row = (windowsState(ctx).get(id) as WindowRow | undefined) ?? newRow(bounds.start, bounds.end);
    this.#addTo(id, row, element, ctx);
    return true;
  }

  #addMerging(bounds: Bounds, element: unknown, ctx: UserContext): boolean {
    const windows = windowsState(ctx);
    const met: { readonly id: number; readonly row: WindowRow }[] = [];
    for (const id of windows.keys() as number[]) {
      const row = windows.get(id) as WindowRow;
      if (row.start <= bounds.end && row.end >= bounds.start) met.push({ id, row });
    }
    const [target, ...others] = met;
    if (target === undefined) {
      if (this.#isLate(bounds, ctx)) return false;
      this.#addTo(bounds.start, newRow(bounds.start, bounds.end), element, ctx);
      return true;
    }
    const start = Math.min(bounds.start, ...met.map(({ row }) => row.start));
    const end = Math.max(bounds.end, ...met.map(({ row }) => row.end));
    if (others.length > 0 || start < target.row.start || end > target.row.end) this.#merge(target.row, others, { start, end }, ctx);
    this.#addTo(target.id, target.row, element, ctx);
    return true;
  }

  #merge(target: WindowRow, others: readonly { readonly id: number; readonly row: WindowRow }[], to: Bounds, ctx: UserContext): void {
    for (const { end } of [target, ...others.map(({ row }) => row)]) if (end !== to.end) this.#forgetTimer(end, ctx);
    for (const { id, row } of others) {
      if (this.#keeps) target.runs.push(...row.runs);
      else if (target.size === 0) target.acc = row.acc;
      else if (row.size > 0) this.#fold.merge(target.acc, row.acc);
      target.size += row.size;
      windowsState(ctx).delete(id);
    }
    target.start = to.start;
    target.end = to.end;
    const rows = others.map(({ row }) => row);
    onMerge(this.#trigger, target, rows, ctx);
  }

  /** The end of a session has moved. With allowed lateness the same time may be another session's, so the timer stays and finds nothing. */
  #forgetTimer(end: number, ctx: UserContext): void {
    if (this.#spec.allowedLatenessMs === 0) ctx.timers.deleteEventTime(end - 1);
  }

  #addTo(id: number, row: WindowRow, element: unknown, ctx: UserContext): void {
    const { timestamp } = ctx;
    if (this.#keeps) this.#keep(id, row, element, ctx);
    else this.#fold.add(row.acc, row.size, element);
    row.size++;
    const result = onElement(this.#trigger, row, element, timestamp, ctx);
    this.#act(result, id, row, ctx);
    const over = row.end - 1 + this.#spec.allowedLatenessMs;
    if (over !== Infinity) ctx.timers.setEventTime(over);
    windowsState(ctx).set(id, row);
  }

  #keep(id: number, row: WindowRow, element: unknown, ctx: UserContext): void {
    const next = ctx.state["next"] as NumberState;
    const n = next.get() ?? 0;
    let run = row.runs.find((one) => one.id === id);
    if (run === undefined) row.runs.push((run = { id, from: 0, to: 0 }));
    elementsState(ctx).set(`${id}:${run.to}`, { n, t: ctx.timestamp, e: element });
    run.to++;
    next.set(n + 1);
  }

  #act(result: number, id: number, row: WindowRow, ctx: UserContext): void {
    if ((result & FIRE) !== 0 && row.size > 0) this.#fire(id, row, ctx);
    if ((result & PURGE) !== 0) this.#clear(row, ctx);
  }

  #timer(at: number, ctx: UserContext): void {
    const windows = windowsState(ctx);
    const eventTime = ctx.domain === "event-time";
    for (const id of windows.keys() as number[]) {
      const row = windows.get(id) as WindowRow;
      const result = eventTime ? onEventTime(this.#trigger, row, at, ctx) : onProcessingTime(this.#trigger, row, at);
      this.#act(result, id, row, ctx);
      if (eventTime && at === timerTime(row.end - 1 + this.#spec.allowedLatenessMs)) this.#remove(id, row, ctx);
      else if (result !== CONTINUE) windows.set(id, row);
    }
  }

  #remove(id: number, row: WindowRow, ctx: UserContext): void {
    const windows = windowsState(ctx);
    this.#clear(row, ctx);
    if (row.fireAt !== undefined && row.fireAt > ctx.watermark) ctx.timers.deleteEventTime(row.fireAt);
    windows.delete(id);
    if (this.#keeps && windows.size === 0) (ctx.state["next"] as NumberState).clear();
  }

  #clear(row: WindowRow, ctx: UserContext): void {
    for (const { id, from, to } of row.runs) for (let at = from; at < to; at++) elementsState(ctx).delete(`${id}:${at}`);
    row.runs = [];
    row.acc = {};
    row.size = 0;
  }

  /** Sends the window's result with its last millisecond as event time. */
  #fire(id: number, row: WindowRow, ctx: UserContext): void {
    const { timestamp } = ctx;
    if (row.end !== Infinity) ctx.timestamp = row.end - 1;
    try {
      if (!this.#keeps) this.#emit(row, this.#fold.results(row.acc, row.size), ctx);
      else this.#fireElements(id, row, ctx, (elements) => this.#apply(row, elements, ctx));
    } finally {
      ctx.timestamp = timestamp;
    }
  }

  #fireElements(id: number, row: WindowRow, ctx: UserContext, apply: (elements: readonly unknown[]) => void): void {
    const { evictor } = this.#spec;
    const all = this.#elementsOf(row, ctx);
    let left: readonly WindowElement[] = evictor === undefined || evictor.after ? all : evict(evictor, all);
    apply(left.map(({ e }) => e));
    if (evictor?.after === true) left = evict(evictor, left);
    if (left.length < all.length) this.#replace(id, row, left, ctx);
  }

  #apply(row: WindowRow, elements: readonly unknown[], ctx: UserContext): void {
    const { apply } = this.#spec;
    if (apply?.kind === "process") {
      apply.fn(elements, { key: ctx.key, window: windowOf(row), watermark: ctx.watermark, now: ctx.now, emit: ctx.emit });
    } else if (elements.length > 0) this.#emit(row, this.#fold.resultsOf(elements), ctx);
  }

  #emit(row: WindowRow, results: readonly unknown[], ctx: UserContext): void {
    if (this.#spec.apply?.kind === "reduce") return ctx.emit(results[0]);
    const result = { key: ctx.key, window: windowOf(row) };
    this.#spec.aggregates.forEach(({ name }, index) => setField(result, name, results[index]));
    ctx.emit(result);
  }

  /** In order of arrival. */
  #elementsOf(row: WindowRow, ctx: UserContext): WindowElement[] {
    const elements = elementsState(ctx);
    const all: WindowElement[] = [];
    for (const { id, from, to } of row.runs) for (let at = from; at < to; at++) all.push(elements.get(`${id}:${at}`) as WindowElement);
    return row.runs.length > 1 ? all.toSorted((a, b) => a.n - b.n) : all;
  }

  #replace(id: number, row: WindowRow, left: readonly WindowElement[], ctx: UserContext): void {
    this.#clear(row, ctx);
    left.forEach((element, at) => elementsState(ctx).set(`${id}:${at}`, element));
    row.runs = [{ id, from: 0, to: left.length }];
    row.size = left.length;
  }
}

function windowOf({ start, end }: WindowRow): { readonly start: number; readonly end: number } | { readonly global: true } {
  return end === Infinity ? { global: true } : { start, end };
}

function windowsState(ctx: UserContext): MapHandle {
  return ctx.state["windows"] as MapHandle;
}

function elementsState(ctx: UserContext): MapHandle {
  return ctx.state["elements"] as MapHandle;
}
