// What a host reports now and then: counters, rates since the last report, watermarks, and where the thread's time went.
// A task's busy time is its share of the thread; while a sink is not ready nothing is read, so all tasks of the host are backpressured.
import type { Env } from "../../env/env.ts";
import type { Timer } from "../../env/clock.ts";
import type { Edge, StreamNode } from "../../stream/graph.ts";
import type { Task } from "../job-graph.ts";
import { sinksOf, type Execution } from "./execution.ts";
import { userFrame } from "../coordinator/user-frame.ts";
import { mergeMetrics, type UserMetrics } from "../operators/user-metrics.ts";
import type { LateDrops } from "../operators/late-drops.ts";
import { valueText } from "../subtask/dead-letter-row.ts";
import { errorText } from "../subtask/operator-error.ts";
import type { EdgeStatus, HostReport, LateReport, OperatorStatus, SplitReport, SubtaskStatus } from "./host-messages.ts";
import { isAhead } from "./split-alignment.ts";
import type { SubtaskRunner } from "./subtask-runner.ts";

/** Late elements in a report, and characters of each. */
const LATE_SAMPLES = 3;
const SAMPLE_LENGTH = 200;

interface Counts {
  recordsIn: number;
  recordsOut: number;
}

interface Interval {
  /** Length in ms. */
  readonly ms: number;
  /** Busy ms since the last report. */
  readonly busy: ReadonlyMap<SubtaskRunner, number>;
  readonly backpressuredMs: number;
}

export class HostStatus {
  readonly #env: Env;
  readonly #execution: Execution;
  #timer: Timer | undefined;
  #lastAt: number;
  #backpressuredMs = 0;
  readonly #lastBusy = new Map<object, number>();
  readonly #lastCounts = new Map<string, Counts>();
  #stopped = false;

  constructor(env: Env, execution: Execution) {
    this.#env = env;
    this.#execution = execution;
    this.#lastAt = env.clock.monotonicMs();
  }

