// Temporal join: each left element with the version of its key's right side that was valid at its event time. It waits until the watermark
// has passed that time, so that every older version is there. Built from state and timers of two connected streams. After Flink's temporal
// table join; versions are by event time.
import { mapState, t } from "./join-state.ts";
import { NO_PAIR, pairOf, type PairContext } from "./join-pair.ts";
import type { TypeInfo } from "../schema/type-info.ts";
import type { ConnectSpec, KeySelector } from "./graph.ts";

interface TimeMap<V> {
  get(at: number): V | undefined;
  set(at: number, value: V): void;
  delete(at: number): void;
  /** A copy. */
  keys(): Iterable<number>;
}

interface Context extends PairContext {
  readonly state: { readonly waiting: TimeMap<readonly unknown[]>; readonly versions: TimeMap<unknown> };
  readonly timestamp: number;
  readonly watermark: number;
  readonly timers: { setEventTime(at: number): void };
  emit(value: unknown): void;
}

export interface TemporalParts {
  readonly key: KeySelector;
  readonly otherFrom: number;
  readonly left: TypeInfo;
  readonly right: TypeInfo;
  readonly fn: (left: unknown, right: unknown) => unknown;
  /** Left elements without a version, too. */
  readonly outer: boolean;
  /** A version that says that there is none from its time on. */
  readonly isDeletion: ((right: unknown) => boolean) | undefined;
}

export function temporalJoin(parts: TemporalParts): ConnectSpec {
  const { key, otherFrom, left, right } = parts;
  return Object.freeze({
    otherFrom,
    joined: { kind: "temporal", outer: parts.outer },
    process: Object.freeze({
      key,
      state: Object.freeze([mapState("waiting", t.double, { kind: "array", of: left }), mapState("versions", t.double, right)]),
      side: Object.freeze([]),
      open: undefined,
      onElement: (element: unknown, context: unknown) => onLeft(parts, element, context as Context),
      onTimer: (at: number, context: unknown) => onTimer(parts, at, context as Context),
    }),
    onOther: (element: unknown, context: unknown) => onRight(element, context as Context),
  });
}

function onLeft(parts: TemporalParts, left: unknown, ctx: Context): void {
  const { waiting } = ctx.state;
  if (ctx.timestamp <= ctx.watermark) return join(parts, left, ctx.timestamp, ctx);
  waiting.set(ctx.timestamp, [...(waiting.get(ctx.timestamp) ?? []), left]);
  ctx.timers.setEventTime(ctx.timestamp);
}

function onRight(right: unknown, ctx: Context): void {
  const { versions } = ctx.state;
  // Older than one that every left element to come would take: nobody wants it.
  if (ctx.timestamp <= ctx.watermark && newest(versions, ctx.watermark) > ctx.timestamp) return;
  versions.set(ctx.timestamp, right);
  ctx.timers.setEventTime(ctx.timestamp);
}

function onTimer(parts: TemporalParts, at: number, ctx: Context): void {
  const { waiting, versions } = ctx.state;
  for (const left of waiting.get(at) ?? []) join(parts, left, at, ctx);
  waiting.delete(at);
  const needed = newest(versions, at);
  for (const time of versions.keys()) if (time < needed) versions.delete(time);
}

function join({ fn, outer, isDeletion }: TemporalParts, left: unknown, at: number, ctx: Context): void {
  const time = newest(ctx.state.versions, at);
  const version = time === -Infinity ? undefined : ctx.state.versions.get(time);
  const right = version === undefined || isDeletion?.(version) === true ? undefined : version;
  if (right === undefined && !outer) return;
  const row = pairOf(fn, left, right, ctx);
  if (row !== NO_PAIR) ctx.emit(row);
}

/** Time of the newest version at `at`; −Infinity: none. */
function newest(versions: TimeMap<unknown>, at: number): number {
  let best = -Infinity;
  for (const time of versions.keys()) if (time <= at && time > best) best = time;
  return best;
}
