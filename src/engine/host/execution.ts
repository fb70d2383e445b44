// The ExecutionGraph of a host: every subtask of the job with its channels, sink gates and split readers, in topological order. Built in
// an order that matters: what the restored checkpoint prepared is committed before any writer or reader opens.
import type { Env } from "../../env/env.ts";
import type { ConnectorContext, Json, SinkConnector, SourceConnector, Split } from "../../stream/connector.ts";
import type { StreamNode } from "../../stream/graph.ts";
import { fromBase64 } from "../../bytes/base64.ts";
import type { CheckpointStore } from "../checkpoint/checkpoint-store.ts";
import { hasTwoStreams } from "../job-graph-builder.ts";
import { channelsOf } from "../exchange/channels.ts";
import type { JobGraph, SinkNode, Task } from "../job-graph.ts";
import type { Pressure } from "../operators/operator-home.ts";
import { keyGroupOwner } from "../state/key-group.ts";
import { createSubtask } from "../subtask/create-subtask.ts";
import { SplitNumbers } from "../subtask/row-origins.ts";
import type { Deployment } from "./host-messages.ts";
import { RefusedRows } from "./refused-rows.ts";
import { SetupRefusedError } from "./setup-refused-error.ts";
import { SinkGate } from "./sink-gate.ts";
import { assignSplits } from "./split-assignment.ts";
import { SplitRunner } from "./split-runner.ts";
import { SubtaskRunner } from "./subtask-runner.ts";
import type { OutputRoute, RunnerHost } from "./subtask-runner.ts";
import { TimeMeter } from "./time-meter.ts";

/** Splits that no event-time strategy speaks for fall idle after this (Flink has no default; see docs/differences-from-flink.md). */
const DEFAULT_IDLE_AFTER_MS = 5000;

export interface ExecutionHost extends RunnerHost {
  readonly pressure: Pressure;
  wake(): void;
}

/** A source of the job with the subtasks that read it. */
export interface SourceRun {
  readonly node: StreamNode & { readonly kind: "source" };
  readonly connector: SourceConnector;
  readonly runners: readonly SubtaskRunner[];
  /** Splits of each subtask. */
  readonly splits: SplitRunner[][];
  readonly known: Set<string>;
}

interface SinkRun {
  readonly node: SinkNode;
  readonly connector: SinkConnector;
  /** Subtasks that write to it, of all tasks. */
  readonly writers: number;
  next: number;
}

export class Execution {
  readonly graph: JobGraph;
  readonly meter: TimeMeter;
  /** Topological order. */
  readonly runners: SubtaskRunner[] = [];
  readonly gates: SinkGate[] = [];
  readonly sources: SourceRun[] = [];
  readonly #env: Env;
  /** So that rows say where they came from, in all subtasks alike. */
  readonly #splits = new SplitNumbers();
  readonly #deployment: Deployment;
  readonly #host: ExecutionHost;
  readonly #byTask: SubtaskRunner[][] = [];
  readonly #sinks = new Map<number, SinkRun>();

  constructor(env: Env, graph: JobGraph, deployment: Deployment, host: ExecutionHost) {
    this.graph = graph;
    this.#env = env;
    this.#deployment = deployment;
    this.#host = host;
    this.meter = new TimeMeter(env.clock);
  }

