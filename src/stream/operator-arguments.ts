// What the methods of streams check of their arguments, and what they make of them: states, side outputs, event time, result types.
import { isSchema, t } from "../schema/t.ts";
import type { TypeInfo } from "../schema/type-info.ts";
import { sameType } from "../schema/type-names.ts";
import type { TimeOptions } from "./data-stream.ts";
import type { ErrorHandling } from "./dead-letter.ts";
import type {
  BroadcastStateSpec,
  EventTime,
  KeySelector,
  OperatorStateSpec,
  Partitioning,
  ProcessSpec,
  StateSpec,
  UnkeyedProcessSpec,
} from "./graph.ts";
import { PipelineError } from "./pipeline-error.ts";
import { checkName } from "./plain-name.ts";
import type { SideOutputs } from "./process-function.ts";
import type { StateDescriptors } from "./state.ts";

type Where = string | undefined;

export const GlobalWindowSchema = t.record("GlobalWindow", { global: t.boolean() });
export const TimeWindowSchema = t.record("TimeWindow", { start: t.timestamp(), end: t.timestamp() });

/** Of a window's rows; undefined without a schema of the key. */
export function resultType(
  name: string,
  key: TypeInfo | undefined,
  window: TypeInfo,
  aggregates: readonly { readonly name: string; readonly result: TypeInfo }[],
) {
  if (key === undefined) return undefined;
  const fields = [
    { name: "key", type: key },
    { name: "window", type: window },
    ...aggregates.map(({ name, result }) => ({ name, type: result })),
  ];
  const record: TypeInfo = {
    kind: "record",
    name: name.replace(/[^A-Za-z0-9_]/g, "_").replace(/^[0-9]/, "_$&"),
    fields: Object.freeze(fields),
  };
  return Object.freeze(record);
}

/** A composite key is an array of its fields' values: of one type, or undefined (no schema). */
export function compositeType(types: readonly (TypeInfo | undefined)[]): TypeInfo | undefined {
  const [of] = types;
  return of !== undefined && types.every((type) => sameType(type, of)) ? Object.freeze({ kind: "array", of }) : undefined;
}

const NO_KEYS: Readonly<Partial<Record<TypeInfo["kind"], string>>> = {
  bytes: "a field of bytes",
  map: "a map",
  record: "a record",
  union: "a union",
  optional: "an optional field, which may be absent,",
};

export function checkKeyType(field: string, type: TypeInfo | undefined, where: Where): void {
  const what = type === undefined ? undefined : NO_KEYS[type.kind];
  if (what === undefined) return;
  throw new PipelineError(
    "BAD_ARGUMENT",
    `keyBy("${field}"): ${what} is no key. A key is a string, a number, a bigint or a boolean; make one with keyBy((e) => …).`,
    where,
  );
}

export function sideOutput(name: string, schema: unknown, what: string, where: Where): { readonly name: string; readonly type: TypeInfo } {
  checkName(name, `${what}: a side output`, where);
  if (name === "main" || name === "errors")
    throw new PipelineError("BAD_NAME", `${what}: a side output cannot be named "${name}", which every operator has.`, where);
  if (!isSchema(schema)) throw new PipelineError("SCHEMA_REQUIRED", `${what}: the side output "${name}" needs a schema.`, where);
  return Object.freeze({ name, type: schema.type });
}

export function stateSpec(name: string, descriptor: StateDescriptors[string], what: string, where: Where): StateSpec {
  checkName(name, `${what}: a state`, where);
  if (typeof descriptor?.spec?.kind !== "string")
    throw new PipelineError("BAD_STATE", `${what}: state "${name}" is no state descriptor, such as valueState(t.long()).`, where);
  if (descriptor.spec.kind === "union")
    throw new PipelineError(
      "BAD_STATE",
      `${what}: state "${name}" is a unionListState, which keyed streams do not have: take listState.`,
      where,
    );
  return Object.freeze({ ...descriptor.spec, name });
}

/** State of a function without a key. */
export function operatorStateSpec(name: string, descriptor: StateDescriptors[string], what: string, where: Where): OperatorStateSpec {
  checkName(name, `${what}: a state`, where);
  const spec = descriptor?.spec;
  if (spec?.kind !== "list" && spec?.kind !== "union")
    throw new PipelineError(
      "BAD_STATE",
      `${what}: state "${name}" of a stream that is not keyed is listState(…) or unionListState(…). For state per key add .keyBy(…) before.`,
      where,
    );
  if (spec.kind === "list" && spec.ttl !== undefined)
    throw new PipelineError("BAD_STATE", `${what}: state "${name}" is not per key and has no ttl.`, where);
  return Object.freeze({ kind: spec.kind === "list" ? "split" : "union", name, value: spec.value });
}

export function broadcastStateSpec(name: string, descriptor: StateDescriptors[string], where: Where): BroadcastStateSpec {
  checkName(name, "broadcast(state): a state", where);
  const spec = descriptor?.spec;
  if (spec?.kind !== "map" || spec.ttl !== undefined)
    throw new PipelineError("BAD_STATE", `broadcast(state): "${name}" is a mapState(key, value) without ttl.`, where);
  return Object.freeze({ name, key: spec.key, value: spec.value });
}

