// One pipeline over the same inputs in several ways: at each parallelism without interruption, with kills and restores in the middle, and
// with inputs shuffled within a bound. All must give the same rows, whatever their order.
import { collectSink, type CollectSink } from "../../connectors/memory/collect-sink.ts";
import { runJob, type RunJobOptions } from "../../engine/run-job.ts";
import type { Schema, TypeInfo } from "../../schema/type-info.ts";
import { schemaOf } from "../../schema/t.ts";
import { arraySource } from "../../connectors/memory/array-source.ts";
import type { Source } from "../../stream/connector.ts";
import { durationMs } from "../../stream/duration.ts";
import type { StreamGraph } from "../../stream/graph.ts";
import { PipelineError } from "../../stream/pipeline-error.ts";
import type { Duration } from "../../stream/watermarks.ts";
import { difference } from "../connector-contract/contract-violation.ts";
import { createSimulation, type Simulation } from "../simulation/simulation.ts";
import { Prng } from "../simulation/prng.ts";
import { checkNames, rewiredGraph, sideName, type SourceNode } from "./rewired-graph.ts";

export type TestRows = readonly unknown[] | { readonly rows: readonly unknown[]; readonly timestamp: (row: never) => number };
export type TestInputs = Readonly<Record<string, TestRows>>;

export interface TestOptions {
  /** One, or several to be compared. Default 1. */
  readonly parallelism?: number | readonly number[];
  /** At every parallelism once more, killed when this fraction of all input was read (0.5: in the middle; [0.3, 0.6]: twice), and restored. */
  readonly crashAt?: number | readonly number[];
  /** At every parallelism once more, each input in another order: no row comes more than this behind a later one. Needs event times. */
  readonly shuffleWithin?: Duration;
  /** Parts of each input that are read in parallel. Default 1: the order of an input is kept. */
  readonly splits?: number;
  /** Of shuffles and of the simulated machine. Default 1. */
  readonly seed?: number;
}

export interface TestResult {
  /** What a sink got, in order of the first way. */
  output<T = unknown>(sink: string): readonly T[];
  side<T = unknown>(operator: string, side: string): readonly T[];
  /** The ways in which the pipeline was run, such as "parallelism 2, killed at 0.5". */
  readonly ways: readonly string[];
}

/** Two ways of running a pipeline gave different rows. */
export class VariantsDifferError extends Error {
  override readonly name = "VariantsDifferError";
  readonly code = "VARIANTS_DIFFER";
}

/** Virtual time that a source takes in a run that is killed, and how often a checkpoint is taken there. */
const PACED_SECONDS = 2;
const CHECKPOINT_EVERY_MS = 40;
const LIMITS = { maxVirtualMs: 1e12, maxEvents: 100_000_000 };

interface Way {
  readonly name: string;
  readonly parallelism: number;
  readonly crashAt: readonly number[];
  readonly shuffleMs: number;
}

type Rows = ReadonlyMap<string, readonly unknown[]>;

export async function runVariants(graph: StreamGraph, inputs: TestInputs, options: TestOptions): Promise<TestResult> {
  checkNames(graph, "source", Object.keys(inputs));
  const ways = waysOf(options);
  let first: Rows | undefined;
  for (const way of ways) {
    const rows = await runOneWay(graph, inputs, options, way);
    first ??= rows;
    for (const [name, expected] of first) {
      const wrong = difference(rows.get(name)!, expected);
      if (wrong !== undefined)
        throw new VariantsDifferError(
          `The pipeline "${graph.name}" gives other rows at "${name}" with ${way.name} than with ${ways[0]!.name}: ${wrong}.`,
        );
    }
  }
  const output = <T>(name: string): readonly T[] => {
    checkOutput(first!, name);
    return first!.get(name) as T[];
  };
  return { output, side: (operator, side) => output(sideName(operator, side)), ways: ways.map(({ name }) => name) };
}

function waysOf(options: TestOptions): readonly Way[] {
  const { parallelism = 1, crashAt, shuffleWithin } = options;
  const crashes = crashAt === undefined ? [] : typeof crashAt === "number" ? [crashAt] : crashAt;
  if (crashes.some((fraction) => !(fraction > 0 && fraction < 1)))
    throw bad("crashAt is a fraction of the input between 0 and 1, or several");
  const shuffleMs = shuffleWithin === undefined ? 0 : durationMs(shuffleWithin, "testPipeline(…, { shuffleWithin })", runVariants);
  return (typeof parallelism === "number" ? [parallelism] : parallelism).flatMap((each) => {
    const name = `parallelism ${each}`;
    const plain: Way = { name, parallelism: each, crashAt: [], shuffleMs: 0 };
    const killed = { ...plain, name: `${name}, killed at ${crashes.join(" and ")}`, crashAt: crashes };
    const shuffled = { ...plain, name: `${name}, shuffled within ${shuffleMs} ms`, shuffleMs };
    return [plain, ...(crashes.length > 0 ? [killed] : []), ...(shuffleMs > 0 ? [shuffled] : [])];
  });
}

