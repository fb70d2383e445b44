// The graph while the user's build function runs: nodes are added in topological order, since an edge can only start at a node that is
// there. finish() checks the whole and freezes it. Invariant: a frozen graph has unique names and no output that leads nowhere.
import type { TypeInfo } from "../schema/type-info.ts";
import type { ErrorHandling } from "./dead-letter.ts";
import type { Chaining, Edge, ErrorPolicy, Partitioning, StreamGraph, StreamNode } from "./graph.ts";
import { PipelineError } from "./pipeline-error.ts";
import { graphHash, planOf } from "./plan.ts";

type Distribute<N> = N extends StreamNode
  ? Omit<N, "id" | "name" | "inputs" | "output" | "onError" | "calledAt" | "parallelism" | "chaining">
  : never;
/** What is particular to a kind of node. */
export type NodeBody = Distribute<StreamNode>;

/** An output of a node: "main", a side output's name, "errors". */
export interface Outlet {
  readonly from: number;
  readonly output: string;
}

export interface Inlet extends Outlet {
  /** Where it differs from the node's. */
  readonly partitioning?: Partitioning;
}

export interface NewNode {
  /** undefined: derived. */
  readonly name: string | undefined;
  readonly inputs: readonly Inlet[];
  readonly partitioning: Partitioning;
  readonly output: TypeInfo | undefined;
  readonly onError: ErrorHandling | undefined;
  readonly parallelism: number | undefined;
  readonly calledAt: string | undefined;
  readonly body: NodeBody;
  /** Declared side outputs: each must be used. */
  readonly sideOutputs?: readonly string[];
}

interface DraftNode extends NewNode {
  readonly id: number;
  readonly finalName: string;
  /** Set by returns(). */
  declared: TypeInfo | undefined;
  /** Set by parallelism(), startNewChain() and disableChaining(). */
  ownParallelism: number | undefined;
  chaining: Chaining | undefined;
  readonly used: Set<string>;
}

const FORWARD: Partitioning = Object.freeze({ kind: "forward" });

export class GraphDraft {
  readonly name: string;
  readonly #nodes: DraftNode[] = [];
  readonly #byName = new Map<string, DraftNode>();
  #finished = false;

  constructor(name: string) {
    this.name = name;
  }

