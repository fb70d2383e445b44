// Aggregates of a window folded one element at a time into accumulators that are plain values: where windows overlap or merge, or where
// the elements themselves are kept. Tumbling windows have columns instead (window-aggregates.ts); both give the same results.
import type { TypeInfo } from "../../schema/type-info.ts";
import type { AggregateSpec, WindowSpec } from "../../stream/graph.ts";
import { latin1 } from "../../schema/columns.ts";
import { BinaryCodec } from "../../schema/binary-row/binary-codec.ts";
import { WindowAggregates } from "./window-aggregates.ts";
import { isMerging } from "./window-assigner.ts";

/** True where accumulators do not do: the function, an evictor, or a merge wants the elements themselves. */
export function keepsElements(spec: WindowSpec): boolean {
  if (spec.evictor !== undefined || spec.apply?.kind === "process") return true;
  const merging = isMerging(spec.assigner);
  return spec.aggregates.some(
    ({ kind, custom }) =>
      kind === "collect" ||
      kind === "collect-set" ||
      (merging && (kind === "first" || kind === "last" || (kind === "custom" && custom!.merge === undefined))),
  );
}

export class WindowFold {
  readonly #spec: WindowSpec;
  readonly #aggregates: WindowAggregates;

  constructor(spec: WindowSpec) {
    this.#spec = spec;
    this.#aggregates = new WindowAggregates(spec);
  }

  /** Types of the accumulators by index; undefined: needs none. */
  types(): readonly (TypeInfo | undefined)[] {
    const { apply, aggregates, element } = this.#spec;
    if (apply?.kind === "reduce") return [element];
    return aggregates.map(({ kind, kept }) =>
      kind === "count"
        ? undefined
        : kind === "collect" || kind === "collect-set"
          ? { kind: "array", of: kept! }
          : (kept ?? { kind: "double" }),
    );
  }

  /** Adds an element to accumulators that hold `size` elements. */
  add(acc: Record<string, unknown>, size: number, element: unknown): void {
    const { apply } = this.#spec;
    if (apply?.kind === "reduce") {
      acc["a0"] = size === 0 ? element : apply.fn(acc["a0"], element);
      return;
    }
    const inputs = this.#aggregates.aggregates.map((aggregate) => this.#aggregates.input(aggregate, element));
    this.#aggregates.aggregates.forEach(({ spec }, index) => {
      if (spec.kind !== "count") acc[`a${index}`] = added(spec, acc[`a${index}`], inputs[index], size === 0);
    });
  }

  /** Adds `other` to `acc`; neither is empty. */
  merge(acc: Record<string, unknown>, other: Record<string, unknown>): void {
    const { apply, aggregates } = this.#spec;
    if (apply?.kind === "reduce") {
      acc["a0"] = apply.fn(acc["a0"], other["a0"]);
      return;
    }
    aggregates.forEach((spec, index) => {
      const name = `a${index}`;
      if (spec.kind === "custom") acc[name] = spec.custom!.merge!(acc[name], other[name]);
      else if (spec.kind !== "count") acc[name] = added(spec, acc[name], other[name], false);
    });
  }

  /** Result fields in order; for reduce the one element. */
  results(acc: Record<string, unknown>, size: number): readonly unknown[] {
    const { apply, aggregates } = this.#spec;
    if (apply?.kind === "reduce") return [acc["a0"]];
    return aggregates.map((spec, index) => resultOf(spec, acc[`a${index}`], size));
  }

  resultsOf(elements: readonly unknown[]): readonly unknown[] {
    const acc: Record<string, unknown> = {};
    elements.forEach((element, size) => this.add(acc, size, element));
    return this.results(acc, elements.length);
  }
}

function added(spec: AggregateSpec, acc: unknown, value: unknown, isFirst: boolean): unknown {
  switch (spec.kind) {
    case "min":
      return isFirst ? value : (value as number) < (acc as number) ? value : acc;
    case "max":
      return isFirst ? value : (value as number) > (acc as number) ? value : acc;
    case "first":
      return isFirst ? value : acc;
    case "last":
      return value;
    case "collect":
    case "collect-set":
      if (isFirst) return [value];
      (acc as unknown[]).push(value);
      return acc;
    case "custom":
      return spec.custom!.add(isFirst ? spec.custom!.create() : acc, value);
    default:
      return isFirst ? 0 + (value as number) : (acc as number) + (value as number);
  }
}

function resultOf(spec: AggregateSpec, acc: unknown, size: number): unknown {
  switch (spec.kind) {
    case "count":
      return size;
    case "avg":
      return (acc as number) / size;
    case "custom":
      return spec.custom!.result(acc);
    case "collect-set":
      return distinct(spec.kept!, acc as readonly unknown[]);
    default:
      return acc;
  }
}

/** The different values, in the order in which each came first. */
function distinct(type: TypeInfo, values: readonly unknown[]): readonly unknown[] {
  const codec = new BinaryCodec(type);
  const seen = new Set<string>();
  return values.filter((value) => {
    const bytes = codec.bytesOf(value);
    return seen.size < seen.add(latin1(bytes, 0, bytes.length)).size;
  });
}
