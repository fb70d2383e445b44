// What is in the windows of a key: accumulators, or the elements themselves where the window's function, an evictor or a merge wants
// them; and what is sent when a window fires.
import { setField } from "../../schema/field-value.ts";
import type { TypeInfo } from "../../schema/type-info.ts";
import type { StateSpec, WindowSpec } from "../../stream/graph.ts";
import type { MapHandle } from "../state/map-state.ts";
import type { NumberState } from "../state/value-states.ts";
import type { UserContext } from "./user-context.ts";
import { evict, type WindowElement } from "./window-evictor.ts";
import { mergesAsFlink } from "./window-assigner.ts";
import { keepsElements, WindowFold } from "./window-fold.ts";
import type { WindowRow } from "./window-row.ts";
import { WindowStates } from "./window-states.ts";

type WindowId = number | string;

export class WindowContents {
  readonly #spec: WindowSpec;
  readonly #keeps: boolean;
  readonly #fold: WindowFold;
  readonly #own: WindowStates;
  readonly #asMerged: boolean;

  constructor(spec: WindowSpec, idType: TypeInfo) {
    this.#spec = spec;
    this.#keeps = keepsElements(spec);
    this.#fold = new WindowFold(spec);
    this.#own = new WindowStates(spec.apply, idType);
    this.#asMerged = mergesAsFlink(spec.assigner);
  }

  /** Types by index; none where elements are kept. */
  accumulators(): readonly (TypeInfo | undefined)[] {
    return this.#keeps ? [] : this.#fold.types();
  }

