// A pipeline: a name and a build function, which runs once, when the graph is first asked for. A module exports it; every worker
// imports the same module, builds the same graph and compares the hash. Nothing here runs a stream.
import { calledAt } from "./called-at.ts";
import { checkOptions } from "./check-options.ts";
import type { Source } from "./connector.ts";
import type { DataStream } from "./data-stream.ts";
import type { DeadLetterPolicy } from "./dead-letter.ts";
import type { StreamGraph } from "./graph.ts";
import { GraphDraft } from "./graph-draft.ts";
import { refuseOnWindows, refuseWithoutKey } from "./missing-methods.ts";
import { PipelineError } from "./pipeline-error.ts";
import { checkName } from "./plain-name.ts";
import { checkErrorHandling, eventTime } from "./operator-arguments.ts";
import { StreamHandle } from "./stream-handle.ts";
import { WindowedHandle } from "./windowed-handle.ts";
import type { WatermarkStrategy } from "./watermarks.ts";

/** Says "a pipeline of this major version" to every copy of the package in the process. */
const BRAND = Symbol.for("millrace/1");

export interface SourceOptions<T> {
  /** Event time in epoch ms; the record's own timestamp if missing. */
  readonly eventTime?: ((event: T) => number) | undefined;
  /** Needed for windows and event-time timers. */
  readonly watermarks?: WatermarkStrategy<T> | undefined;
  /** What becomes of records that cannot be decoded, or whose eventTime throws. Default "fail". */
  readonly onError?: "fail" | "skip" | DeadLetterPolicy | undefined;
  readonly parallelism?: number | undefined;
}

export interface PipelineBuilder {
  /** Starts a stream. The name is the address of the source's positions in checkpoints. */
  from<T>(name: string, source: Source<T>, options?: SourceOptions<NoInfer<T>>): DataStream<T>;
}

export interface Pipeline {
  readonly name: string;
  /** Builds on the first call. Throws PipelineError. */
  graph(): StreamGraph;
}

export function pipeline(name: string, build: (p: PipelineBuilder) => undefined): Pipeline {
  const where = calledAt(pipeline);
  checkName(name, "pipeline(name, build)", where);
  if (typeof build !== "function")
    throw new PipelineError("BAD_ARGUMENT", `pipeline("${name}", build): build is a function that declares the streams.`, where);
  let graph: StreamGraph | undefined;
  return Object.freeze({ [BRAND]: "pipeline", name, graph: () => (graph ??= buildGraph(name, build, where)) });
}

/** Throws PipelineError unless `value` (a module's default export) is a pipeline. */
export function asPipeline(value: unknown, where: string): Pipeline {
  if (typeof value === "object" && value !== null) {
    if (BRAND in value) return value as unknown as Pipeline;
    const other = Object.getOwnPropertySymbols(value).find((symbol) => Symbol.keyFor(symbol)?.startsWith("millrace/"));
    if (other !== undefined)
      throw new PipelineError(
        "OTHER_VERSION",
        `${where}: this pipeline was made by another major version of the package (${Symbol.keyFor(other)}, this one is millrace/1). Install one version only: npm ls millrace.`,
      );
  }
  throw new PipelineError("NOT_A_PIPELINE", `${where}: no pipeline here; write "export default pipeline(name, (p) => { … })".`);
}

refuseWithoutKey(StreamHandle.prototype);
refuseOnWindows(WindowedHandle.prototype);

function buildGraph(name: string, build: (p: PipelineBuilder) => undefined, where: string | undefined): StreamGraph {
  const draft = new GraphDraft(name);
  const from = (operator: string, source: Source<unknown>, options: SourceOptions<never> = {}): StreamHandle =>
    addSource(draft, operator, source, options, calledAt(from));
  const result: unknown = build(Object.freeze({ from }) as unknown as PipelineBuilder);
  if (typeof (result as PromiseLike<unknown> | undefined)?.then === "function")
    throw new PipelineError(
      "ASYNC_BUILD",
      `pipeline("${name}", build): build is synchronous; await before the pipeline is declared.`,
      where,
    );
  return draft.finish(where);
}

const SOURCE_OPTIONS = ["eventTime", "watermarks", "onError", "parallelism"];

function addSource(
  draft: GraphDraft,
  name: string,
  source: Source<unknown>,
  options: SourceOptions<never>,
  where: string | undefined,
): StreamHandle {
  checkName(name, "from(name, source)", where);
  if (typeof source?.create !== "function" || typeof source.describe !== "function")
    throw new PipelineError("BAD_ARGUMENT", `from("${name}", source): a source is wanted, such as kafkaSource(topic).`, where);
  checkOptions(options, SOURCE_OPTIONS, `from("${name}", …)`, where);
  checkErrorHandling(options.onError, `from("${name}", …)`, where);
  const id = draft.add({
    name,
    inputs: [],
    partitioning: Object.freeze({ kind: "forward" }),
    output: source.type,
    onError: options.onError,
    parallelism: options.parallelism,
    calledAt: where,
    body: { kind: "source", source, time: eventTime(options, `from("${name}", …)`, where) },
  });
  return new StreamHandle(draft, [{ from: id, output: "main" }], source.type);
}
