// The operator behind a step, for the kinds that have state or timers.
import type { PlanStep } from "../codegen/chain-plan.ts";
import type { ChainOperator } from "./chain-operator.ts";

/** What a stateful operator is told about where it runs. */
export interface OperatorHome {
  readonly index: number;
  readonly parallelism: number;
  readonly maxParallelism: number;
  /** Processing time, epoch ms. */
  readonly now: () => number;
}

export function createOperator(step: PlanStep, _home: OperatorHome): ChainOperator | undefined {
  const { node } = step;
  switch (node.kind) {
    case "process":
    case "window":
      throw new Error(`Operator '${node.name}' of kind ${node.kind} is not supported yet.`);
    default:
      return undefined;
  }
}
