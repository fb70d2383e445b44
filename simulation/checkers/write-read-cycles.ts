// Transactions that read each other's writes in a circle (G1c): the strongly connected components of "wrote what that one read", found
// by Tarjan's algorithm with its own stack.
import type { Anomalies } from "./anomalies.ts";
import { NONE, type Operation } from "./history.ts";
import type { LogIndex } from "./log-index.ts";

export function checkCycles(history: readonly Operation[], index: LogIndex, anomalies: Anomalies): void {
  const readers = new Map<number, Set<number>>();
  for (const operation of history) {
    if (operation.kind !== "poll" || operation.transaction === NONE) continue;
    for (const value of operation.values) {
      const writer = index.sends.get(value)?.transaction ?? NONE;
      if (writer === NONE || writer === operation.transaction) continue;
      const found = readers.get(writer);
      if (found === undefined) readers.set(writer, new Set([operation.transaction]));
      else found.add(operation.transaction);
    }
  }
  for (const cycle of components(readers)) anomalies.add("write-read-cycle", `transactions ${cycle.join(", ")}`);
}

interface Node {
  readonly id: number;
  readonly edges: Iterator<number>;
}

function components(graph: ReadonlyMap<number, ReadonlySet<number>>): number[][] {
  const order = new Map<number, number>();
  const low = new Map<number, number>();
  const open: number[] = [];
  const isOpen = new Set<number>();
  const cycles: number[][] = [];
  const enter = (id: number): Node => {
    order.set(id, order.size);
    low.set(id, order.get(id)!);
    open.push(id);
    isOpen.add(id);
    return { id, edges: (graph.get(id) ?? new Set<number>()).values() };
  };
  for (const root of graph.keys()) {
    if (order.has(root)) continue;
    const path = [enter(root)];
    while (path.length > 0) {
      const node = path.at(-1)!;
      const edge = node.edges.next();
      if (edge.done !== true) {
        if (!order.has(edge.value)) path.push(enter(edge.value));
        else if (isOpen.has(edge.value)) low.set(node.id, Math.min(low.get(node.id)!, order.get(edge.value)!));
        continue;
      }
      path.pop();
      const parent = path.at(-1);
      if (parent !== undefined) low.set(parent.id, Math.min(low.get(parent.id)!, low.get(node.id)!));
      if (low.get(node.id) !== order.get(node.id)) continue;
      const members = open.splice(open.lastIndexOf(node.id));
      for (const member of members) isOpen.delete(member);
      if (members.length > 1) cycles.push(members);
    }
  }
  return cycles;
}
