// The plan: the graph as JSON, without functions, addresses or places in source files; and its hash. Two processes that built the same
// pipeline have the same hash. Invariant: whatever changes what state means (names, kinds, schemas, options, edges) changes the hash.
import type { TypeInfo } from "../schema/type-info.ts";
import type { Json } from "./connector.ts";
import type {
  AggregateSpec,
  BroadcastConnectSpec,
  Edge,
  EventTime,
  KeySelector,
  MapAsyncSpec,
  ProcessSpec,
  StateSpec,
  StreamNode,
  UnkeyedProcessSpec,
  WindowApply,
  WindowSpec,
} from "./graph.ts";
import { sha256Hex } from "./sha256.ts";

/** Raised when the plan's own form changes. */
const PLAN_VERSION = 1;

export function planOf(name: string, nodes: readonly StreamNode[]): Json {
  return freeze({ version: PLAN_VERSION, name, nodes: nodes.map(nodePlan) });
}

/** Independent of the order of object keys. */
export function graphHash(plan: Json): string {
  return sha256Hex(canonical(plan));
}

function nodePlan(node: StreamNode): Json {
  return {
    id: node.id,
    name: node.name,
    kind: node.kind,
    inputs: node.inputs.map(edgePlan),
    output: typePlan(node.output),
    onError: node.onError,
    parallelism: node.parallelism ?? null,
    ...(node.chaining === undefined ? {} : { chaining: node.chaining }),
    ...bodyPlan(node),
  };
}

function bodyPlan(node: StreamNode): { readonly [name: string]: Json } {
  switch (node.kind) {
    case "source":
      return { connector: node.source.connector, source: node.source.describe(), time: timePlan(node.time) };
    case "timestamps":
      return { time: timePlan(node.time) };
    case "process":
      return processPlan(node.process);
    case "unkeyed-process":
      return unkeyedPlan(node.process);
    case "connect":
      return {
        ...processPlan(node.connect.process),
        otherFrom: node.connect.otherFrom,
        ...(node.connect.joined === undefined ? {} : { joined: node.connect.joined }),
      };
    case "broadcast-connect":
      return broadcastPlan(node.connect);
    case "map-async":
      return asyncPlan(node.async);
    case "window":
      return windowPlan(node.window);
    case "window-join":
      return { ...windowPlan(node.join.window), otherFrom: node.join.otherFrom, of: node.join.of };
    case "interval-join":
      return {
        key: keyPlan(node.join.key),
        otherFrom: node.join.otherFrom,
        lowerMs: node.join.lowerMs,
        upperMs: node.join.upperMs,
        ...(node.join.lateOutputs === true ? { lateOutputs: true } : {}),
        left: typePlan(node.join.left),
        right: typePlan(node.join.right),
      };
    case "sink":
      return { connector: node.sink.connector, sink: node.sink.describe() };
    default:
      return {};
  }
}

function processPlan(spec: ProcessSpec): { readonly [name: string]: Json } {
  return {
    key: keyPlan(spec.key),
    state: spec.state.map(statePlan),
    side: spec.side.map((side) => ({ name: side.name, type: typePlan(side.type) })),
    timers: spec.onTimer !== undefined,
  };
}

function unkeyedPlan(spec: UnkeyedProcessSpec): { readonly [name: string]: Json } {
  return {
    state: spec.state.map(({ name, kind, value }) => ({ name, kind, value: typePlan(value) })),
    side: spec.side.map((side) => ({ name: side.name, type: typePlan(side.type) })),
  };
}

function broadcastPlan(spec: BroadcastConnectSpec): { readonly [name: string]: Json } {
  const { function: own, otherFrom, broadcast } = spec;
  return {
    ...(own.kind === "keyed" ? processPlan(own.process) : unkeyedPlan(own.process)),
    otherFrom,
    broadcast: broadcast.map(({ name, key, value }) => ({ name, key: typePlan(key), value: typePlan(value) })),
  };
}

