// What is kept of one open window of one key: its bounds, what its trigger remembers and waits for, and its contents as accumulators or
// as the places of its elements. A row is decoded for each change and written back, so a failure in between leaves the window as it was.
import type { TypeInfo } from "../../schema/type-info.ts";

/** Elements `from` to `to` − 1 under `id`; more than one run after windows have merged. */
export interface ElementRun {
  readonly id: number | string;
  readonly from: number;
  to: number;
}

/** What one trigger of a window remembers; which of them it uses is its own business. */
export interface TriggerMemory {
  /** Elements since it last fired. */
  n?: number | undefined;
  /** Its next time. */
  at?: number | undefined;
  /** An element to compare with, or a custom trigger's state. */
  e?: unknown;
}

export interface WindowRow {
  start: number;
  end: number;
  /** Its bounds are not those that it began with. */
  moved: boolean;
  /** Elements in it. */
  size: number;
  /** By "t" + the trigger's number. */
  triggers: Record<string, TriggerMemory | undefined>;
  /** Timers that its trigger has set and that have not fired. Timers of the engine belong to a key: another window's may have the same time. */
  eventTimes: number[];
  processingTimes: number[];
  /** Accumulators by "a" + index, where no elements are kept. */
  acc: Record<string, unknown>;
  runs: ElementRun[];
}

export function newRow(start: number, end: number, triggers: WindowRow["triggers"]): WindowRow {
  return { start, end, moved: false, size: 0, triggers, eventTimes: [], processingTimes: [], acc: {}, runs: [] };
}

const DOUBLE: TypeInfo = { kind: "double" };
const LONG: TypeInfo = { kind: "long" };
const TIMES: TypeInfo = { kind: "array", of: DOUBLE };

/** `id`: of windows; `accumulators`: their types by index; `triggers`: by number, what each keeps in `e`. */
export function rowType(
  id: TypeInfo,
  accumulators: readonly (TypeInfo | undefined)[],
  triggers: readonly (TypeInfo | undefined)[],
): TypeInfo {
  const run: TypeInfo = {
    kind: "record",
    name: "Run",
    fields: [
      { name: "id", type: id },
      { name: "from", type: LONG },
      { name: "to", type: LONG },
    ],
  };
  const acc: TypeInfo = {
    kind: "record",
    name: "Accumulators",
    fields: accumulators.flatMap((type, index) => (type === undefined ? [] : [{ name: `a${index}`, type: optional(type) }])),
  };
  const fields = [
    { name: "start", type: DOUBLE },
    { name: "end", type: DOUBLE },
    { name: "moved", type: { kind: "boolean" } as TypeInfo },
    { name: "size", type: LONG },
    { name: "triggers", type: memoryType(triggers) },
    { name: "eventTimes", type: TIMES },
    { name: "processingTimes", type: TIMES },
    { name: "acc", type: acc },
    { name: "runs", type: { kind: "array", of: run } as TypeInfo },
  ];
  return { kind: "record", name: "Window", fields };
}

function memoryType(triggers: readonly (TypeInfo | undefined)[]): TypeInfo {
  const memories = triggers.map((kept, number) => {
    const fields = [
      { name: "n", type: optional(LONG) },
      { name: "at", type: optional(DOUBLE) },
    ];
    const own = kept === undefined ? fields : [...fields, { name: "e", type: optional(kept) }];
    return { name: `t${number}`, type: optional({ kind: "record", name: "Memory", fields: own }) };
  });
  return { kind: "record", name: "Triggers", fields: memories };
}

function optional(type: TypeInfo): TypeInfo {
  return type.kind === "optional" ? type : { kind: "optional", of: type };
}
