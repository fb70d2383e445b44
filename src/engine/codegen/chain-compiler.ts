// What both compilers of a chain deliver: a way to run rows of the head's input, and emitters for operators that emit by themselves.
import type { Batch } from "../../schema/batch.ts";
import type { PassThrough } from "../subtask/pass-through.ts";
import type { OutputWriter } from "../subtask/output-writer.ts";
import type { ChainRuntime } from "../subtask/chain-runtime.ts";
import type { SplitWatermarks } from "../time/split-watermarks.ts";
import type { ChainPlan } from "./chain-plan.ts";

/** Runs rows [from, to) of a batch; advances the watermark at marks (head with inputs) or by the records (source, timestamps). */
export type RunRows = (batch: Batch, from: number, to: number) => void;

export interface ChainParts {
  readonly plan: ChainPlan;
  readonly runtime: ChainRuntime;
  readonly writers: readonly OutputWriter[];
  /** By task output; undefined where rows are appended to the writer. */
  readonly passThrough: readonly (PassThrough | undefined)[];
  /** Of a head that makes watermarks. */
  readonly watermarks: SplitWatermarks | undefined;
  /** Unique per chain of a process: "<job>/<task>/<subtask>/<number>". */
  readonly sourceName: string;
}

export interface ChainCompiler {
  /** Fills runtime.emitters. Called once, before any loop. */
  linkEmitters(): void;
  /** A loop for batches that look like `sample` (type, kind of key). `side`: 1 for the second stream of a head that has two. */
  compileLoop(sample: Batch, side: number): RunRows;
}