function asyncPlan(spec: MapAsyncSpec): { readonly [name: string]: Json } {
  const { element, capacity, timeoutMs, onTimeout, ordered, retries } = spec;
  return {
    element: typePlan(element),
    capacity,
    timeoutMs,
    onTimeout: onTimeout === "fail" ? "fail" : "function",
    ordered,
    retries: { ...retries },
  };
}

/** What plain windows have no need of is left out, so that their hashes stay as they are. */
function windowPlan(window: WindowSpec): { readonly [name: string]: Json } {
  const { trigger, evictor, apply } = window;
  return {
    key: keyPlan(window.key),
    assigner: withoutFunctions(window.assigner),
    allowedLatenessMs: window.allowedLatenessMs,
    aggregates: window.aggregates.map(aggregatePlan),
    lateOutput: window.lateOutput ?? null,
    ...(trigger === undefined ? {} : { trigger: withoutFunctions(trigger) }),
    ...(evictor === undefined ? {} : { evictor: withoutFunctions(evictor) }),
    ...(apply === undefined ? {} : { apply: apply.kind, element: typePlan(window.element), ...applyPlan(apply) }),
  };
}

function applyPlan(apply: WindowApply): { readonly [name: string]: Json } {
  if (apply.kind !== "process") return {};
  const { windowState, globalState, side } = apply;
  return {
    ...(windowState.length + globalState.length === 0
      ? {}
      : { windowState: windowState.map(statePlan), globalState: globalState.map(statePlan) }),
    ...(side.length === 0 ? {} : { side: side.map((one) => ({ name: one.name, type: typePlan(one.type) })) }),
  };
}

function withoutFunctions(spec: object): Json {
  return JSON.parse(JSON.stringify(spec, (_, value: unknown) => (typeof value === "function" ? "function" : value))) as Json;
}

function edgePlan({ from, output, partitioning }: Edge): Json {
  const key = partitioning.kind === "keyed" ? { key: keyPlan(partitioning.key) } : {};
  const strict = partitioning.kind === "forward" && partitioning.strict === true ? { strict: true } : {};
  return { from, output, partitioning: partitioning.kind, ...key, ...strict };
}

function keyPlan(key: KeySelector): Json {
  return key.kind === "fields" ? [...key.fields] : "function";
}

function timePlan(time: EventTime | undefined): Json {
  if (time === undefined) return null;
  const { watermarks } = time;
  return {
    eventTime: time.eventTime === undefined ? "record" : "function",
    watermarks: watermarks.kind,
    boundMs: watermarks.kind === "bounded-out-of-orderness" ? watermarks.boundMs : null,
    idleAfterMs: Number.isFinite(watermarks.idleAfterMs) ? watermarks.idleAfterMs : "never",
    ...(watermarks.alignment === undefined ? {} : { alignment: { ...watermarks.alignment } }),
  };
}

function statePlan(state: StateSpec): Json {
  return {
    name: state.name,
    kind: state.kind,
    ...(state.kind === "map" ? { key: typePlan(state.key) } : {}),
    value: typePlan(state.value),
    ...(state.kind === "value" && state.fold !== undefined ? { fold: state.fold.kind } : {}),
    ttl: state.ttl === undefined ? null : { ...state.ttl },
  };
}

function aggregatePlan(aggregate: AggregateSpec): Json {
  const { of } = aggregate;
  return {
    name: aggregate.name,
    kind: aggregate.kind,
    of: of === undefined ? null : of.kind === "field" ? of.field : { function: true },
    kept: typePlan(aggregate.kept),
    result: typePlan(aggregate.result),
    ...(aggregate.best === undefined ? {} : { best: { ...aggregate.best } }),
  };
}

function typePlan(type: TypeInfo | undefined): Json {
  return type === undefined ? null : (type as unknown as Json);
}

/** JSON with sorted keys. */
function canonical(value: Json): string {
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  const entries = Object.entries(value as { readonly [name: string]: Json }).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([name, of]) => `${JSON.stringify(name)}:${canonical(of)}`).join(",")}}`;
}

function freeze(value: Json): Json {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    for (const inside of Object.values(value)) freeze(inside as Json);
    Object.freeze(value);
  }
  return value;
}
