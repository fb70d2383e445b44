// What a task's chain does, as the data from which the loop generator makes text and the interpreter makes closures: a tree of steps,
// each with the consumers of its outputs. Step 0 is the head.
import type { TypeInfo } from "../../schema/type-info.ts";
import type { KeySelector, StreamNode } from "../../stream/graph.ts";
import type { Task } from "../job-graph.ts";
import { sideOutputsOf } from "../operators/output-type.ts";

export type StepNode = Exclude<StreamNode, { kind: "sink" }>;

export interface Consumers {
  readonly steps: readonly PlanStep[];
  /** Indexes of the task outputs that take these rows. */
  readonly outputs: readonly number[];
}

export interface PlanStep {
  readonly index: number;
  readonly node: StepNode;
  /** By output name; outputs that nobody consumes are not in the map. */
  readonly consumers: ReadonlyMap<string, Consumers>;
  /** Of the elements that come in; undefined: no schema, or (head) it differs by port. */
  readonly input: TypeInfo | undefined;
  /** Type of output "main". */
  readonly output: TypeInfo | undefined;
}

export interface ChainPlan {
  readonly steps: readonly PlanStep[];
  /** Task outputs that get the source's batches as they are, with timestamps and watermarks only. */
  readonly passThrough: ReadonlySet<number>;
}

export const NO_CONSUMERS: Consumers = { steps: [], outputs: [] };

export function mainConsumers(step: PlanStep): Consumers {
  return step.consumers.get("main") ?? NO_CONSUMERS;
}

/** Steps that call an emitter for what they put out; the others' elements go on in line. */
export function emitsByItself(step: PlanStep): boolean {
  return step.node.kind === "flat-map" || hasOperator(step);
}

/** Steps with an operator object behind them. */
export function hasOperator({ node }: PlanStep): boolean {
  return !["source", "timestamps", "map", "filter", "flat-map"].includes(node.kind);
}

/** undefined: elements of that side have no key. */
export function keySelectorOf(step: PlanStep, side = 0): KeySelector | undefined {
  const { node } = step;
  switch (node.kind) {
    case "process":
      return node.process.key;
    case "connect":
      return node.connect.process.key;
    case "broadcast-connect":
      return side === 0 && node.connect.function.kind === "keyed" ? node.connect.function.process.key : undefined;
    case "window":
      return node.window.key;
    case "interval-join":
      return node.join.key;
    case "window-join":
      return node.join.window.key;
    default:
      return undefined;
  }
}

/** Which of a node's two streams a port of its task belongs to: 0, or 1 for the second. */
export function sideOf({ node }: PlanStep, port: number): number {
  if (node.kind === "connect" || node.kind === "broadcast-connect") return port < node.connect.otherFrom ? 0 : 1;
  if (node.kind === "interval-join" || node.kind === "window-join") return port < node.join.otherFrom ? 0 : 1;
  return 0;
}

export function planChain(task: Task): ChainPlan {
  const consumers = task.nodes.map(() => new Map<string, { steps: PlanStep[]; outputs: number[] }>());
  const indexOf = new Map(task.nodes.map((node, index) => [node.id, index]));
  const of = (node: number, output: string): { steps: PlanStep[]; outputs: number[] } => {
    const outputs = consumers[indexOf.get(node)!]!;
    const found = outputs.get(output) ?? { steps: [], outputs: [] };
    outputs.set(output, found);
    return found;
  };
  const steps: PlanStep[] = [];
  task.nodes.forEach((node, index) => {
    if (node.kind === "sink") throw new Error(`Sink '${node.name}' is in the chain of task '${task.name}': sinks are outputs of tasks.`);
    const input = index === 0 ? commonType(task.inputs.map((port) => port.type)) : parentType(steps, indexOf, node);
    const step: PlanStep = { index, node, consumers: consumers[index]!, input, output: mainType(node, input) };
    steps.push(step);
    if (index > 0) of(node.inputs[0]!.from, node.inputs[0]!.output).steps.push(step);
  });
  task.outputs.forEach((output, index) => of(output.node, output.output).outputs.push(index));
  return { steps, passThrough: passThrough(task, steps[0]!) };
}

function mainType(node: StepNode, input: TypeInfo | undefined): TypeInfo | undefined {
  if (node.output !== undefined) return node.output;
  if (node.kind === "source") return node.source.type;
  return node.kind === "filter" || node.kind === "timestamps" ? input : undefined;
}

function parentType(steps: readonly PlanStep[], indexOf: ReadonlyMap<number, number>, node: StepNode): TypeInfo | undefined {
  const { from, output } = node.inputs[0]!;
  const parent = steps[indexOf.get(from)!]!;
  if (output === "main") return parent.output;
  const side = sideOutputsOf(parent.node)?.find(({ name }) => name === output);
  if (side !== undefined) return side.type;
  return parent.node.kind === "window" && output === parent.node.window.lateOutput ? parent.input : undefined;
}

function commonType(types: readonly (TypeInfo | undefined)[]): TypeInfo | undefined {
  const [first] = types;
  return types.every((type) => JSON.stringify(type) === JSON.stringify(first)) ? first : undefined;
}

function passThrough(task: Task, head: PlanStep): ReadonlySet<number> {
  if (head.node.kind !== "source") return new Set();
  const direct = mainConsumers(head).outputs;
  return new Set(direct.filter((output) => takesWholeBatches(task, output)));
}

/** Not where each row has a target of its own, or rows of two outputs must keep their order. */
function takesWholeBatches(task: Task, output: number): boolean {
  const { target } = task.outputs[output]!;
  if (target.kind === "sink") return true;
  return target.ordered !== true && !["keyed", "shuffle", "custom"].includes(target.edge.partitioning.kind);
}
