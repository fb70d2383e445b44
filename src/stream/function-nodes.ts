// Nodes that run a function object: process, connect, and a stream connected with a broadcast one. A node with its declared side outputs
// is a stream with one more stream per side output.
import type { Schema, TypeInfo } from "../schema/type-info.ts";
import { checkFunctionObject, checkNamedOptions } from "./check-options.ts";
import type { OperatorOptions } from "./data-stream.ts";
import type { ErrorHandling } from "./dead-letter.ts";
import type { BroadcastConnectSpec, BroadcastStateSpec, KeySelector, ProcessSpec, UnkeyedProcessSpec } from "./graph.ts";
import type { GraphDraft, NewNode, NodeBody, Outlet } from "./graph-draft.ts";
import { processSpec, unkeyedProcessSpec } from "./operator-arguments.ts";
import type { SideOutputs } from "./process-function.ts";
import type { StateDescriptors } from "./state.ts";

type Callback = (...args: never[]) => unknown;
type Where = string | undefined;

/** A function object before its parts are checked. */
interface Parts {
  readonly output: Schema<unknown>;
  readonly side?: SideOutputs | undefined;
  readonly state?: StateDescriptors | undefined;
  readonly onError?: ErrorHandling | undefined;
  readonly open?: Callback | undefined;
  readonly close?: Callback | undefined;
  readonly onTimer?: Callback | undefined;
}

export interface AnyFunction extends Parts {
  readonly onElement: Callback;
}

export interface ConnectParts extends Parts {
  readonly onLeft: Callback;
  readonly onRight: Callback;
}

export interface BroadcastParts extends AnyFunction {
  readonly onBroadcast: Callback;
}

/** What a function object adds to a graph. `make` makes the stream of one of its outputs. */
export function addProcess<H extends object>(
  draft: GraphDraft,
  name: string,
  fn: Parts,
  sides: ProcessSpec["side"],
  body: NodeBody,
  inlets: Pick<NewNode, "inputs" | "partitioning">,
  options: Omit<OperatorOptions, "name">,
  calledAt: Where,
  make: (outlet: Outlet, type: TypeInfo | undefined) => H,
): H & { readonly side: Readonly<Record<string, H>> } {
  checkNamedOptions(options, `${body.kind === "connect" ? "connect" : "process"}("${name}", …)`, calledAt);
  const output = fn.output.type;
  const { parallelism, onError = fn.onError } = options;
  const sideOutputs = sides.map((side) => side.name);
  const id = draft.add({ name, ...inlets, output, onError, parallelism, calledAt, body, sideOutputs });
  const side = sides.map((one) => [one.name, make({ from: id, output: one.name }, one.type)]);
  return Object.assign(make({ from: id, output: "main" }, output), {
    side: Object.freeze(Object.fromEntries(side) as Record<string, H>),
  });
}

/** `key`: of the stream; undefined: not keyed. */
export function broadcastConnect(
  key: KeySelector | undefined,
  fn: BroadcastParts,
  otherFrom: number,
  broadcast: readonly BroadcastStateSpec[],
  what: string,
  where: Where,
): { readonly spec: ProcessSpec | UnkeyedProcessSpec; readonly connect: BroadcastConnectSpec } {
  checkFunctionObject("broadcast", fn, what, where);
  const onElement = fn.onElement.bind(fn) as ProcessSpec["onElement"];
  const onBroadcast = fn.onBroadcast.bind(fn) as BroadcastConnectSpec["onBroadcast"];
  const common = { otherFrom, broadcast, onBroadcast };
  if (key === undefined) {
    const spec = unkeyedProcessSpec(fn, onElement, what, where);
    return { spec, connect: Object.freeze({ function: { kind: "unkeyed" as const, process: spec }, ...common }) };
  }
  const spec = processSpec(key, fn, onElement, what, where);
  return { spec, connect: Object.freeze({ function: { kind: "keyed" as const, process: spec }, ...common }) };
}
