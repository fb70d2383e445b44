// A subtask's counters, computed when they are read: the loop counts only where a step lets fewer or more elements out than came in.
import type { PlanStep } from "../codegen/chain-plan.ts";
import { emitsByItself } from "../codegen/chain-plan.ts";
import type { ChainRuntime } from "./chain-runtime.ts";
import type { SubtaskMetrics } from "./subtask.ts";

export class ChainMetrics implements SubtaskMetrics {
  numRecordsIn = 0;
  readonly operators: SubtaskMetrics["operators"];
  readonly #runtime: ChainRuntime;
  /** Rows given to the head's loop. */
  #headRows = 0;

  constructor(runtime: ChainRuntime) {
    this.#runtime = runtime;
    this.operators = runtime.steps.map((step) => this.#operator(step));
  }

  countIn(records: number, rows: number): void {
    this.numRecordsIn += records;
    this.#headRows += rows;
  }

  get numRecordsOut(): number {
    let sum = 0;
    for (const step of this.#runtime.steps) {
      for (const [output, consumers] of step.consumers) {
        if (consumers.outputs.length > 0)
          sum += consumers.outputs.length * (output === "main" ? this.#out(step) : this.#runtime.counts[step.index * 2 + 1]!);
      }
    }
    return sum;
  }

  get numLateRecordsDropped(): number {
    return this.#runtime.operators.reduce((sum, operator) => sum + (operator?.lateDropped ?? 0), 0);
  }

  get numRecordsSkipped(): number {
    return this.#runtime.losses.reduce((sum, { skipped }) => sum + skipped, 0);
  }

  get numRecordsDeadLettered(): number {
    return this.#runtime.losses.reduce((sum, { deadLettered }) => sum + deadLettered, 0);
  }

  get currentInputWatermark(): number {
    return this.#runtime.watermark;
  }

  get currentOutputWatermark(): number {
    return this.#runtime.outputWatermark.time;
  }

  #operator(step: PlanStep): SubtaskMetrics["operators"][number] {
    const recordsIn = (): number => this.#in(step);
    const recordsOut = (): number => this.#out(step);
    const operator = this.#runtime.operators[step.index];
    return {
      name: step.node.name,
      losses: this.#runtime.losses[step.index]!,
      user: operator?.metrics,
      drops: operator?.drops,
      size: () => operator?.size?.(),
      get numRecordsIn() {
        return recordsIn();
      },
      get numRecordsOut() {
        return recordsOut();
      },
      get nextEventTime() {
        return operator?.earliestEventTime ?? operator?.nextEventTime;
      },
    };
  }

  #in(step: PlanStep): number {
    if (step.index === 0) return step.node.kind === "source" ? this.numRecordsIn : this.#headRows;
    const { from, output } = step.node.inputs[0]!;
    const parent = this.#runtime.steps.find(({ node }) => node.id === from)!;
    return output === "main" ? this.#out(parent) : this.#runtime.counts[parent.index * 2 + 1]!;
  }

  #out(step: PlanStep): number {
    const { node, index } = step;
    const counted = node.kind !== "map" || node.onError !== "fail" || emitsByItself(step);
    return counted ? this.#runtime.counts[index * 2]! : this.#in(step);
  }
}
