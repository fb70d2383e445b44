// Rolling aggregates of keyed streams (reduce, sum, min, …) as process functions: one element per key as state, replaced by what a function
// makes of it and the new element, and sent for each.
import type { TypeInfo } from "../schema/type-info.ts";
import { checkNamedOptions } from "./check-options.ts";
import type { OperatorOptions } from "./data-stream.ts";
import type { KeySelector, StateSpec } from "./graph.ts";
import type { NodeBody } from "./graph-draft.ts";
import { PipelineError } from "./pipeline-error.ts";
import { checkName } from "./plain-name.ts";
import { fieldOf } from "./resolve-aggregates.ts";

export type Fold = (last: unknown, element: unknown) => unknown;

interface RollingContext {
  readonly state: { readonly value: { get(): unknown; set(value: unknown): void } };
  emit(value: unknown): void;
}

export function rollingBody(key: KeySelector, type: TypeInfo, fn: Fold): NodeBody {
  const spec: StateSpec = Object.freeze({ kind: "value", name: "value", value: type, ttl: undefined });
  const onElement = (element: unknown, context: unknown): void => {
    const { state, emit } = context as RollingContext;
    const last = state.value.get();
    const next = last === undefined ? element : fn(last, element);
    state.value.set(next);
    emit(next);
  };
  const body = { key, state: Object.freeze([spec]), side: [], open: undefined, onElement, onTimer: undefined };
  return { kind: "process", process: Object.freeze(body) };
}

/** Of sum, min, max, minBy and maxBy. */
export function checkNumber(
  method: string,
  name: string,
  field: string,
  of: TypeInfo | undefined,
  options: Omit<OperatorOptions, "name"> | undefined,
  where: string | undefined,
): void {
  checkName(name, `${method}(name, field)`, where);
  checkNamedOptions(options ?? {}, `${method}("${name}", field)`, where);
  if (typeof field !== "string" || of === undefined) return;
  const type = fieldOf(of, field, `${method}("${name}", field)`, where);
  if (type !== undefined && !["int", "long", "double"].includes(type.kind))
    throw new PipelineError("BAD_ARGUMENT", `${method}("${name}", "${field}"): the field is no number.`, where);
}

export function addField(field: string): Fold {
  return (last, element) => withField(last, field, numberOf(last, field) + numberOf(element, field));
}

/** min and max change the field only, minBy and maxBy keep the whole element; of equal ones the first. */
export function bestField(method: "min" | "max" | "minBy" | "maxBy", field: string): Fold {
  const sign = method.startsWith("min") ? 1 : -1;
  const whole = method.endsWith("By");
  return (last, element) => {
    const value = numberOf(element, field);
    if (!(sign * value < sign * numberOf(last, field))) return last;
    return whole ? element : withField(last, field, value);
  };
}

function numberOf(element: unknown, field: string): number {
  return (element as Readonly<Record<string, number>>)[field]!;
}

function withField(element: unknown, field: string, value: number): unknown {
  return { ...(element as object), [field]: value };
}
