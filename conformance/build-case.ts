// A case as a pipeline, written as a user would write it. Rows leave as canonical text.
import { arraySource, collectSink, type CollectSink } from "../src/connectors/memory/index.ts";
import {
  boundedOutOfOrderness,
  count,
  max,
  min,
  pipeline,
  session,
  sum,
  t,
  tumbling,
  sliding,
  type DataStream,
  type Evictor,
  type GlobalWindow,
  type KeyedStream,
  type Pipeline,
  type TimeWindow,
  type Trigger,
  type WindowAssigner,
} from "../src/stream/index.ts";
import type { Case, JoinCase, WindowCase } from "./case.ts";
import { compileCondition } from "./condition.ts";
import type { Input, InputRecord } from "./inputs.ts";
import { addProcess } from "./process-functions.ts";
import { countAssigner, evictorOf, timeAssigner, triggerOf, UnsupportedCaseError } from "./window-parts.ts";

export interface BuiltCase {
  readonly pipeline: Pipeline;
  readonly main: CollectSink<unknown>;
  readonly late: CollectSink<unknown>;
}

/** `ratePerSecond`: of the source. Throws UnsupportedCaseError. */
export function buildCase(one: Case, input: Input, ratePerSecond = Infinity): BuiltCase {
  const main = collectSink();
  const late = collectSink();
  const made = pipeline(one.id, (p) => {
    const time = { eventTime: (event: InputRecord) => event.ts, watermarks: boundedOutOfOrderness(one.watermarkDelayMs) };
    const source = arraySource(input.schema, input.rows, { ratePerSecond });
    const stream =
      one.filter === undefined
        ? p.from("input", source, time)
        : p
            .from("input", source)
            .filter(compileCondition(one.filter) as unknown as (event: InputRecord) => boolean)
            .assignWatermarks(time);
    if (one.kind === "window") addWindow(one, stream, main, late);
    else if (one.kind === "join") addJoin(one, stream, late).to("out", main);
    else if (one.kind === "process") addProcess(one, byKey(one, stream)).to("out", main);
    else throw new UnsupportedCaseError(`kind ${one.kind}`);
  });
  made.graph();
  return { pipeline: made, main, late };
}

/** Field values joined with "|". */
function byKey(one: Case, stream: DataStream<InputRecord>): KeyedStream<string, InputRecord> {
  const fields = one.key ?? [];
  return stream.keyBy((event) => fields.map((field) => String((event as unknown as Record<string, unknown>)[field])).join("|"), t.string());
}

function addWindow(
  one: Case & WindowCase,
  stream: DataStream<InputRecord>,
  main: CollectSink<unknown>,
  late: CollectSink<unknown>,
): undefined {
  const value = (event: InputRecord): number => (event as unknown as Record<string, number>)[one.sum]!;
  const aggregates = { n: count(), total: sum(value), low: min("i"), high: max("i") } as const;
  const trigger = one.trigger === undefined ? undefined : triggerOf(one.trigger, one.sum);
  const evictor = one.evictor === undefined ? undefined : evictorOf(one.evictor, one.sum);
  const counted = one.window.type === "count" || one.window.type === "global";
  const assigner: WindowAssigner<TimeWindow | GlobalWindow, InputRecord> = counted ? countAssigner(one.window) : timeAssigner(one.window);
  let windowed = one.key === undefined ? stream.windowAll(assigner) : byKey(one, stream).window(assigner);
  if (one.allowedLatenessMs !== undefined) windowed = windowed.allowedLateness(one.allowedLatenessMs);
  if (trigger !== undefined) windowed = windowed.trigger(trigger);
  if (evictor !== undefined) windowed = windowed.evictor(evictor);
  const withLate = one.late === true ? windowed.lateOutput().aggregate("windows", aggregates) : undefined;
  withLate?.side.late.map((event) => JSON.stringify([event.i])).to("late", late);
  (withLate ?? windowed.aggregate("windows", aggregates))
    .map(({ key, window, n, total, low, high }) => {
      const bounds = "start" in window ? [window.start, window.end] : [];
      return JSON.stringify([key, ...bounds, n, total, low, high]);
    })
    .to("out", main);
}

function addJoin(one: Case & JoinCase, stream: DataStream<InputRecord>, late: CollectSink<unknown>): DataStream<string> {
  const side = (condition: JoinCase["left"]): KeyedStream<string, InputRecord> =>
    byKey(one, stream.filter(compileCondition(condition) as unknown as (event: InputRecord) => boolean));
  const [left, right] = [side(one.left), side(one.right)];
  const { type } = one.join;
  if (type === "interval") return addIntervalJoin(one, left, right, late);
  if (type === "temporal") return addTemporalJoin(one, left, right);
  const trigger = one.trigger === undefined ? {} : { trigger: triggerOf(one.trigger, "i") as Trigger };
  const evictor = one.evictor === undefined ? {} : { evictor: evictorOf(one.evictor, "i") as Evictor };
  const options = { allowedLateness: one.allowedLatenessMs ?? 0, ...trigger, ...evictor };
  const assigner = joinWindow(one.join);
  if (type === "window") return left.windowJoin("join", right, assigner, (a, b) => JSON.stringify([a.i, b.i]), options);
  if (type !== "coGroup") throw new UnsupportedCaseError(`join ${type}`);
  const group = ({ left: a, right: b }: { readonly left: readonly InputRecord[]; readonly right: readonly InputRecord[] }) => [
    JSON.stringify([Math.min(...a.map(({ i }) => i), ...b.map(({ i }) => i)), a.length, b.length]),
  ];
  return left.coGroup("join", right, assigner, group, options);
}

type Side = KeyedStream<string, InputRecord>;

function joinWindow({ sizeMs, slideMs, offsetMs = 0, gapMs }: JoinCase["join"]): WindowAssigner<TimeWindow> {
  if (gapMs !== undefined) return session(gapMs, { mergedOrder: "as-merged" });
  return slideMs === undefined ? tumbling(sizeMs!, { offset: offsetMs }) : sliding(sizeMs!, slideMs, { offset: offsetMs });
}

function addIntervalJoin(one: JoinCase, left: Side, right: Side, late: CollectSink<unknown>): DataStream<string> {
  const { lowerMs, upperMs, lowerExclusive = false, upperExclusive = false } = one.join;
  const bounds = { lower: lowerMs!, upper: upperMs!, lowerExclusive, upperExclusive };
  const pair = (a: InputRecord, b: InputRecord): string => JSON.stringify([a.i, b.i, Math.max(a.ts, b.ts)]);
  if (one.late !== true) return left.intervalJoin("join", right, bounds, pair);
  const rows = left.intervalJoin("join", right, { ...bounds, lateOutputs: true }, pair);
  const lateRow = (side: string, { i }: InputRecord): string => JSON.stringify("rows" in one ? [side, i] : [i]);
  rows.side.lateLeft.map((event) => lateRow("left", event)).to("late-left", late);
  rows.side.lateRight.map((event) => lateRow("right", event)).to("late-right", late);
  return rows;
}

function addTemporalJoin({ join: { outer, deleteBelow = -Infinity } }: JoinCase, left: Side, right: Side): DataStream<string> {
  const isDeletion = (event: InputRecord): boolean => (event as unknown as { readonly v: number }).v < deleteBelow;
  const kind = outer === true ? "left" : "inner";
  return left.temporalJoin("join", right, (a, b) => JSON.stringify([a.i, b?.i ?? null]), { kind, isDeletion });
}