export function checkFunction(fn: unknown, what: string, where: Where): void {
  if (typeof fn !== "function") throw new PipelineError("BAD_ARGUMENT", `${what}: a function is wanted, not ${typeof fn}.`, where);
  if (fn.constructor.name.startsWith("Async")) throw new PipelineError("BAD_ARGUMENT", `${what}: the function must not be async.`, where);
}

export function checkErrorHandling(onError: ErrorHandling | undefined, what: string, where: Where): void {
  if (onError === undefined || onError === "fail" || onError === "skip" || typeof onError === "object") return;
  throw new PipelineError("BAD_ARGUMENT", `${what}: onError is "fail", "skip" or deadLetter(…), not ${JSON.stringify(onError)}.`, where);
}

/** undefined if neither event time nor watermarks are given. */
export function eventTime(
  time: { readonly [N in keyof TimeOptions<never>]?: TimeOptions<never>[N] | undefined } | undefined,
  what: string,
  where: Where,
): EventTime | undefined {
  if (time?.eventTime === undefined && time?.watermarks === undefined) return undefined;
  if (time.eventTime !== undefined) checkFunction(time.eventTime, `${what}: eventTime`, where);
  if (typeof time.watermarks?.kind !== "string")
    throw new PipelineError(
      "NO_WATERMARKS",
      `${what}: event time needs watermarks, such as boundedOutOfOrderness("5s") or noWatermarks().`,
      where,
    );
  return Object.freeze({ eventTime: time.eventTime as EventTime["eventTime"], watermarks: time.watermarks as EventTime["watermarks"] });
}

interface FunctionParts {
  readonly output: unknown;
  readonly side?: SideOutputs | undefined;
  readonly state?: StateDescriptors | undefined;
  readonly onError?: ErrorHandling | undefined;
  readonly open?: ((...args: never[]) => unknown) | undefined;
  readonly close?: ((...args: never[]) => unknown) | undefined;
  readonly onTimer?: ((...args: never[]) => unknown) | undefined;
}

type OnElement = ProcessSpec["onElement"];

/** What a process function and one of two streams have in common. */
export function processSpec(key: KeySelector, fn: FunctionParts, onElement: OnElement, what: string, where: Where): ProcessSpec {
  if (fn.onTimer !== undefined) checkFunction(fn.onTimer, `${what}: onTimer`, where);
  return Object.freeze({
    key,
    state: Object.freeze(Object.entries(fn.state ?? {}).map(([name, descriptor]) => stateSpec(name, descriptor, what, where))),
    ...commonSpec(fn, onElement, what, where),
    onTimer: fn.onTimer?.bind(fn) as ProcessSpec["onTimer"],
  });
}

export function unkeyedProcessSpec(fn: FunctionParts, onElement: OnElement, what: string, where: Where): UnkeyedProcessSpec {
  if (fn.onTimer !== undefined)
    throw new PipelineError("BAD_ARGUMENT", `${what}: timers are per key: add .keyBy(…) before, or remove onTimer.`, where);
  return Object.freeze({
    state: Object.freeze(Object.entries(fn.state ?? {}).map(([name, descriptor]) => operatorStateSpec(name, descriptor, what, where))),
    ...commonSpec(fn, onElement, what, where),
  });
}

function commonSpec(fn: FunctionParts, onElement: OnElement, what: string, where: Where): Omit<UnkeyedProcessSpec, "state"> {
  if (!isSchema(fn.output))
    throw new PipelineError("SCHEMA_REQUIRED", `${what}: output is the schema of what emit() takes, such as t.string().`, where);
  checkErrorHandling(fn.onError, what, where);
  return { ...sidesAndLife(fn, what, where), onElement };
}

/** Declared side outputs, open and close of a function object. */
export function sidesAndLife(
  fn: Pick<FunctionParts, "side" | "open" | "close">,
  what: string,
  where: Where,
): Pick<UnkeyedProcessSpec, "side" | "open" | "close"> {
  if (fn.open !== undefined) checkFunction(fn.open, `${what}: open`, where);
  if (fn.close !== undefined) checkFunction(fn.close, `${what}: close`, where);
  return {
    side: Object.freeze(Object.entries(fn.side ?? {}).map(([name, schema]) => sideOutput(name, schema, what, where))),
    open: fn.open?.bind(fn) as ProcessSpec["open"],
    close: fn.close?.bind(fn) as ProcessSpec["close"],
  };
}

export function schemaRequired(name: string, where: Where): PipelineError {
  return new PipelineError(
    "SCHEMA_REQUIRED",
    `"${name}" keeps elements, and what is kept needs a schema: add .returns(Schema) before keyBy.`,
    where,
  );
}

export function keyed(key: KeySelector): Partitioning {
  return Object.freeze({ kind: "keyed", key });
}
