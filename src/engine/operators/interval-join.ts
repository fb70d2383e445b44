// The interval join as a keyed function of two sides: each side keeps its elements by event time until the watermark has passed the last
// partner they can have. Late is what is older than the watermark, as in Flink's IntervalJoinOperator.
import type { TypeInfo } from "../../schema/type-info.ts";
import type { IntervalJoinSpec, ProcessSpec, StateSpec } from "../../stream/graph.ts";
import type { MapHandle } from "../state/map-state.ts";
import type { UserContext } from "./user-context.ts";
import { timerTime } from "./window-turn.ts";
import { WindowError } from "./window-error.ts";

export class IntervalJoin {
  /** Elements older than the watermark that had no output to go to. */
  lateDropped = 0;
  readonly process: ProcessSpec;
  readonly #name: string;
  readonly #spec: IntervalJoinSpec;

  constructor(name: string, spec: IntervalJoinSpec) {
    this.#name = name;
    this.#spec = spec;
    this.process = {
      key: spec.key,
      state: [buffer("left", spec.left), buffer("right", spec.right)],
      side: spec.lateOutputs === true ? [side("lateLeft", spec.left), side("lateRight", spec.right)] : [],
      open: undefined,
      onElement: (element, ctx) => this.#left(element, ctx as UserContext),
      onTimer: (at, ctx) => this.#forget(at, ctx as UserContext),
    };
  }

  #left(left: unknown, ctx: UserContext): void {
    const { lowerMs, upperMs, fn } = this.#spec;
    const time = ctx.timestamp;
    if (!this.#keep("left", left, time + Math.max(0, upperMs), ctx)) return;
    this.#partners("right", time + lowerMs, time + upperMs, ctx, (right, at) => emitAt(ctx, fn(left, right), Math.max(time, at)));
  }

  readonly right = (right: unknown, context: unknown): void => {
    const ctx = context as UserContext;
    const { lowerMs, upperMs, fn } = this.#spec;
    const time = ctx.timestamp;
    if (!this.#keep("right", right, time + Math.max(0, -lowerMs), ctx)) return;
    this.#partners("left", time - upperMs, time - lowerMs, ctx, (left, at) => emitAt(ctx, fn(left, right), Math.max(time, at)));
  };

  /** False if the element is late. */
  #keep(which: "left" | "right", element: unknown, until: number, ctx: UserContext): boolean {
    const time = ctx.timestamp;
    if (time - time !== 0) {
      throw new WindowError(`Join '${this.#name}' got an element without event time: give the source eventTime and watermarks.`);
    }
    if (time < ctx.watermark) {
      if (this.#spec.lateOutputs !== true) this.lateDropped++;
      else ctx.side[which === "left" ? "lateLeft" : "lateRight"]!(element);
      return false;
    }
    const own = ctx.state[which] as MapHandle;
    own.set(time, [...((own.get(time) as readonly unknown[] | undefined) ?? []), element]);
    ctx.timers.setEventTime(until);
    return true;
  }

  #partners(side: "left" | "right", from: number, to: number, ctx: UserContext, each: (element: unknown, at: number) => void): void {
    const other = ctx.state[side] as MapHandle;
    for (const at of other.keys() as number[]) {
      if (at < from || at > to) continue;
      for (const element of other.get(at) as readonly unknown[]) each(element, at);
    }
  }

  /** Both sides' elements whose last possible partner the watermark has passed. */
  #forget(at: number, ctx: UserContext): void {
    const { lowerMs, upperMs } = this.#spec;
    forgetUntil(ctx.state["left"] as MapHandle, Math.max(0, upperMs), at);
    forgetUntil(ctx.state["right"] as MapHandle, Math.max(0, -lowerMs), at);
  }
}

function forgetUntil(buffered: MapHandle, keptMs: number, at: number): void {
  for (const time of buffered.keys() as number[]) if (timerTime(time + keptMs) === at) buffered.delete(time);
}

function emitAt(ctx: UserContext, value: unknown, at: number): void {
  const { timestamp } = ctx;
  ctx.timestamp = at;
  try {
    ctx.emit(value);
  } finally {
    ctx.timestamp = timestamp;
  }
}

function side(name: string, type: TypeInfo): ProcessSpec["side"][number] {
  return { name, type };
}

function buffer(name: string, of: TypeInfo): StateSpec {
  return { kind: "map", name, key: { kind: "double" }, value: { kind: "array", of }, ttl: undefined };
}
