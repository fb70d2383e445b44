// The operator behind a step, for the kinds that have state or timers.
import type { PlanStep } from "../codegen/chain-plan.ts";
import type { ChainOperator } from "./chain-operator.ts";
import { ProcessOperator } from "./process.ts";
import { WindowOperator } from "./window.ts";

/** What a stateful operator is told about where it runs. */
export interface OperatorHome {
  readonly index: number;
  readonly parallelism: number;
  readonly maxParallelism: number;
  /** Processing time, epoch ms. */
  readonly now: () => number;
}

export function createOperator(step: PlanStep, home: OperatorHome): ChainOperator | undefined {
  const { node } = step;
  switch (node.kind) {
    case "process":
      return new ProcessOperator(step, node.process, home);
    case "window":
      return new WindowOperator(step, node.window, home);
    default:
      return undefined;
  }
}
