// What the loop of a chain has at hand besides its operators: where it stands (split, row), the watermark, the error policies and the
// counters. Generated loops and the interpreter use the same object, so both fail, skip and dead-letter alike.
import { MAX_BATCH_ROWS, NO_TIMESTAMP } from "../../schema/batch.ts";
import type { DeadLetter, ErrorPolicy } from "../../stream/graph.ts";
import type { PlanStep } from "../codegen/chain-plan.ts";
import type { ChainOperator } from "../operators/chain-operator.ts";
import { BadKey, selectKey } from "../state/key-selector.ts";
import { userFrame } from "../coordinator/user-frame.ts";
import { originOfSplit, valueText } from "./dead-letter-row.ts";
import { errorText, OperatorError } from "./operator-error.ts";
import { OutputWatermark } from "./output-watermark.ts";
import { SplitNumbers, type Origin } from "./row-origins.ts";

/** Sends an element to the consumers of one output of one step. */
export type Emit = (element: unknown, timestamp: number) => void;

export interface StepLosses {
  skipped: number;
  deadLettered: number;
  /** What was thrown last. */
  last: unknown;
}

export interface AsyncHead {
  /** Something has not gone out yet. */
  readonly waiting: boolean;
  holdWatermark(time: number): void;
  /** False: it can go on at once. */
  holdStatus(status: "active" | "idle"): boolean;
  flush(): void;
}

export class ChainRuntime {
  readonly steps: readonly PlanStep[];
  /** Stateful operators by step; undefined for the others. */
  readonly operators: readonly (ChainOperator | undefined)[];
  /** Steps with a stateful operator. */
  readonly #stateful: readonly number[];
  /** Event time of the chain; `outputWatermark` follows when the operators have fired. What an operator goes by is watermarkAt(). */
  watermark = -Infinity;
  /** While a watermark passes: the step that fires, and the watermark that the steps behind it still have. */
  #firing = Infinity;
  #before = -Infinity;
  readonly outputWatermark = new OutputWatermark();
  /** Where the current element came from. `row` is −1 outside rows (timers). */
  row = -1;
  /** The origin of a row is `base + offsets[row]`, as row-origins.ts has it. */
  base = 0;
  offsets: Float64Array = UNKNOWN;
  /** Of a source's rows. */
  #split: string | undefined;
  readonly #splits: SplitNumbers;
  /** A failure that user code may have swallowed; the frame ends with it. */
  failure: OperatorError | undefined;
  /** By step: elements that its function threw on. */
  readonly losses: readonly StepLosses[];
  /** Elements that left a step, where that is not the number that came in; [2 × step] main output, [2 × step + 1] all others. */
  readonly counts: Float64Array;
  /** Set by the compiler of the chain: emitters by step, then by output name. */
  readonly emitters: readonly Map<string, Emit>[];

  constructor(steps: readonly PlanStep[], operators: readonly (ChainOperator | undefined)[], splits = new SplitNumbers()) {
    this.#splits = splits;
    this.steps = steps;
    this.operators = operators;
    this.#stateful = [...operators.keys()].filter((step) => operators[step] !== undefined);
    this.counts = new Float64Array(steps.length * 2);
    this.losses = steps.map(() => ({ skipped: 0, deadLettered: 0, last: undefined }));
    this.emitters = steps.map(() => new Map());
  }

  /** The rows to come are a source's. */
  enterSplit(split: string, offsets: Float64Array | undefined): void {
    this.#split = split;
    this.offsets = offsets ?? UNKNOWN;
    this.base = offsets === undefined ? 0 : this.#splits.baseOf(split);
  }

  /** The rows to come are another task's; undefined: nobody's. */
  enterBatch(origins: Float64Array | undefined): void {
    this.#split = undefined;
    this.offsets = origins ?? UNKNOWN;
    this.base = 0;
  }

  /** Of the row at hand. */
  get origin(): number {
    return this.row < 0 ? NaN : this.base + this.offsets[this.row]!;
  }

  /** Does what is due for a row that came earlier. */
  from(origin: number, work: () => void): void {
    EARLIER[0] = origin;
    this.enterBatch(EARLIER);
    this.row = 0;
    try {
      work();
    } finally {
      this.enterBatch(undefined);
      this.row = -1;
    }
  }

