// testPipeline(): a pipeline in virtual time, with the test's rows instead of its sources and everything that comes out by name.
import type { Pipeline } from "../../stream/pipeline.ts";
import { createSimulation } from "../simulation/simulation.ts";
import { runVariants, type TestInputs, type TestOptions, type TestResult } from "./run-variants.ts";
import { SteppedPipeline, type PipelineSteps } from "./stepped-pipeline.ts";

/** Of virtual time, for tests that wait for days. */
const LIMITS = { maxVirtualMs: 1e12, maxEvents: 100_000_000 };

export interface StepOptions {
  /** Default 1. */
  readonly parallelism?: number;
  /** Of the simulated machine; default 1. */
  readonly seed?: number;
}

/**
 * Runs a pipeline over whole inputs by the names of its sources, in each of the ways that the options ask for (parallelism, crashes, shuffles),
 * and resolves to its outputs. Rejects if two ways gave different rows (VariantsDifferError), or with the job's failure.
 *
 *     const result = await testPipeline(fraud, { transactions }, { parallelism: [1, 2, 3], crashAt: 0.5 });
 *     assert.deepEqual(result.output("alerts"), [ … ]);
 */
export function testPipeline(pipeline: Pipeline, inputs: TestInputs, options?: TestOptions): Promise<TestResult>;
/**
 * Runs a pipeline step by step:
 *
 *     await testPipeline(fraud, async (t) => {
 *       await t.send("transactions", { account: "a", amount: 1 });
 *       await t.watermark(60_000);
 *       assert.deepEqual(t.output("alerts"), [ … ]);
 *     });
 */
export function testPipeline(pipeline: Pipeline, steps: (t: PipelineSteps) => Promise<void>, options?: StepOptions): Promise<void>;
export async function testPipeline(
  pipeline: Pipeline,
  what: TestInputs | ((t: PipelineSteps) => Promise<void>),
  options: TestOptions = {},
): Promise<TestResult | void> {
  const graph = pipeline.graph();
  if (typeof what !== "function") return await runVariants(graph, what, options);
  const simulation = createSimulation(options.seed ?? 1);
  const parallelism = typeof options.parallelism === "number" ? options.parallelism : 1;
  await simulation.run(async () => {
    const stepped = new SteppedPipeline(simulation, graph, parallelism);
    try {
      await stepped.start();
      await what(stepped);
    } finally {
      await stepped.cancel();
    }
  }, LIMITS);
}
