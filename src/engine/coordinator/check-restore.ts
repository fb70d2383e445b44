// May this graph start from that checkpoint? State is found by operator name, so a changed graph may, as long as nothing would be lost.
// Schemas of states are checked by the operators themselves, when they get their chunks.
import type { StreamGraph, StreamNode } from "../../stream/graph.ts";
import { CheckpointError } from "../checkpoint/checkpoint-errors.ts";
import type { RestorePoint } from "../checkpoint/checkpoint-manifest.ts";

/** Throws RESTORE_REFUSED naming everything that does not fit. */
export function checkRestore(point: RestorePoint, graph: StreamGraph, maxParallelism: number): void {
  const { manifest } = point;
  const problems: string[] = [];
  if (manifest.job !== graph.name) problems.push(`it belongs to the job "${manifest.job}", not "${graph.name}"`);
  if (manifest.maxParallelism !== maxParallelism) {
    problems.push(
      `it has ${manifest.maxParallelism} key groups (max parallelism), this job has ${maxParallelism}; set max parallelism to ${manifest.maxParallelism}`,
    );
  }
  const nodes = new Map(graph.nodes.map((node) => [node.name, node]));
  for (const operator of manifest.operators) {
    if (operator.stateful && !keepsState(nodes.get(operator.name)))
      problems.push(`it holds state of the operator "${operator.name}", which ${missing(nodes.get(operator.name))}`);
  }
  for (const source of Object.keys(manifest.sources)) {
    if (nodes.get(source)?.kind !== "source")
      problems.push(`it holds positions of the source "${source}", which ${missing(nodes.get(source))}`);
  }
  for (const sink of Object.keys(manifest.committables)) {
    if (nodes.get(sink)?.kind !== "sink")
      problems.push(`it holds output prepared by the sink "${sink}", which ${missing(nodes.get(sink))}`);
  }
  if (problems.length === 0) return;
  throw new CheckpointError(
    "RESTORE_REFUSED",
    `The job cannot start from ${point.path}: ${problems.join("; ")}. Give the operators their old names back, or start without the checkpoint (their state and the output that was prepared are then lost).`,
  );
}

const STATEFUL: readonly StreamNode["kind"][] = [
  "process",
  "unkeyed-process",
  "connect",
  "broadcast-connect",
  "map-async",
  "window",
  "interval-join",
  "window-join",
];

export function keepsState(node: StreamNode | undefined): boolean {
  return node !== undefined && STATEFUL.includes(node.kind);
}

function missing(node: StreamNode | undefined): string {
  return node === undefined ? "is not in the pipeline" : `is now a ${node.kind}`;
}
