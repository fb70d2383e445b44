// The accumulators of a window as columns of a keyed store: column 0 counts the elements of a key, column 1 (only with allowed lateness)
// says that its result has changed since it was last sent; then one column per aggregate that needs one.
import { BinaryCodec } from "../../schema/binary-row/binary-codec.ts";
import { latin1 } from "../../schema/columns.ts";
import { fieldValue } from "../../schema/field-value.ts";
import { checkValue } from "../../schema/mismatch.ts";
import type { TypeInfo } from "../../schema/type-info.ts";
import type { AggregateSpec, StateSpec, WindowSpec } from "../../stream/graph.ts";
import type { KeyTable } from "../state/key-table.ts";
import type { NumberColumn } from "../state/state-column.ts";
import type { ListHandle } from "../state/list-state.ts";
import type { MapHandle } from "../state/map-state.ts";
import type { StateHandle } from "../state/state-handle.ts";
import type { NumberState, RowState } from "../state/value-states.ts";

export const COUNT_COLUMN = 0;
export const CHANGED_COLUMN = 1;

export class AggregateError extends Error {
  override readonly name = "AggregateError";
  readonly code = "BAD_AGGREGATE_INPUT";
}

export interface PlannedAggregate {
  readonly spec: AggregateSpec;
  readonly index: number;
  /** Its column, −1 for count. */
  readonly column: number;
  readonly numeric: boolean;
}

export class WindowAggregates {
  readonly specs: readonly StateSpec[];
  readonly aggregates: readonly PlannedAggregate[];
  /** For the keys of collect-set. */
  readonly #codecs = new Map<number, BinaryCodec>();

  constructor(window: WindowSpec) {
    const specs: StateSpec[] = [number("#count")];
    if (window.allowedLatenessMs > 0) specs.push(number("#changed"));
    this.aggregates = window.aggregates.map((spec, index) => {
      const state = stateOf(spec);
      if (spec.kind === "collect-set" && !isKey(spec.kept!)) this.#codecs.set(index, new BinaryCodec(spec.kept!));
      return { spec, index, column: state === undefined ? -1 : specs.push(state) - 1, numeric: isNumericKind(spec.kind) };
    });
    this.specs = specs;
  }

  /** What an aggregate takes of an element, checked. */
  input({ spec }: PlannedAggregate, element: unknown): unknown {
    const { of } = spec;
    const value = of === undefined ? element : of.kind === "field" ? fieldValue(element as object, of.field) : of.fn(element);
    this.check(spec, value);
    return value;
  }

  /** What all of them take. */
  inputs(element: unknown): readonly unknown[] {
    return this.aggregates.map((aggregate) => this.input(aggregate, element));
  }

  checking(spec: AggregateSpec, value: unknown): () => void {
    return () => this.check(spec, value);
  }

  check(spec: AggregateSpec, value: unknown): void {
    if (spec.kind === "count" || spec.kind === "custom") return;
    if (!isNumericKind(spec.kind)) return checkValue(spec.kept!, value);
    if (typeof value === "number") return;
    throw new AggregateError(
      `Aggregate '${spec.name}' wants a number from each element, not ${value === null ? "null" : `a value of type ${typeof value}`}.`,
    );
  }

  /** The first element of a key. */
  begin(table: KeyTable, id: number): void {
    setNumber(table, COUNT_COLUMN, id, 0);
    if (this.specs[CHANGED_COLUMN]?.name === "#changed") setNumber(table, CHANGED_COLUMN, id, 0);
    for (const { spec, column: index, numeric } of this.aggregates) {
      if (!numeric || index < 0) continue;
      setNumber(table, index, id, spec.kind === "min" ? Infinity : spec.kind === "max" ? -Infinity : 0);
    }
  }