  /** Connectors, recovery, subtasks with their state, writers, readers. Whatever was opened is closed by close(), also after a rejection. */
  async deploy(store: CheckpointStore | undefined): Promise<void> {
    this.#createConnectors();
    for (const { connector, node } of this.sources) await checked("source", node.name, connector);
    for (const { connector, node } of this.#sinks.values()) await checked("sink", node.name, connector);
    await this.#recoverSinks();
    for (const task of this.graph.tasks) this.#byTask.push(this.#createRunners(task));
    for (const task of this.graph.tasks) for (const runner of this.#byTask[task.id]!) await this.#connect(runner);
    await this.#restoreState(store);
    const now = this.#env.clock.now();
    for (const runner of this.runners) runner.start(now);
    for (const source of this.sources) await this.discover(source);
    for (const source of this.sources) {
      source.runners.forEach((runner, index) => {
        if (source.splits[index]!.length === 0) runner.announceStatus("idle");
      });
    }
  }

  /** Opens the splits of a source that nobody reads yet; at the start with their positions from the checkpoint. */
  async discover(source: SourceRun): Promise<readonly SplitRunner[]> {
    const positions = this.#restoredPositions(source.node.name);
    const found = new Map((await source.connector.discover()).map((split) => [split.id, split]));
    // A split of the checkpoint that is gone is opened all the same: its reader says what is wrong, nothing is skipped silently.
    for (const id of positions.keys()) if (!found.has(id)) found.set(id, { id, data: null });
    const added = [...found.values()].filter((split) => !source.known.has(split.id));
    const assigned = assignSplits(
      added,
      source.splits.map((splits) => splits.length),
    );
    const opened: SplitRunner[] = [];
    for (const [subtask, splits] of assigned.entries())
      for (const split of splits) opened.push(await this.#openSplit(source, subtask, split, positions.get(split.id)));
    return opened;
  }

  /** Best effort, in the order readers, writers, connectors, subtasks; errors are logged. */
  async close(): Promise<void> {
    const attempt = async (what: string, close: () => Promise<void> | void) => {
      try {
        await close();
      } catch (error) {
        this.#env.logger.log("warn", "close-failed", { job: this.#deployment.job, what, error: String(error) });
      }
    };
    for (const source of this.sources)
      for (const split of source.splits.flat()) await attempt(`reader of ${split.id}`, () => split.reader.close());
    for (const gate of this.gates) await attempt(`writer of ${gate.operator}`, () => gate.close());
    for (const source of this.sources) await attempt(source.node.name, () => source.connector.close());
    for (const sink of this.#sinks.values()) await attempt(sink.node.name, () => sink.connector.close());
    for (const runner of this.runners) await attempt(runner.task.name, () => runner.close());
  }

  #createConnectors(): void {
    for (const task of this.graph.tasks) {
      const head = task.nodes[0]!;
      if (head.kind === "source") {
        const connector = head.source.create(this.#context(head.name));
        const splits = Array.from({ length: task.parallelism }, () => []);
        this.sources.push({ node: head, connector, runners: [], splits, known: new Set() });
      }
      for (const node of sinksOf(task)) {
        const run = this.#sinks.get(node.id);
        const writers = (run?.writers ?? 0) + task.parallelism;
        this.#sinks.set(node.id, { node, connector: run?.connector ?? node.sink.create(this.#context(node.name)), writers, next: 0 });
      }
    }
  }

  #context(operator: string): ConnectorContext {
    const { job, settings, restore } = this.#deployment;
    return { env: this.#env, job, operator, settings, restored: Object.hasOwn(restore?.manifest.sources ?? {}, operator) };
  }

  async #recoverSinks(): Promise<void> {
    for (const { connector, node } of this.#sinks.values()) {
      const prepared = this.#deployment.restore?.manifest.committables[node.name] ?? [];
      await connector.recover(prepared.map(fromBase64));
    }
  }

  #createRunners(task: Task): SubtaskRunner[] {
    const runners = Array.from({ length: task.parallelism }, (_, index) => new SubtaskRunner(task, index, this.#host, this.meter));
    this.runners.push(...runners);
    const source = this.sources.find(({ node }) => node === task.nodes[0]);
    (source?.runners as SubtaskRunner[] | undefined)?.push(...runners);
    return runners;
  }

  async #connect(runner: SubtaskRunner): Promise<void> {
    const { task, index } = runner;
    const routes: OutputRoute[] = [];
    const gates = new Map<number, SinkGate>();
    for (const [output, { target }] of task.outputs.entries()) {
      if (target.kind === "task") {
        routes.push({ kind: "task", targets: this.#targets(task, index, output, target.task) });
        continue;
      }
      const gate = gates.get(target.node.id) ?? (await this.#openGate(target.node, target.deadLetters));
      gates.set(target.node.id, gate);
      routes.push({ kind: "sink", sink: gate });
    }
    const { codegen, job } = this.#deployment;
    const { clock } = this.#env;
    const context = {
      index,
      parallelism: task.parallelism,
      maxParallelism: this.graph.maxParallelism,
      jobName: job,
      codegen,
      splits: this.#splits,
      now: () => clock.now(),
      wake: () => this.#host.wake(),
      pressure: this.#host.pressure,
      ...(shuffles(task) ? { seed: this.#env.random.uint32() } : {}),
    };
    const subtask = createSubtask(task, context, runner);
    const channels = channelsOf(this.graph, task, index);
    const ports = channels.map((channel) => channel.port);
    const origins = hasTwoStreams(task.nodes[0]!) ? channels.map((channel) => channel.task * 65_536 + channel.subtask) : undefined;
    runner.connect(subtask, ports, routes, origins);
  }

  #targets(
    task: Task,
    index: number,
    output: number,
    target: number,
  ): OutputRoute & { kind: "task" } extends { targets: infer T } ? T : never {
    return this.#byTask[target]!.map((runner) => {
      const channel = channelsOf(this.graph, this.graph.tasks[target]!, runner.index).findIndex(
        (origin) => origin.task === task.id && origin.subtask === index && origin.output === output,
      );
      return channel < 0 ? undefined : { runner, channel };
    });
  }

  async #openGate(node: SinkNode, deadLetters?: SinkNode): Promise<SinkGate> {
    const letters = deadLetters === undefined ? undefined : await this.#openGate(deadLetters);
    const sink = this.#sinks.get(node.id)!;
    const writer = await sink.connector.writer(sink.next++, sink.writers);
    const events = { ready: () => this.#host.wake(), failed: (error: unknown, operator: string) => this.#host.fail(error, operator) };
    const refused = new RefusedRows(node.name, node.onError, this.#splits, letters);
    const gate = new SinkGate(node.name, writer, this.meter, events, { refused, letters });
    this.gates.push(gate);
    return gate;
  }

  async #restoreState(store: CheckpointStore | undefined): Promise<void> {
    const point = this.#deployment.restore;
    if (point === undefined || store === undefined) return;
    const taskOf = new Map<string, Task>();
    for (const task of this.graph.tasks) for (const node of task.nodes) taskOf.set(node.name, task);
    for await (const chunk of store.chunks(point)) {
      const task = taskOf.get(chunk.operator);
      if (task === undefined) continue;
      const runners = this.#byTask[task.id]!;
      // Entries of operator state go to every subtask; each uses those of its own splits.
      if (chunk.address.kind === "operator-state") for (const runner of runners) runner.restore(chunk);
      else runners[keyGroupOwner(chunk.address.group, task.parallelism, this.graph.maxParallelism)]!.restore(chunk);
    }
  }

  #restoredPositions(source: string): ReadonlyMap<string, Json> {
    return new Map(Object.entries(this.#deployment.restore?.manifest.sources[source] ?? {}));
  }

  async #openSplit(source: SourceRun, subtask: number, split: Split, position: Json | undefined): Promise<SplitRunner> {
    const reader = await source.connector.open(split, position);
    const idleAfterMs = source.node.time?.watermarks.idleAfterMs ?? DEFAULT_IDLE_AFTER_MS;
    const alignment = source.node.time?.watermarks.alignment;
    const options = { source: source.node.name, id: split.id, runner: source.runners[subtask]!, reader, idleAfterMs, alignment };
    const run = new SplitRunner(
      options,
      () => this.#host.wake(),
      (error, operator) => this.#host.fail(error, operator),
    );
    source.known.add(split.id);
    const first = source.splits[subtask]!.push(run) === 1;
    if (first) run.runner.announceStatus("active");
    run.start();
    return run;
  }
}

async function checked(kind: "source" | "sink", name: string, connector: { check?(): Promise<void> }): Promise<void> {
  try {
    await connector.check?.();
  } catch (error) {
    throw new SetupRefusedError(kind, name, error);
  }
}

function shuffles(task: Task): boolean {
  return task.outputs.some(({ target }) => target.kind === "task" && target.edge.partitioning.kind === "shuffle");
}

export function sinksOf(task: Task): SinkNode[] {
  const nodes = new Map<number, SinkNode>();
  for (const { target } of task.outputs) {
    if (target.kind !== "sink") continue;
    nodes.set(target.node.id, target.node);
    if (target.deadLetters !== undefined) nodes.set(target.deadLetters.id, target.deadLetters);
  }
  return [...nodes.values()];
}