async function runOneWay(graph: StreamGraph, inputs: TestInputs, options: TestOptions, way: Way): Promise<Rows> {
  const { seed = 1, splits = 1 } = options;
  const simulation = createSimulation(seed);
  simulation.files.provideDirectory("/test");
  const sinks = new Map<string, CollectSink<unknown>>();
  const progress = new Progress();
  const rewired = rewiredGraph(graph, {
    source(node) {
      const given = inputs[node.name];
      if (given === undefined) return keptSource(node);
      const rows = way.shuffleMs > 0 ? shuffled(node, given, way.shuffleMs, new Prng(seed + node.id)) : rowsOf(given);
      const rate = way.crashAt.length > 0 ? { ratePerSecond: Math.max(1, rows.length / PACED_SECONDS / splits) } : {};
      const timestamp = isPlain(given) ? {} : { timestamp: given.timestamp as (row: unknown) => number };
      return progress.watch(arraySource(schemaFor(node.source.type), rows, { splits, ...timestamp, ...rate }), rows.length);
    },
    sink(name) {
      const sink = collectSink();
      sinks.set(name, sink);
      return sink;
    },
  });
  await runWithCrashes(simulation, rewired, way, progress);
  return new Map([...sinks].map(([name, sink]) => [name, sink.rows]));
}

async function runWithCrashes(simulation: Simulation, graph: StreamGraph, way: Way, progress: Progress): Promise<void> {
  const options: RunJobOptions = {
    graph,
    parallelism: way.parallelism,
    restart: { kind: "none" },
    ...(way.crashAt.length > 0 && { checkpoints: { dir: "/test/checkpoints", everyMs: CHECKPOINT_EVERY_MS } }),
  };
  for (const fraction of way.crashAt.toSorted((a, b) => a - b)) {
    const env = simulation.env();
    await simulation.run(async () => {
      const job = await runJob(env, options);
      let ended = false;
      const finished = job.finished.then(() => (ended = true));
      finished.catch(() => (ended = true));
      while (!ended && progress.fraction < fraction) await env.timers.sleep(1);
      if (ended) await finished;
    }, LIMITS);
    simulation.kill();
  }
  const env = simulation.env();
  await simulation.run(async () => {
    const job = await runJob(env, options);
    await job.finished;
  }, LIMITS);
}

/** How much of all inputs has ever been read. */
class Progress {
  readonly #read = new Map<string, number>();
  #total = 0;
  #sources = 0;

  get fraction(): number {
    let read = 0;
    for (const rows of this.#read.values()) read += rows;
    return this.#total === 0 ? 1 : read / this.#total;
  }

  watch(source: Source<unknown>, rows: number): Source<unknown> {
    this.#total += rows;
    const name = this.#sources++;
    const read = this.#read;
    return {
      ...source,
      create(context) {
        const connector = source.create(context);
        return {
          discover: () => connector.discover(),
          async open(split, position) {
            const reader = await connector.open(split, position);
            const poll = reader.poll.bind(reader);
            const id = `${name}/${split.id}`;
            reader.poll = (maxRows) => {
              const batch = poll(maxRows);
              read.set(id, Math.max(read.get(id) ?? 0, Number(reader.position())));
              return batch;
            };
            return reader;
          },
          close: () => connector.close(),
        };
      },
    };
  }
}

function shuffled(node: SourceNode, given: TestRows, withinMs: number, random: Prng): readonly unknown[] {
  const own = isPlain(given) ? undefined : (given.timestamp as (row: unknown) => number);
  const time = node.time?.eventTime ?? own;
  if (time === undefined) throw bad(`shuffleWithin needs event times: source "${node.name}" has no eventTime, and its input no timestamp`);
  return rowsOf(given)
    .map((row) => ({ row, at: time(row) + random.float() * withinMs }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ row }) => row);
}

/** A source without an input of the test: one in memory stays. */
function keptSource(node: SourceNode): undefined {
  if (node.source.connector === "array" || node.source.connector === "generator") return undefined;
  throw bad(`there is no input for source "${node.name}": give it rows, or an empty array`);
}

function rowsOf(given: TestRows): readonly unknown[] {
  return isPlain(given) ? given : given.rows;
}

function isPlain(given: TestRows): given is readonly unknown[] {
  return Array.isArray(given);
}

function schemaFor(type: TypeInfo | undefined): Schema<unknown> {
  if (type === undefined) throw bad("a source without a schema cannot be replaced");
  return schemaOf(type) as Schema<unknown>;
}

function checkOutput(rows: Rows, name: string): void {
  if (rows.has(name)) return;
  throw bad(`the pipeline has no sink or side output "${name}"; it has ${[...rows.keys()].map((each) => `"${each}"`).join(", ")}`);
}

function bad(reason: string): PipelineError {
  return new PipelineError("BAD_ARGUMENT", `testPipeline: ${reason}.`, undefined);
}