  start(everyMs: number, send: (report: HostReport) => void): void {
    const again = () => {
      if (this.#stopped) return;
      send(this.report());
      this.#timer = this.#env.timers.after(everyMs, again, { unref: true });
    };
    again();
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  /** The loop goes to sleep; give the result to rested(). */
  resting(): number {
    return this.#env.clock.monotonicMs();
  }

  rested(since: number, backpressured: boolean): void {
    if (backpressured) this.#backpressuredMs += this.#env.clock.monotonicMs() - since;
  }

  report(): HostReport {
    const interval = this.#interval();
    const operators = this.#execution.graph.tasks.flatMap((task) => this.#task(task, interval));
    operators.push(...this.#sinks(interval));
    operators.sort((a, b) => a.id - b.id);
    return { operators, splits: this.#splits() };
  }

  #interval(): Interval {
    const now = this.#env.clock.monotonicMs();
    const busy = new Map(this.#execution.runners.map((runner) => [runner, this.#since(runner.account)]));
    const interval = { ms: Math.max(1e-3, now - this.#lastAt), busy, backpressuredMs: this.#backpressuredMs };
    this.#lastAt = now;
    this.#backpressuredMs = 0;
    return interval;
  }

  #since(account: { readonly busyMs: number }): number {
    const ms = account.busyMs - (this.#lastBusy.get(account) ?? 0);
    this.#lastBusy.set(account, account.busyMs);
    return ms;
  }

  #task(task: Task, interval: Interval): OperatorStatus[] {
    const runners = this.#execution.runners.filter((runner) => runner.task === task);
    const sum = (of: (runner: SubtaskRunner) => number) => runners.reduce((total, runner) => total + of(runner), 0);
    const lowest = (of: (runner: SubtaskRunner) => number) => runners.reduce((least, runner) => Math.min(least, of(runner)), Infinity);
    const busyRatio = ratio(sum((runner) => interval.busy.get(runner)!) / interval.ms);
    const backpressuredRatio = ratio(interval.backpressuredMs / interval.ms, 1 - busyRatio);
    return task.nodes.map((node, place) => {
      const counts = {
        recordsIn: sum((runner) => runner.subtask.metrics.operators[place]?.numRecordsIn ?? 0),
        recordsOut: sum((runner) => runner.subtask.metrics.operators[place]?.numRecordsOut ?? 0),
      };
      return {
        ...describeNode(node, task.parallelism),
        ...finalAfter(node),
        edges: place === 0 ? task.inputs.map(({ edge }) => edgeStatus(edge, edge.partitioning.kind)) : chainedEdges(node),
        chain: task.id,
        ...counts,
        ...this.#rates(node.name, counts, interval.ms),
        ...userMetrics(runners.flatMap((runner) => runner.subtask.metrics.operators[place]?.user ?? [])),
        ...losses(runners, place),
        subtasks: runners.map((runner) => this.#subtask(runner, place, node.name, interval)),
        watermark: finite(lowest((runner) => runner.subtask.metrics.currentOutputWatermark)),
        nextEventTime: finite(lowest((runner) => runner.subtask.metrics.operators[place]?.nextEventTime ?? Infinity)),
        busyRatio,
        backpressuredRatio,
        idleRatio: ratio(1 - busyRatio - backpressuredRatio),
      };
    });
  }

  #subtask(runner: SubtaskRunner, place: number, name: string, interval: Interval): SubtaskStatus {
    const { index } = runner;
    const { metrics } = runner.subtask;
    const operator = metrics.operators[place];
    const counts = { recordsIn: operator?.numRecordsIn ?? 0, recordsOut: operator?.numRecordsOut ?? 0 };
    const size = operator?.size?.();
    const busyRatio = ratio(interval.busy.get(runner)! / interval.ms);
    const backpressuredRatio = ratio(interval.backpressuredMs / interval.ms, 1 - busyRatio);
    return {
      index,
      ...counts,
      ...this.#rates(`${index}/${name}`, counts, interval.ms),
      inputWatermark: finite(metrics.currentInputWatermark),
      outputWatermark: finite(metrics.currentOutputWatermark),
      lateDropped: operator?.drops?.dropped ?? 0,
      timers: size?.timers ?? 0,
      windows: size?.windows ?? 0,
      stateBytes: size?.bytes ?? 0,
      busyRatio,
      backpressuredRatio,
      idleRatio: ratio(1 - busyRatio - backpressuredRatio),
    };
  }

  #sinks(interval: Interval): OperatorStatus[] {
    const nodes = new Map<number, StreamNode>();
    const watermark = new Map<number, number>();
    for (const runner of this.#execution.runners) {
      for (const node of sinksOf(runner.task)) {
        nodes.set(node.id, node);
        watermark.set(node.id, Math.min(watermark.get(node.id) ?? Infinity, runner.subtask.metrics.currentOutputWatermark));
      }
    }
    return [...nodes.values()].map((node) => {
      const gates = this.#execution.gates.filter((gate) => gate.operator === node.name);
      const recordsIn = gates.reduce((total, gate) => total + gate.recordsIn, 0);
      const counts = { recordsIn, recordsOut: recordsIn };
      const busyRatio = ratio(gates.reduce((total, gate) => total + this.#since(gate.account), 0) / interval.ms);
      const waiting = gates.some((gate) => gate.blocked);
      return {
        ...describeNode(node, gates.length),
        edges: node.inputs.map((edge) => edgeStatus(edge, "forward")),
        chain: -1,
        ...counts,
        ...this.#rates(node.name, counts, interval.ms),
        watermark: finite(watermark.get(node.id) ?? -Infinity),
        nextEventTime: null,
        lateDropped: 0,
        skipped: gates.reduce((total, gate) => total + gate.skipped, 0),
        deadLettered: gates.reduce((total, gate) => total + gate.deadLettered, 0),
        ...lastErrorOf(gates),
        // A sink that makes others wait is the one that is busy, whoever it waits for itself.
        busyRatio: waiting ? Math.max(busyRatio, ratio(interval.backpressuredMs / interval.ms)) : busyRatio,
        backpressuredRatio: 0,
        idleRatio: waiting ? ratio(1 - Math.max(busyRatio, interval.backpressuredMs / interval.ms)) : ratio(1 - busyRatio),
      };
    });
  }

  #rates(name: string, counts: Counts, ms: number): { recordsInPerSecond: number; recordsOutPerSecond: number } {
    const before = this.#lastCounts.get(name) ?? { recordsIn: 0, recordsOut: 0 };
    this.#lastCounts.set(name, counts);
    const perSecond = (now: number, then: number) => Math.round(((now - then) * 10_000) / ms) / 10;
    return {
      recordsInPerSecond: perSecond(counts.recordsIn, before.recordsIn),
      recordsOutPerSecond: perSecond(counts.recordsOut, before.recordsOut),
    };
  }

  #splits(): SplitReport[] {
    const all = this.#execution.sources.flatMap((source) => source.splits.flat());
    return this.#execution.sources.flatMap((source) =>
      source.splits.flat().map((split) => ({
        source: source.node.name,
        split: split.id,
        position: split.position,
        status: split.status,
        watermark: finite(split.watermark),
        ...(isAhead(split, all) ? ({ ahead: true } as const) : {}),
        pending: Number.isFinite(split.reader.pending) ? split.reader.pending : null,
        ...((split.reader.tombstones ?? 0) > 0 ? { tombstones: split.reader.tombstones! } : {}),
      })),
    );
  }
}

function chainedEdges({ inputs }: StreamNode): readonly EdgeStatus[] {
  return inputs.map((edge) => edgeStatus(edge, "chained"));
}

function edgeStatus({ from, output }: Edge, partitioning: EdgeStatus["partitioning"]): EdgeStatus {
  return { from, output, partitioning };
}

function userMetrics(subtasks: readonly UserMetrics[]): Pick<OperatorStatus, "metrics"> {
  const metrics = mergeMetrics(subtasks);
  return metrics.length === 0 ? {} : { metrics };
}

function describeNode(node: StreamNode, parallelism: number): Pick<OperatorStatus, "id" | "name" | "kind" | "inputs" | "parallelism"> {
  return { id: node.id, name: node.name, kind: node.kind, inputs: node.inputs.map((edge) => edge.from), parallelism };
}

type Losses = Pick<OperatorStatus, "lateDropped" | "skipped" | "deadLettered" | "lastError" | "late" | "keptKeys">;

function losses(runners: readonly SubtaskRunner[], place: number): Losses {
  const all = runners.map(({ subtask }) => subtask.metrics);
  const lost = all.flatMap(({ operators }) => operators[place]?.losses ?? []);
  const last = lost.find((one) => one.last !== undefined)?.last;
  const drops = all.flatMap(({ operators }) => operators[place]?.drops ?? []);
  const dropped = drops.reduce((total, one) => total + one.dropped, 0);
  const sizes = all.flatMap(({ operators }) => operators[place]?.size?.() ?? []);
  return {
    lateDropped: dropped,
    skipped: lost.reduce((total, { skipped }) => total + skipped, 0),
    deadLettered: lost.reduce((total, { deadLettered }) => total + deadLettered, 0),
    ...(last === undefined ? {} : { lastError: lossText(last) }),
    ...(dropped === 0 ? {} : { late: lateReport(drops) }),
    ...(sizes.length === 0 ? {} : { keptKeys: sizes.reduce((total, { keys }) => total + keys, 0) }),
  };
}

function lastErrorOf(gates: Execution["gates"]): Pick<OperatorStatus, "lastError"> {
  const last = gates.find((gate) => gate.lastError !== undefined)?.lastError;
  return last === undefined ? {} : { lastError: lossText(last) };
}

function finalAfter(node: StreamNode): Pick<OperatorStatus, "finalAfterMs"> {
  const isFinal = node.kind === "window" && node.window.trigger?.kind === "at-the-end";
  return isFinal ? { finalAfterMs: node.window.allowedLatenessMs } : {};
}

/** What was thrown, and where in the user's file. */
function lossText(thrown: unknown): string {
  const place = thrown instanceof Error ? userFrame(thrown.stack) : undefined;
  return `${errorText(thrown)}${place === undefined ? "" : ` (${place})`}`;
}

function lateReport(drops: readonly LateDrops[]): LateReport {
  const samples = drops.flatMap((one) => one.samples).toSorted((a, b) => b.watermark - a.watermark);
  return {
    worstMs: Math.max(...drops.map(({ worstMs }) => worstMs)),
    samples: samples
      .slice(0, LATE_SAMPLES)
      .map(({ element, timestamp, watermark }) => ({ element: valueText(element).slice(0, SAMPLE_LENGTH), timestamp, watermark })),
  };
}

function finite(time: number): number | null {
  return Number.isFinite(time) ? time : null;
}

function ratio(share: number, most = 1): number {
  return Math.round(Math.min(Math.max(share, 0), Math.max(0, most)) * 1000) / 1000;
}
