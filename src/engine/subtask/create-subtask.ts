// Brings a task to life as one subtask: plans the chain, makes its operators and buffers, and compiles the loop (or interprets the plan
// where code generation from strings is not allowed).
import { ChainGenerator } from "../codegen/chain-generator.ts";
import { ChainInterpreter } from "../codegen/chain-interpreter.ts";
import type { ChainParts } from "../codegen/chain-compiler.ts";
import { planChain } from "../codegen/chain-plan.ts";
import type { Task } from "../job-graph.ts";
import { createOperator } from "../operators/create-operator.ts";
import type { OperatorHome, Pressure } from "../operators/operator-home.ts";
import { SplitWatermarks } from "../time/split-watermarks.ts";
import { ChainRuntime } from "./chain-runtime.ts";
import { ChainSubtask } from "./chain-subtask.ts";
import { keepOrder, OutputWriter } from "./output-writer.ts";
import { PassThrough } from "./pass-through.ts";
import type { SplitNumbers } from "./row-origins.ts";
import type { Subtask, SubtaskOutput } from "./subtask.ts";

export interface SubtaskContext {
  readonly index: number;
  readonly parallelism: number;
  readonly maxParallelism: number;
  readonly jobName: string;
  /** "auto" (default): generated loops where the process allows them. */
  readonly codegen?: "auto" | "off";
  /** Of shuffles. */
  readonly seed?: number;
  /** Shared by all subtasks that hand rows to each other. */
  readonly splits?: SplitNumbers;
  /** Processing time, epoch ms. */
  readonly now: () => number;
  /** Results of asynchronous calls are there: tick() has something to do. */
  readonly wake?: () => void;
  readonly pressure?: Pressure;
}

let chains = 0;

export function createSubtask(task: Task, context: SubtaskContext, out: SubtaskOutput): Subtask {
  const { index, parallelism, maxParallelism } = context;
  const plan = planChain(task);
  const { now, wake, pressure } = context;
  const home: OperatorHome = { index, parallelism, maxParallelism, now, ...(wake && { wake }), ...(pressure && { pressure }) };
  const operators = plan.steps.map((step) => createOperator(step, home));
  const runtime = new ChainRuntime(plan.steps, operators, context.splits);
  operators.forEach((operator) => operator?.attach(runtime));
  const writers = task.outputs.map((output, number) => new OutputWriter(output, number, context, out, runtime.outputWatermark));
  keepOrder(writers);
  const passThrough = writers.map((writer, number) =>
    plan.passThrough.has(number) ? new PassThrough(writer, number, out, runtime.outputWatermark) : undefined,
  );
  const head = task.nodes[0]!;
  const time = head.kind === "source" || head.kind === "timestamps" ? head.time : undefined;
  const watermarks = time === undefined ? undefined : new SplitWatermarks(time.watermarks);
  const sourceName = [context.jobName, task.id, index, chains++].map((part) => encodeURIComponent(part)).join("/");
  const parts: ChainParts = { plan, runtime, writers, passThrough, watermarks, sourceName };
  const compiler = context.codegen === "off" || !canGenerate() ? new ChainInterpreter(parts) : new ChainGenerator(parts);
  return new ChainSubtask({ runtime, compiler, writers, passThrough, watermarks, out, index, parallelism, maxParallelism });
}

/** False under --disallow-code-generation-from-strings. */
function canGenerate(): boolean {
  try {
    return new Function("return true")() === true;
  } catch {
    return false;
  }
}