  /** Adds to an aggregate of numbers; generated loops have the same in line. */
  addNumber({ spec, column: index }: PlannedAggregate, table: KeyTable, id: number, value: number): void {
    if (index < 0) return;
    const { values } = column(table, index);
    if (spec.kind === "min") {
      if (value < values[id]!) values[id] = value;
    } else if (spec.kind === "max") {
      if (value > values[id]!) values[id] = value;
    } else values[id]! += value;
  }

  /** Adds to an aggregate that keeps values. `isFirst`: the key's first element. */
  keep({ spec, column: index }: PlannedAggregate, handles: readonly StateHandle[], value: unknown, isFirst: boolean): void {
    const handle = handles[index]!;
    switch (spec.kind) {
      case "first":
        if (isFirst) (handle as RowState).set(value);
        return;
      case "last":
        return (handle as RowState).set(value);
      case "collect":
        return (handle as ListHandle).add(value);
      case "collect-set":
        return this.#keepOnce(spec, handle as MapHandle, value);
      default: {
        const state = handle as RowState;
        const custom = spec.custom!;
        state.set(custom.add(isFirst ? custom.create() : state.get(), value));
      }
    }
  }

  #keepOnce(spec: AggregateSpec, handle: MapHandle, value: unknown): void {
    const index = this.aggregates.findIndex((aggregate) => aggregate.spec === spec);
    const codec = this.#codecs.get(index);
    const bytes = codec?.bytesOf(value);
    const key = bytes === undefined ? value : latin1(bytes, 0, bytes.length);
    if (!handle.has(key)) handle.set(key, value);
  }

  /** The result of an aggregate for the key that the handles point at. */
  result({ spec, column: index }: PlannedAggregate, table: KeyTable, handles: readonly StateHandle[], id: number): unknown {
    switch (spec.kind) {
      case "count":
        return column(table, COUNT_COLUMN).values[id];
      case "avg":
        return column(table, index).values[id]! / column(table, COUNT_COLUMN).values[id]!;
      case "sum":
      case "min":
      case "max":
        return column(table, index).values[id];
      case "collect":
        return (handles[index] as ListHandle).get();
      case "collect-set":
        return [...(handles[index] as MapHandle).values()];
      case "custom":
        return spec.custom!.result((handles[index] as RowState).get());
      default:
        return (handles[index] as RowState | NumberState).get();
    }
  }
}

export function column(table: KeyTable, index: number): NumberColumn {
  return table.columns[index] as NumberColumn;
}

/** Gives a number to a key that may have none. */
export function setNumber(table: KeyTable, index: number, id: number, value: number): void {
  const { values, present } = column(table, index);
  values[id] = value;
  present[id] = 1;
}

/** The key has elements here. Its count is NaN (never begun), or 0 as long as its first element has not been added. */
export function hasElements(table: KeyTable, id: number): boolean {
  return column(table, COUNT_COLUMN).values[id]! > 0;
}

export function isNumericKind(kind: AggregateSpec["kind"]): boolean {
  return kind === "count" || kind === "sum" || kind === "avg" || kind === "min" || kind === "max";
}

function stateOf(spec: AggregateSpec): StateSpec | undefined {
  const { name } = spec;
  switch (spec.kind) {
    case "count":
      return undefined;
    case "collect":
      return { kind: "list", name, value: spec.kept!, ttl: undefined };
    case "collect-set":
      return { kind: "map", name, key: isKey(spec.kept!) ? spec.kept! : { kind: "string" }, value: spec.kept!, ttl: undefined };
    case "first":
    case "last":
    case "custom":
      return { kind: "value", name, value: spec.kept!, ttl: undefined };
    default:
      return number(name);
  }
}

function number(name: string): StateSpec {
  return { kind: "value", name, value: { kind: "double" }, ttl: undefined };
}

/** Values that can be keys of a map as they are. */
function isKey(type: TypeInfo): boolean {
  return ["string", "literal", "decimal", "int", "long", "timestamp", "boolean", "bigint"].includes(type.kind);
}
