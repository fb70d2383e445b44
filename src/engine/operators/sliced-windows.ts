// Sliding event-time windows over aggregates that can be put together from parts. An element is added once, to the slice of time that it is
// in; a slice holds the accumulators of all its keys, and a window that the watermark has passed puts its slices together, key group by
// key group. There is neither a timer nor an accumulator per key and window. Li and others, "No Pane, No Gain" (2005).
// Sums of fractions may differ in the last bit from those of the order of arrival: the parts are added, not the elements.
import type { WindowSpec } from "../../stream/graph.ts";
import type { PlanStep } from "../codegen/chain-plan.ts";
import { keyGroup } from "../state/key-group.ts";
import type { KeyTable } from "../state/key-table.ts";
import { KeyedStore } from "../state/keyed-store.ts";
import { restoreChunk } from "../state/restore-chunk.ts";
import type { ChainRuntime, Emit } from "../subtask/chain-runtime.ts";
import { valueText } from "../subtask/dead-letter-row.ts";
import { windowText } from "../subtask/operator-error.ts";
import type { StateChunk } from "../subtask/subtask.ts";
import type { ChainOperator, OperatorSnapshot } from "./chain-operator.ts";
import type { OperatorHome } from "./operator-home.ts";
import { LateDrops } from "./late-drops.ts";
import { holdingsInPanes, type KeyHoldings, type OperatorSize, sizeOfPanes } from "./operator-size.ts";
import { column, COUNT_COLUMN, hasElements, isNumericKind, WindowAggregates } from "./window-aggregates.ts";
import { addCode, aggregateScope, generateResult, inputCode, type MakeResult, plainResult } from "./window-code.ts";
import { WindowError } from "./window-error.ts";
import { type Pane, PanePool } from "./window-pane.ts";
import { readPaneHeader, WindowSnapshot } from "./window-snapshot.ts";

export type SlicedSpec = WindowSpec & { readonly assigner: { readonly kind: "sliding" } };

/** Slices that a window may be put together from. */
const MAX_SLICES = 4096;

/** Windows that this operator serves; window.ts and keyed-windows.ts have the others. */
export function isSliced(spec: WindowSpec): spec is SlicedSpec {
  const { assigner, trigger, evictor, apply, allowedLatenessMs, aggregates } = spec;
  if (assigner.kind !== "sliding" || trigger !== undefined || evictor !== undefined || apply !== undefined) return false;
  const { sizeMs, slideMs } = assigner;
  const whole = Number.isInteger(sizeMs) && Number.isInteger(slideMs) && slideMs < sizeMs;
  if (!whole || sizeMs / commonDivisor(sizeMs, slideMs) > MAX_SLICES) return false;
  return allowedLatenessMs === 0 && aggregates.every(({ kind }) => isNumericKind(kind));
}

export class SlicedWindows implements ChainOperator {
  readonly followsWatermark = false;
  readonly nextProcessingTime = Infinity;
  readonly drops = new LateDrops();
  /** Earliest watermark at which a window fires. */
  nextEventTime = Infinity;
  readonly aggregates: WindowAggregates;
  /** The key at hand: its table in the current slice and its id there. */
  table!: KeyTable;
  id = -1;
  readonly #index: number;
  readonly #name: string;
  readonly #spec: SlicedSpec;
  readonly #sizeMs: number;
  readonly #slideMs: number;
  readonly #sliceMs: number;
  readonly #maxParallelism: number;
  /** Slices by start; a slice's `next` is the end of the earliest window that it is in and that has not fired. */
  readonly #slices = new Map<number, Pane>();
  readonly #pool: PanePool;
  /** Where a window is put together, one key group at a time. */
  readonly #sum: KeyedStore;
  #runtime!: ChainRuntime;
  #emit: Emit = () => undefined;
  #emitLate: Emit | undefined;
  #makeResult: MakeResult;
  /** The slice of the last element, with times [#from, #to); empty when there is none. */
  #slice: Pane | undefined;
  #from = 0;
  #to = 0;

  constructor(step: PlanStep, spec: SlicedSpec, home: OperatorHome) {
    this.#index = step.index;
    this.#name = step.node.name;
    this.#spec = spec;
    const { sizeMs, slideMs } = spec.assigner;
    this.#sizeMs = sizeMs;
    this.#slideMs = slideMs;
    this.#sliceMs = commonDivisor(sizeMs, slideMs);
    this.#maxParallelism = home.maxParallelism;
    this.aggregates = new WindowAggregates(spec);
    this.#pool = new PanePool(this.aggregates.specs, home.maxParallelism);
    this.#sum = new KeyedStore(this.aggregates.specs, 1, { forgets: false });
    this.#makeResult = plainResult(spec);
  }

