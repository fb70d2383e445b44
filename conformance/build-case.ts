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
  type KeyedStream,
  type Pipeline,
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
    else if (one.kind === "join") addJoin(one, stream).to("out", main);
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
  if (one.window.size !== undefined || one.window.type === "global") {
    const assigner = countAssigner(one.window);
    let windowed = one.key === undefined ? stream.windowAll(assigner) : byKey(one, stream).window(assigner);
    if (trigger !== undefined) windowed = windowed.trigger(trigger);
    if (evictor !== undefined) windowed = windowed.evictor(evictor);
    windowed
      .aggregate("windows", aggregates)
      .map(({ key, n, total, low, high }) => JSON.stringify([key, n, total, low, high]))
      .to("out", main);
    return;
  }
  const assigner = timeAssigner(one.window);
  let windowed = one.key === undefined ? stream.windowAll(assigner) : byKey(one, stream).window(assigner);
  windowed = windowed.allowedLateness(one.allowedLatenessMs ?? 0);
  if (trigger !== undefined) windowed = windowed.trigger(trigger);
  if (evictor !== undefined) windowed = windowed.evictor(evictor);
  if (one.late === true) {
    const rows = windowed.lateOutput().aggregate("windows", aggregates);
    rows.side.late.map((event) => JSON.stringify([event.i])).to("late", late);
    rows
      .map(({ key, window, n, total, low, high }) => JSON.stringify([key, window.start, window.end, n, total, low, high]))
      .to("out", main);
    return;
  }
  const rows = windowed.aggregate("windows", aggregates);
  rows.map(({ key, window, n, total, low, high }) => JSON.stringify([key, window.start, window.end, n, total, low, high])).to("out", main);
}

function addJoin(one: Case & JoinCase, stream: DataStream<InputRecord>): DataStream<string> {
  const side = (condition: JoinCase["left"]): KeyedStream<string, InputRecord> =>
    byKey(one, stream.filter(compileCondition(condition) as unknown as (event: InputRecord) => boolean));
  const [left, right] = [side(one.left), side(one.right)];
  const { type, lowerMs, upperMs, lowerExclusive, upperExclusive, sizeMs, slideMs, offsetMs, gapMs } = one.join;
  if (type === "interval") {
    const bounds = { lower: lowerMs!, upper: upperMs!, lowerExclusive: lowerExclusive ?? false, upperExclusive: upperExclusive ?? false };
    return left.intervalJoin("join", right, bounds, (a, b) => JSON.stringify([a.i, b.i, Math.max(a.ts, b.ts)]));
  }
  const assigner =
    gapMs !== undefined
      ? session(gapMs)
      : slideMs !== undefined
        ? sliding(sizeMs!, slideMs, { offset: offsetMs ?? 0 })
        : tumbling(sizeMs!, { offset: offsetMs ?? 0 });
  if (type === "window") return left.windowJoin("join", right, assigner, (a, b) => JSON.stringify([a.i, b.i]));
  if (type !== "coGroup") throw new UnsupportedCaseError(`join ${type}`);
  return left.coGroup("join", right, assigner, ({ left: a, right: b }) => [
    JSON.stringify([Math.min(...a.map(({ i }) => i), ...b.map(({ i }) => i)), a.length, b.length]),
  ]);
}
