// A stream on its way into broadcast state, and a stream connected with one before it has its function.
import type { OperatorOptions } from "./data-stream.ts";
import { addProcess, broadcastConnect, type BroadcastParts } from "./function-nodes.ts";
import type { BroadcastStateSpec, KeySelector, Partitioning } from "./graph.ts";
import type { GraphDraft, Outlet } from "./graph-draft.ts";
import { calledAt } from "./called-at.ts";
import { broadcastStateSpec, keyed } from "./operator-arguments.ts";
import { PipelineError } from "./pipeline-error.ts";
import { checkName } from "./plain-name.ts";
import type { TypeInfo } from "../schema/type-info.ts";
import type { StateDescriptors } from "./state.ts";

type Where = string | undefined;
const BROADCAST: Partitioning = Object.freeze({ kind: "broadcast" });

/** What a stream is here; H: its class. */
interface Connected<H extends object> {
  readonly draft: GraphDraft;
  readonly outlets: readonly Outlet[];
  readonly partitioning: Partitioning;
  /** undefined: not keyed. */
  readonly key?: KeySelector;
  readonly made: (outlet: Outlet, type: TypeInfo | undefined) => H;
}

export class BroadcastHandle {
  readonly draft: GraphDraft;
  readonly outlets: readonly Outlet[];
  readonly specs: readonly BroadcastStateSpec[];

  constructor(draft: GraphDraft, outlets: readonly Outlet[], state: StateDescriptors, where: Where) {
    this.draft = draft;
    this.outlets = outlets.map((outlet) => ({ ...outlet, partitioning: BROADCAST }));
    this.specs = Object.freeze(Object.entries(state).map(([name, descriptor]) => broadcastStateSpec(name, descriptor, where)));
    if (this.specs.length === 0)
      throw new PipelineError("BAD_STATE", "broadcast(state): at least one mapState(…) is wanted; for elements only: broadcast().", where);
  }
}

export class BroadcastConnectedHandle<H extends object> {
  readonly #stream: Connected<H>;
  readonly #broadcast: BroadcastHandle;

  constructor(stream: Connected<H>, broadcast: BroadcastHandle, where: Where) {
    if (broadcast.draft !== stream.draft)
      throw new PipelineError("OTHER_PIPELINE", "connect(…): the broadcast stream is of another pipeline.", where);
    this.#stream = stream;
    this.#broadcast = broadcast;
  }

  process(name: string, fn: BroadcastParts, options: Omit<OperatorOptions, "name"> = {}): ReturnType<typeof addProcess<H>> {
    const where = calledAt(this.process);
    checkName(name, "process(name, …)", where);
    const { draft, outlets, key, partitioning, made } = this.#stream;
    const { spec, connect } = broadcastConnect(key, fn, outlets.length, this.#broadcast.specs, `process("${name}", …)`, where);
    const inlets = { inputs: [...outlets, ...this.#broadcast.outlets], partitioning: key === undefined ? partitioning : keyed(key) };
    return addProcess(draft, name, fn, spec.side, { kind: "broadcast-connect", connect }, inlets, options, where, made);
  }
}
