// The row type of each output of an operator: what batches at that output look like. Filters and timestamps pass their input's type on.
import type { TypeInfo } from "../../schema/type-info.ts";
import { DeadLetterSchema } from "../../stream/dead-letter.ts";
import type { ProcessSpec, StreamNode } from "../../stream/graph.ts";

/** Type of the rows at `output` of node `id`; undefined: no schema. `nodes` are the graph's, a node's id is its index. */
export function outputType(nodes: readonly StreamNode[], id: number, output: string): TypeInfo | undefined {
  const node = nodes[id]!;
  if (output === "errors") return DeadLetterSchema.type;
  if (output !== "main") {
    const declared = sideOutputsOf(node);
    const side = declared?.find(({ name }) => name === output);
    if (side !== undefined) return side.type;
    if (node.kind === "interval-join") return output === "lateLeft" ? node.join.left : node.join.right;
    return inputType(nodes, node); // late elements are elements of the input
  }
  if (node.output !== undefined) return node.output;
  if (node.kind === "source") return node.source.type;
  if (node.kind === "filter" || node.kind === "timestamps") return inputType(nodes, node);
  return undefined;
}

/** The side outputs that a node's function declares; undefined: it has no function object. A window may have late elements besides. */
export function sideOutputsOf(node: StreamNode): ProcessSpec["side"] | undefined {
  switch (node.kind) {
    case "process":
    case "unkeyed-process":
      return node.process.side;
    case "connect":
      return node.connect.process.side;
    case "broadcast-connect":
      return node.connect.function.process.side;
    case "window":
      return node.window.apply?.kind === "process" ? node.window.apply.side : undefined;
    default:
      return undefined;
  }
}

/** The common type of all inputs, or undefined when they differ or have none. */
function inputType(nodes: readonly StreamNode[], node: StreamNode): TypeInfo | undefined {
  const [first, ...rest] = node.inputs.map((edge) => outputType(nodes, edge.from, edge.output));
  return rest.every((type) => sameType(type, first)) ? first : undefined;
}

/** Structural equality. */
export function sameType(a: TypeInfo | undefined, b: TypeInfo | undefined): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}