  states(): readonly StateSpec[] {
    if (!this.#keeps) return this.#own.specs;
    const fields = [
      { name: "n", type: { kind: "long" } as TypeInfo },
      { name: "t", type: { kind: "double" } as TypeInfo },
      { name: "e", type: this.#spec.element! },
    ];
    const element: TypeInfo = { kind: "record", name: "Element", fields };
    return [
      { kind: "value", name: "next", value: { kind: "long" }, ttl: undefined },
      { kind: "map", name: "elements", key: { kind: "string" }, value: element, ttl: undefined },
      ...this.#own.specs,
    ];
  }

  add(id: WindowId, row: WindowRow, element: unknown, ctx: UserContext): void {
    if (this.#keeps) this.#keep(id, row, element, ctx);
    else this.#fold.add(row.acc, row.size, element);
    row.size++;
  }

  #keep(id: WindowId, row: WindowRow, element: unknown, ctx: UserContext): void {
    const next = ctx.state["next"] as NumberState;
    const n = next.get() ?? 0;
    let run = row.runs.at(-1);
    if (run?.id !== id) {
      const from = row.runs.reduce((end, one) => (one.id === id ? Math.max(end, one.to) : end), 0);
      row.runs.push((run = { id, from, to: from }));
    }
    elementsState(ctx).set(`${id}:${run.to}`, { n, t: ctx.timestamp, e: element });
    run.to++;
    next.set(n + 1);
  }

  merge(target: WindowRow, from: WindowRow): void {
    if (this.#keeps) target.runs = [...target.runs, ...from.runs];
    else if (target.size === 0) target.acc = from.acc;
    else if (from.size > 0) this.#fold.merge(target.acc, from.acc);
    target.size += from.size;
  }

  clear(row: WindowRow, ctx: UserContext): void {
    for (const { id, from, to } of row.runs) for (let at = from; at < to; at++) elementsState(ctx).delete(`${id}:${at}`);
    row.runs = [];
    row.acc = {};
    row.size = 0;
  }

  /** The last element is not to be in the window after all. */
  takeBack(id: WindowId, row: WindowRow, ctx: UserContext): void {
    const run = row.runs.at(-1);
    if (run?.id === id && run.to > run.from) elementsState(ctx).delete(`${id}:${--run.to}`);
  }

  /** Tells the user's function that the window has ended. */
  tellClosed(id: WindowId, row: WindowRow, ctx: UserContext): void {
    const { apply } = this.#spec;
    if (apply?.kind !== "process" || apply.onClear === undefined) return;
    ctx.firing = { start: row.start, end: row.end };
    apply.onClear(this.#contextOf(id, row, ctx));
    ctx.firing = undefined;
  }

  /** What the user's function keeps for the window is gone. */
  close(id: WindowId, ctx: UserContext): void {
    if (this.#spec.apply?.kind === "process") this.#own.clear(id, ctx);
  }

  /** The key has no open window any more. */
  forgetOrder(ctx: UserContext): void {
    if (this.#keeps) (ctx.state["next"] as NumberState).clear();
  }

  /** Sends the window's result with its last millisecond as event time. */
  fire(id: WindowId, row: WindowRow, ctx: UserContext): void {
    const { timestamp } = ctx;
    ctx.firing = { start: row.start, end: row.end };
    if (row.end !== Infinity) ctx.timestamp = row.end - 1;
    try {
      if (!this.#keeps) this.#emit(row, this.#fold.results(row.acc, row.size), ctx);
      else this.#fireElements(id, row, ctx);
      ctx.firing = undefined;
    } finally {
      ctx.timestamp = timestamp;
    }
  }

  #fireElements(id: WindowId, row: WindowRow, ctx: UserContext): void {
    const { evictor } = this.#spec;
    const all = this.#elementsOf(row, ctx);
    let left: readonly WindowElement[] = evictor === undefined || evictor.after ? all : evict(evictor, all);
    try {
      this.#apply(
        id,
        row,
        left.map(({ e }) => e),
        ctx,
      );
    } finally {
      if (evictor?.after === true) left = evict(evictor, left);
      if (left.length < all.length) this.#replace(id, row, left, ctx);
    }
  }

  #apply(id: WindowId, row: WindowRow, elements: readonly unknown[], ctx: UserContext): void {
    const { apply } = this.#spec;
    if (apply?.kind === "process") apply.fn(elements, this.#contextOf(id, row, ctx));
    else if (elements.length > 0) this.#emit(row, this.#fold.resultsOf(elements), ctx);
  }

  #contextOf(id: WindowId, row: WindowRow, ctx: UserContext): object {
    return {
      key: ctx.key,
      window: windowOf(row),
      watermark: ctx.watermark,
      now: ctx.now,
      metrics: ctx.metrics,
      subtask: ctx.subtask,
      local: ctx.local,
      emit: ctx.emit,
      side: ctx.side,
      windowState: this.#own.ofWindow(id, ctx),
      globalState: this.#own.globals(ctx),
      "~failed": ctx["~failed"],
    };
  }

  #emit(row: WindowRow, results: readonly unknown[], ctx: UserContext): void {
    if (this.#spec.apply?.kind === "reduce") return ctx.emit(results[0]);
    const result = { key: ctx.key, window: windowOf(row) };
    this.#spec.aggregates.forEach(({ name }, index) => setField(result, name, results[index]));
    ctx.emit(result);
  }

  /** In order of arrival, or session by session. */
  #elementsOf(row: WindowRow, ctx: UserContext): WindowElement[] {
    const elements = elementsState(ctx);
    const all: WindowElement[] = [];
    for (const { id, from, to } of row.runs) for (let at = from; at < to; at++) all.push(elements.get(`${id}:${at}`) as WindowElement);
    return row.runs.length > 1 && !this.#asMerged ? all.toSorted((a, b) => a.n - b.n) : all;
  }

  #replace(id: WindowId, row: WindowRow, left: readonly WindowElement[], ctx: UserContext): void {
    this.clear(row, ctx);
    left.forEach((element, at) => elementsState(ctx).set(`${id}:${at}`, element));
    row.runs = [{ id, from: 0, to: left.length }];
    row.size = left.length;
  }
}

export function windowOf({ start, end }: WindowRow): { readonly start: number; readonly end: number } | { readonly global: true } {
  return end === Infinity ? { global: true } : { start, end };
}

function elementsState(ctx: UserContext): MapHandle {
  return ctx.state["elements"] as MapHandle;
}
