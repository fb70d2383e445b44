// testProcess(): one keyed process function by itself, step by step in virtual time. Behind it stands the smallest pipeline that has it.
import { arraySource } from "../../connectors/memory/array-source.ts";
import { blackholeSink } from "../../connectors/memory/function-sink.ts";
import { schemaFrom } from "../../schema/foreign/foreign-schema.ts";
import type { AnySchema, TypeOf } from "../../schema/foreign/foreign-types.ts";
import type { Schema } from "../../schema/type-info.ts";
import type { KeyedStream } from "../../stream/data-stream.ts";
import { pipeline } from "../../stream/pipeline.ts";
import type { KeyedProcessFunction, SideOutputs } from "../../stream/process-function.ts";
import type { StateDescriptors } from "../../stream/state.ts";
import { noWatermarks, type Duration } from "../../stream/watermarks.ts";
import type { PipelineSteps } from "./stepped-pipeline.ts";
import { testPipeline, type StepOptions } from "./test-pipeline.ts";

export interface ProcessSteps<T, Out> {
  /** Gives an element, with its event time if there is one. Resolves when what it causes has come out. */
  send(element: T, timestamp?: number): Promise<void>;
  /** Event-time timers up to it fire. */
  watermark(time: number): Promise<void>;
  advanceProcessingTime(by: Duration): Promise<void>;
  now(): number;
  /** Everything that was emitted so far. */
  output(): readonly Out[];
  /** What was emitted since the last call of this. */
  newOutput(): readonly Out[];
  side<Row = unknown>(name: string): readonly Row[];
  /** A value, an array, or a Map; undefined: nothing. */
  state<S = unknown>(name: string, key: unknown): Promise<S>;
  /** Takes a checkpoint and goes on from it in a new process function. */
  restart(options?: { readonly parallelism?: number }): Promise<void>;
  /** The input ends: all event-time timers fire. */
  end(): Promise<void>;
}

/**
 * Runs a keyed process function over elements of `input`, keyed by a field or a function:
 *
 *     await testProcess(Tx, "account", check, async (t) => {
 *       await t.send({ account: "a", amount: 1 }, 1000);
 *       assert.deepEqual(t.output(), [ … ]);
 *     });
 */
export function testProcess<I extends AnySchema, Out, D extends StateDescriptors, S extends SideOutputs, L>(
  input: I,
  key: (keyof TypeOf<I> & string) | ((element: TypeOf<I>) => unknown),
  // The function may want any key type: what it gets is what `key` says.
  fn: KeyedProcessFunction<never, TypeOf<I>, Out, D, S, L>,
  steps: (t: ProcessSteps<TypeOf<I>, Out>) => Promise<void>,
  options?: StepOptions,
): Promise<void> {
  type T = TypeOf<I>;
  const schema = schemaFrom(input) as Schema<T>;
  const tested = pipeline("test", (p) => {
    const stream = p.from("input", arraySource(schema, []), { watermarks: noWatermarks() }).keyBy(key as never) as unknown as KeyedStream<
      never,
      T
    >;
    const processed = stream.process("function", fn);
    processed.to("output", blackholeSink());
    for (const name of Object.keys(fn.side ?? {})) processed.side[name]!.to(`output-${name}`, blackholeSink());
  });
  return testPipeline(tested, (t) => steps(processSteps(t)), options);
}

function processSteps<T, Out>(t: PipelineSteps): ProcessSteps<T, Out> {
  return {
    send: (element, timestamp) => t.send("input", element, timestamp),
    watermark: (time) => t.watermark(time),
    advanceProcessingTime: (by) => t.advanceProcessingTime(by),
    now: () => t.now(),
    output: () => t.output<Out>("output"),
    newOutput: () => t.newOutput<Out>("output"),
    side: (name) => t.side("function", name),
    state: (name, key) => t.state("function", name, key),
    restart: (options) => t.restart(options),
    end: () => t.end(),
  };
}