  add(node: NewNode): number {
    if (this.#finished)
      throw new PipelineError(
        "AFTER_BUILD",
        `Pipeline "${this.name}" is already built; declare all streams inside its build function.`,
        node.calledAt,
      );
    const id = this.#nodes.length;
    const finalName = node.name ?? this.#derivedName(node.body.kind, id);
    this.#checkFree(finalName, node.calledAt);
    checkParallelism(node.parallelism, finalName, node.calledAt);
    const own = { declared: undefined, ownParallelism: node.parallelism, chaining: undefined };
    const draft: DraftNode = { ...node, id, finalName, ...own, used: new Set() };
    this.#nodes.push(draft);
    this.#byName.set(finalName, draft);
    for (const { from, output } of node.inputs) this.#nodes[from]!.used.add(output);
    if (typeof node.onError === "object") this.#addDeadLetterSink(draft, node.onError);
    return id;
  }

  node(id: number): { readonly name: string; readonly kind: StreamNode["kind"]; readonly output: TypeInfo | undefined } {
    const node = this.#nodes[id]!;
    return { name: node.finalName, kind: node.body.kind, output: node.declared ?? node.output };
  }

  /** Declares the type of a node's main output after the fact. */
  declareOutput(id: number, type: TypeInfo): void {
    this.#nodes[id]!.declared = type;
  }

  setParallelism(id: number, parallelism: number, calledAt: string | undefined): void {
    checkParallelism(parallelism, this.#nodes[id]!.finalName, calledAt);
    this.#nodes[id]!.ownParallelism = parallelism;
  }

  setChaining(id: number, chaining: Chaining): void {
    this.#nodes[id]!.chaining = chaining;
  }

  /** True if every way from `outlets` up to the sources passes an assignment of watermarks. */
  hasWatermarks(outlets: readonly Outlet[]): boolean {
    return outlets.every(({ from }) => {
      const { body, inputs } = this.#nodes[from]!;
      if (body.kind === "source") return body.time !== undefined;
      return body.kind === "timestamps" || this.hasWatermarks(inputs);
    });
  }

  finish(calledAt: string | undefined): StreamGraph {
    this.#finished = true;
    this.#checkWhole(calledAt);
    const nodes = Object.freeze(this.#nodes.map((node) => freezeNode(node)));
    const plan = planOf(this.name, nodes);
    return Object.freeze({ name: this.name, nodes, plan, hash: graphHash(plan) });
  }

  #derivedName(kind: string, id: number): string {
    let name = `${kind}-${id}`;
    while (this.#byName.has(name)) name += "x";
    return name;
  }

  #checkFree(name: string, calledAt: string | undefined): void {
    const other = this.#byName.get(name);
    if (other === undefined) return;
    throw new PipelineError(
      "DUPLICATE_NAME",
      `Two operators of pipeline "${this.name}" are named "${name}" (the first: ${other.body.kind}${other.calledAt === undefined ? "" : ` at ${other.calledAt}`}). The name is the address of an operator's state: give each its own.`,
      calledAt,
    );
  }

  #addDeadLetterSink(node: DraftNode, { deadLetter }: { readonly deadLetter: unknown }): void {
    const sink = deadLetter as (NodeBody & { kind: "sink" })["sink"] | undefined;
    if (typeof sink?.create !== "function")
      throw new PipelineError("BAD_ARGUMENT", `Operator "${node.finalName}": onError is "fail", "skip" or deadLetter(…).`, node.calledAt);
    this.add({
      name: `${node.finalName}-dead-letters`,
      inputs: [{ from: node.id, output: "errors" }],
      partitioning: FORWARD,
      output: undefined,
      onError: undefined,
      parallelism: undefined,
      calledAt: node.calledAt,
      body: { kind: "sink", sink },
    });
  }

  #checkWhole(calledAt: string | undefined): void {
    const kinds = new Set(this.#nodes.map((node) => node.body.kind));
    if (!kinds.has("source"))
      throw new PipelineError("NO_SOURCE", `Pipeline "${this.name}" reads nothing: start with p.from(name, source).`, calledAt);
    for (const node of this.#nodes) {
      for (const side of node.sideOutputs ?? [])
        if (!node.used.has(side))
          throw new PipelineError(
            "UNUSED_SIDE_OUTPUT",
            `Operator "${node.finalName}" declares the side output "${side}" and nobody uses it: end it in .side.${side}…to(name, sink), or remove it.`,
            node.calledAt,
          );
    }
    const written = this.#nodes.some((node) => node.body.kind === "sink" && node.inputs.some((input) => input.output !== "errors"));
    if (!written) throw new PipelineError("NO_SINK", `Pipeline "${this.name}" writes nothing: end a stream in .to(name, sink).`, calledAt);
    for (const node of this.#nodes) {
      const outputs = [...node.used].filter((output) => output !== "errors");
      if (node.body.kind !== "sink" && outputs.length === 0)
        throw new PipelineError(
          "UNUSED_STREAM",
          `The output of "${node.finalName}" leads nowhere: end it in .to(name, sink), or remove it.`,
          node.calledAt,
        );
    }
  }
}

function checkParallelism(parallelism: number | undefined, name: string, calledAt: string | undefined): void {
  if (parallelism === undefined || (Number.isInteger(parallelism) && parallelism >= 1)) return;
  throw new PipelineError("BAD_ARGUMENT", `Operator "${name}": parallelism is a whole number from 1, not ${parallelism}.`, calledAt);
}

function freezeNode(node: DraftNode): StreamNode {
  const inputs = node.inputs.map(({ from, output, partitioning = node.partitioning }): Edge =>
    Object.freeze({ from, output, partitioning }),
  );
  return Object.freeze({
    id: node.id,
    name: node.finalName,
    inputs: Object.freeze(inputs),
    output: node.declared ?? node.output,
    onError: errorPolicy(node.onError),
    calledAt: node.calledAt,
    parallelism: node.ownParallelism,
    ...(node.chaining === undefined ? {} : { chaining: node.chaining }),
    ...node.body,
  } as StreamNode);
}

function errorPolicy(handling: ErrorHandling | undefined): ErrorPolicy {
  return typeof handling === "object" ? "dead-letter" : (handling ?? "fail");
}