  #originNow(): Origin | undefined {
    if (this.row < 0) return undefined;
    const origin = this.#splits.originOf(this.origin);
    if (origin !== undefined || this.#split === undefined) return origin;
    const offset = this.base === 0 ? NaN : this.offsets[this.row]!;
    return { split: this.#split, offset: offset >= 0 ? offset : undefined };
  }

  /** A head whose results come later: it lets event time and idleness pass when what came before them has gone out. */
  fence: AsyncHead | undefined;
  /** Set by the subtask; called by the fence. */
  onStatus: (status: "active" | "idle") => void = () => undefined;

  advance(time: number): void {
    if (this.fence !== undefined) this.fence.holdWatermark(time);
    else this.pass(time);
  }

  /** Event time as the operator at a step sees it: what an earlier one sends when it fires comes before the watermark that it fired for. */
  watermarkAt(step: number): number {
    return step > this.#firing ? this.#before : this.watermark;
  }

  /** Raises event time: operators fire what is due, in chain order, and then the outputs may say so. */
  pass(time: number): void {
    if (!(time > this.watermark)) return;
    this.#before = this.watermark;
    this.watermark = time;
    const stateful = this.#stateful;
    for (let index = 0; index < stateful.length; index++) {
      const step = stateful[index]!;
      const operator = this.operators[step]!;
      this.#firing = step;
      if (operator.nextEventTime <= time || operator.followsWatermark) this.#fire(operator, time);
    }
    this.#firing = Infinity;
    this.outputWatermark.time = time;
  }

  /** Takes event time up where a checkpoint left it. Nothing fires: what was due then has fired. */
  resume(time: number): void {
    if (!(time > this.watermark)) return;
    this.watermark = time;
    this.outputWatermark.time = time;
  }

  #fire(operator: ChainOperator, time: number): void {
    const { row } = this;
    this.row = -1;
    operator.advance(time);
    this.row = row;
  }

  /** An element failed at a step whose policy is not "fail". A failure of another operator passes. */
  handle(index: number, thrown: unknown, element: unknown, timestamp: number): void {
    const cause = this.#ownCause(index, thrown);
    if (this.count(index, cause)) this.emitters[index]!.get("errors")?.(this.#deadLetter(index, cause, element, timestamp), timestamp);
  }

  /** True: a dead letter is wanted. */
  count(index: number, cause: unknown): boolean {
    const losses = this.losses[index]!;
    losses.last = cause;
    if (this.steps[index]!.node.onError === "skip") losses.skipped++;
    else losses.deadLettered++;
    return this.steps[index]!.node.onError !== "skip";
  }

  #ownCause(index: number, thrown: unknown): unknown {
    if (!(thrown instanceof OperatorError)) return thrown;
    if (thrown !== this.failure && thrown.operator === this.steps[index]!.node.name) return thrown.cause;
    throw thrown;
  }

  #deadLetter(index: number, cause: unknown, element: unknown, timestamp: number): DeadLetter {
    const origin = this.#originNow();
    const { topic, partition } = originOfSplit(origin?.split);
    return {
      operator: this.steps[index]!.node.name,
      error: errorText(cause),
      topic,
      partition,
      offset: origin?.offset ?? -1,
      timestamp: timestamp === NO_TIMESTAMP ? -1 : timestamp,
      key: this.operators[index]?.currentKeyText() ?? this.#windowKeyOf(index, element),
      value: valueText(element),
      place: cause instanceof Error ? userFrame(cause.stack) : undefined,
    };
  }

  /** Windows with aggregates take an element's numbers before they look for its key. */
  #windowKeyOf(index: number, element: unknown): string {
    const { node } = this.steps[index]!;
    const key = node.kind === "window" ? selectKey(node.window.key, element) : undefined;
    return key === undefined || key instanceof BadKey ? "" : valueText(key);
  }

  /**
   * The error to throw for what was thrown at a step: named, and remembered if it must end the job. `at`: where the operator itself cannot
   * say it (any more).
   */
  wrap(thrown: unknown, index: number, at: { readonly key?: unknown; readonly during?: string } = {}): OperatorError {
    if (thrown instanceof OperatorError) return thrown;
    const { name, onError } = this.steps[index]!.node;
    const origin = this.#originNow();
    const operator = this.operators[index];
    const key = at.key === undefined ? operator?.currentKeyText() : valueText(at.key);
    const during = at.during ?? operator?.duringText?.();
    const error = new OperatorError({ operator: name, key, split: origin?.split, offset: origin?.offset, during }, thrown);
    if (isFatal(onError)) this.failure ??= error;
    return error;
  }

  /** What is thrown by `work` is the step's. */
  named(index: number, work: () => void): void {
    try {
      work();
    } catch (thrown) {
      throw this.wrap(thrown, index);
    }
  }

  /** For work with an element whose key the operator does not hold yet. */
  withKey<T>(index: number, key: unknown, work: () => T): T {
    try {
      return work();
    } catch (thrown) {
      throw this.wrap(thrown, index, { key });
    }
  }

  /** At the end of a frame: a failure that user code caught still fails the subtask. */
  check(): void {
    if (this.failure !== undefined) throw this.failure;
  }
}

/** Of rows without offsets. */
const UNKNOWN = new Float64Array(MAX_BATCH_ROWS).fill(NaN);

/** The origin of the one row that an operator goes back to; nobody does two of these at once. */
const EARLIER = new Float64Array(1);

function isFatal(policy: ErrorPolicy): boolean {
  return policy === "fail";
}