  /** The element's slice; false if all its windows have fired. Throws WindowError without event time. */
  accepts(timestamp: number): boolean {
    if (timestamp >= this.#from && timestamp < this.#to) return this.#slice !== undefined;
    if (timestamp - timestamp !== 0) {
      throw new WindowError(`Window '${this.#name}' got an element without event time: give the source eventTime and watermarks.`);
    }
    const { offsetMs } = this.#spec.assigner;
    const start = timestamp - positiveModulo(timestamp - offsetMs, this.#sliceMs);
    this.#from = start;
    this.#to = start + this.#sliceMs;
    this.#slice = this.#lastEnd(start) - 1 <= this.#runtime.watermark ? undefined : this.#sliceAt(start);
    return this.#slice !== undefined;
  }

  /** End of the last window that a slice is in. */
  #lastEnd(start: number): number {
    return start - positiveModulo(start - this.#spec.assigner.offsetMs, this.#slideMs) + this.#sizeMs;
  }

  #sliceAt(start: number): Pane {
    let slice = this.#slices.get(start);
    if (slice === undefined) {
      slice = this.#pool.take(start, start + this.#sliceMs);
      slice.next = this.#nextEnd(start, this.#runtime.watermark);
      this.#slices.set(start, slice);
    }
    if (slice.next - 1 < this.nextEventTime) this.nextEventTime = slice.next - 1;
    return slice;
  }

  /** End of the first window of a slice that a watermark has not reached. */
  #nextEnd(start: number, watermark: number): number {
    let end = this.#lastEnd(start);
    // A window before this one ends behind the slice, too, and has not fired.
    while (end - this.#slideMs >= start + this.#sliceMs && end - this.#slideMs - 1 > watermark) end -= this.#slideMs;
    return end;
  }

  /** Finds the key in the slice that accepts() chose. */
  take(key: unknown, hash: number): void {
    const { store } = this.#slice!;
    store.selectIn(keyGroup(hash, this.#maxParallelism), key, hash);
    const { table, id } = store;
    this.table = table;
    this.id = id;
    if (!hasElements(table, id)) this.aggregates.begin(table, id);
  }

  late(element: unknown, timestamp: number): void {
    if (this.#emitLate === undefined) this.drops.add(element, timestamp, this.#runtime.watermark);
    else this.#emitLate(element, timestamp);
  }

  element(element: unknown, timestamp: number, key: unknown, hash: number): void {
    if (!this.accepts(timestamp)) return this.late(element, timestamp);
    const { aggregates } = this.aggregates;
    const values = this.#runtime.withKey(this.#index, key, () => this.aggregates.inputs(element)) as readonly number[];
    this.take(key, hash);
    aggregates.forEach((aggregate, index) => this.aggregates.addNumber(aggregate, this.table, this.id, values[index]!));
    column(this.table, COUNT_COLUMN).values[this.id]!++;
    this.id = -1;
  }

  get lateDropped(): number {
    return this.drops.dropped;
  }

  code(index: number): ReturnType<ChainOperator["code"]> {
    const op = `op${index}`;
    this.#makeResult = generateResult(this.#spec);
    const { aggregates } = this.aggregates;
    const element = (e: string): string => {
      const inputs = aggregates.map((aggregate) => inputCode(aggregate, index, e)).join("");
      const added = aggregates.map(addCode).join("");
      return `if(${op}.accepts(ts)){${inputs}${op}.take(key,hash);const T=${op}.table.columns,id=${op}.id;${added}T[${COUNT_COLUMN}].values[id]++;${op}.id=-1;}else ${op}.late(${e},ts);`;
    };
    return { scope: aggregateScope(index, this, this.aggregates), element };
  }

  attach(runtime: ChainRuntime): void {
    this.#runtime = runtime;
  }

  open(): void {
    const emitters = this.#runtime.emitters[this.#index]!;
    this.#emit = emitters.get("main") ?? this.#emit;
    if (this.#spec.lateOutput !== undefined) this.#emitLate = emitters.get(this.#spec.lateOutput) ?? (() => undefined);
  }

  advance(watermark: number): void {
    for (let end = this.#earliestEnd(); end < Infinity && end - 1 <= watermark; end = this.#earliestEnd()) this.#fire(end);
    this.#from = 0;
    this.#to = 0;
    this.nextEventTime = this.#earliestEnd() - 1;
  }

  #earliestEnd(): number {
    let end = Infinity;
    for (const { next } of this.#slices.values()) end = Math.min(end, next);
    return end;
  }

  /** Sends the results of the window that ends there; slices that are in no later one are over. */
  #fire(end: number): void {
    const start = end - this.#sizeMs;
    const slices = [...this.#slices.values()].filter((slice) => slice.start >= start && slice.end <= end);
    slices.sort((a, b) => a.start - b.start);
    for (let group = 0; group < this.#maxParallelism; group++) {
      const tables = slices.map(({ store }) => store.tables[group]).filter((table) => table !== undefined && table.size > 0);
      if (tables.length > 0) this.#fireGroup(tables as KeyTable[], start, end);
    }
    for (const slice of slices) {
      slice.next = end + this.#slideMs;
      if (slice.next <= this.#lastEnd(slice.start)) continue;
      this.#slices.delete(slice.start);
      this.#pool.giveBack(slice);
    }
  }

  #fireGroup(tables: readonly KeyTable[], start: number, end: number): void {
    const sum = this.#sum;
    for (const table of tables) {
      for (let id = 0; id < table.end; id++) {
        sum.selectIn(0, table.keyAt(id), table.hashAt(id));
        this.#add(sum.table, sum.id, table, id);
      }
    }
    const { table } = sum;
    for (let id = 0; id < table.end; id++) this.#send(table, id, start, end);
    sum.reset();
  }

  #add(to: KeyTable, at: number, from: KeyTable, id: number): void {
    const counts = column(to, COUNT_COLUMN).values;
    if (!hasElements(to, at)) this.aggregates.begin(to, at);
    counts[at]! += column(from, COUNT_COLUMN).values[id]!;
    for (const aggregate of this.aggregates.aggregates) {
      if (aggregate.column >= 0) this.aggregates.addNumber(aggregate, to, at, column(from, aggregate.column).values[id]!);
    }
  }

  #send(table: KeyTable, id: number, start: number, end: number): void {
    this.table = table;
    this.id = id;
    try {
      const values: unknown[] = [table.keyAt(id), start, end];
      for (const aggregate of this.aggregates.aggregates) values.push(this.aggregates.result(aggregate, table, [], id));
      this.#emit(this.#makeResult(values), end - 1);
    } catch (thrown) {
      if (this.#runtime.steps[this.#index]!.node.onError === "fail")
        throw this.#runtime.wrap(thrown, this.#index, { during: windowText({ start, end }) });
      this.#runtime.handle(this.#index, thrown, { window: { start, end } }, end - 1);
    }
    this.id = -1;
  }

  tick(): void {}

  abandon(): void {
    this.id = -1;
  }

  restore(chunk: StateChunk): void {
    if (chunk.address.kind !== "key-group") return;
    const { start, next, body } = readPaneHeader(this.#name, chunk.bytes, this.#spec);
    const slice = this.#slices.get(start) ?? this.#pool.take(start, start + this.#sliceMs);
    this.#slices.set(start, slice);
    slice.next = next;
    restoreChunk(this.#name, slice.store, chunk.address.group, body, () => undefined);
    this.nextEventTime = Math.min(this.nextEventTime, next - 1);
  }

  snapshot(): OperatorSnapshot {
    const slices = [...this.#slices.values()].toSorted((a, b) => a.start - b.start);
    return new WindowSnapshot(this.#name, this.#spec, slices);
  }

  /** Slices count as windows. */
  size(): OperatorSize {
    return sizeOfPanes(this.#slices.values());
  }

  /** The next windows that the key's slices are in. */
  holdings(key: unknown, hash: number): KeyHoldings | undefined {
    const windows = [...this.#slices.values()].map(({ next, store }) => ({ start: next - this.#sizeMs, end: next, store }));
    return holdingsInPanes(windows, keyGroup(hash, this.#maxParallelism), key, hash);
  }

  currentKeyText(): string | undefined {
    return this.id < 0 ? undefined : valueText(this.table.keyAt(this.id));
  }
}

/** x mod n, never negative. */
function positiveModulo(x: number, n: number): number {
  const rest = x % n;
  return rest < 0 ? rest + n : rest;
}

function commonDivisor(a: number, b: number): number {
  return b === 0 ? a : commonDivisor(b, a % b);
}
