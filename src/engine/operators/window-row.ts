// What is kept of one open window of one key: its bounds, what its trigger remembers, and its contents as accumulators or as the places
// of its elements. A row is decoded for each change and written back, so a failure in between leaves the window as it was.
import type { TypeInfo } from "../../schema/type-info.ts";

/** Elements `from` to `to` − 1 under `id`; more than one run after windows have merged. */
export interface ElementRun {
  readonly id: number;
  readonly from: number;
  to: number;
}

export interface WindowRow {
  start: number;
  end: number;
  /** Elements in it. */
  size: number;
  /** Of a count trigger: since it last fired. */
  triggerCount: number;
  /** Its event-time timer at end − 1 is set and has not fired. Timers belong to the key: another window's past timer may have the same time. */
  endArmed: boolean;
  /** Of a continuous trigger: its next time. */
  fireAt: number | undefined;
  /** Of a delta trigger: the element to compare with. */
  last: unknown;
  /** Accumulators by "a" + index, where no elements are kept. */
  acc: Record<string, unknown>;
  runs: ElementRun[];
}

export function newRow(start: number, end: number): WindowRow {
  return { start, end, size: 0, triggerCount: 0, endArmed: false, fireAt: undefined, last: undefined, acc: {}, runs: [] };
}

/** `accumulators`: their types by index; `last`: of the delta trigger's element. */
export function rowType(accumulators: readonly (TypeInfo | undefined)[], last: TypeInfo | undefined): TypeInfo {
  const double: TypeInfo = { kind: "double" };
  const long: TypeInfo = { kind: "long" };
  const run: TypeInfo = {
    kind: "record",
    name: "Run",
    fields: [
      { name: "id", type: double },
      { name: "from", type: long },
      { name: "to", type: long },
    ],
  };
  const acc: TypeInfo = {
    kind: "record",
    name: "Accumulators",
    fields: accumulators.flatMap((type, index) => (type === undefined ? [] : [{ name: `a${index}`, type: optional(type) }])),
  };
  const fields = [
    { name: "start", type: double },
    { name: "end", type: double },
    { name: "size", type: long },
    { name: "triggerCount", type: long },
    { name: "endArmed", type: { kind: "boolean" } as TypeInfo },
    { name: "fireAt", type: optional(double) },
    { name: "acc", type: acc },
    { name: "runs", type: { kind: "array", of: run } as TypeInfo },
  ];
  return { kind: "record", name: "Window", fields: last === undefined ? fields : [...fields, { name: "last", type: optional(last) }] };
}

function optional(type: TypeInfo): TypeInfo {
  return type.kind === "optional" ? type : { kind: "optional", of: type };
}
