// Tumbling and sliding event-time windows with named aggregates. A pane holds the accumulators of all keys of one window and fires as a
// whole when the watermark reaches its end − 1; there is no timer per key. An element of sliding windows goes into each pane that it
// belongs to, so sums are those of the order of arrival, to the last bit. With allowed lateness the pane stays, and each later element sends its
// key's result anew (Flink's EventTimeTrigger). Elements after that are late: to the late output, or counted.
import type { PlanStep } from "../codegen/chain-plan.ts";
import type { WindowSpec } from "../../stream/graph.ts";
import { keyGroup } from "../state/key-group.ts";
import type { KeyTable } from "../state/key-table.ts";
import { restoreChunk } from "../state/restore-chunk.ts";
import type { Emit, ChainRuntime } from "../subtask/chain-runtime.ts";
import { valueText } from "../subtask/dead-letter-row.ts";
import { windowText } from "../subtask/operator-error.ts";
import type { StateChunk } from "../subtask/subtask.ts";
import type { ChainOperator, OperatorSnapshot } from "./chain-operator.ts";
import type { OperatorHome } from "./operator-home.ts";
import { LateDrops } from "./late-drops.ts";
import { holdingsInPanes, type KeyHoldings, type OperatorSize, sizeOfPanes } from "./operator-size.ts";
import { CHANGED_COLUMN, column, COUNT_COLUMN, hasElements, WindowAggregates } from "./window-aggregates.ts";
import { addCode, aggregateScope, generateResult, inputCode, plainResult } from "./window-code.ts";
import { WindowError } from "./window-error.ts";
import { type Pane, PanePool } from "./window-pane.ts";
import { readPaneHeader, WindowSnapshot } from "./window-snapshot.ts";

/** Windows that this operator serves; session-window.ts and keyed-windows.ts have the others. */
export type AlignedSpec = WindowSpec & { readonly assigner: { readonly kind: "tumbling" | "sliding" } };

/** Windows that an element may be in. */
const MAX_OVERLAP = 128;

export function isPlainAligned(spec: WindowSpec): spec is AlignedSpec {
  const { assigner, trigger, evictor, apply } = spec;
  if (trigger !== undefined || evictor !== undefined || apply !== undefined) return false;
  if (assigner.kind === "tumbling") return true;
  if (assigner.kind !== "sliding") return false;
  const { sizeMs, slideMs } = assigner;
  return Number.isInteger(sizeMs) && Number.isInteger(slideMs) && slideMs <= sizeMs && sizeMs <= slideMs * MAX_OVERLAP;
}

export class WindowOperator implements ChainOperator {
  readonly followsWatermark = false;
  readonly nextProcessingTime = Infinity;
  readonly drops = new LateDrops();
  readonly aggregates: WindowAggregates;
  /** The key at hand: its table in the current pane and its id there. */
  table!: KeyTable;
  id = -1;
  /** Earliest watermark at which a pane fires or ends. */
  nextEventTime = Infinity;
  readonly #index: number;
  readonly #name: string;
  readonly #spec: AlignedSpec;
  readonly #panes = new Map<number, Pane>();
  readonly #pool: PanePool;
  #runtime!: ChainRuntime;
  #emit: Emit = () => undefined;
  #emitLate: Emit | undefined;
  #makeResult: (values: readonly unknown[]) => unknown;
  /** How many panes the element is in. */
  count = 0;
  /** Those panes, the latest first; the same for all times in [#from, #to). */
  readonly #current: Pane[] = [];
  #from = 0;
  #to = 0;
  /** The one at hand. */
  #pane!: Pane;
  readonly #slideMs: number;
  /** All times between two multiples of it are in the same windows. */
  readonly #sliceMs: number;
  readonly #maxParallelism: number;

  constructor(step: PlanStep, spec: AlignedSpec, home: OperatorHome) {
    this.#index = step.index;
    this.#name = step.node.name;
    this.#spec = spec;
    this.aggregates = new WindowAggregates(spec);
    this.#pool = new PanePool(this.aggregates.specs, home.maxParallelism);
    this.#makeResult = plainResult(spec);
    const { assigner } = spec;
    this.#slideMs = assigner.kind === "tumbling" ? assigner.sizeMs : assigner.slideMs;
    this.#sliceMs = assigner.kind === "tumbling" ? assigner.sizeMs : commonDivisor(assigner.sizeMs, assigner.slideMs);
    this.#maxParallelism = home.maxParallelism;
  }

  /** The element's panes; false if it is late. Throws WindowError if it has no event time. */
  accepts(timestamp: number): boolean {
    if (timestamp >= this.#from && timestamp < this.#to) return this.count > 0;
    if (timestamp - timestamp !== 0) {
      throw new WindowError(`Window '${this.#name}' got an element without event time: give the source eventTime and watermarks.`);
    }
    const { sizeMs, offsetMs } = this.#spec.assigner;
    const slice = timestamp - positiveModulo(timestamp - offsetMs, this.#sliceMs);
    const latest = timestamp - positiveModulo(timestamp - offsetMs, this.#slideMs);
    this.count = 0;
    for (let start = latest; start > timestamp - sizeMs; start -= this.#slideMs) {
      if (start + sizeMs - 1 + this.#spec.allowedLatenessMs <= this.#runtime.watermarkAt(this.#index)) break;
      this.#current[this.count++] = this.#usePane(start, start + sizeMs);
    }
    this.#from = slice;
    this.#to = slice + this.#sliceMs;
    if (this.count === 0) return false;
    this.#pane = this.#current[0]!;
    return true;
  }

  #usePane(start: number, end: number): Pane {
    let pane = this.#panes.get(start);
    if (pane === undefined) {
      pane = this.#pool.take(start, end);
      this.#panes.set(start, pane);
    }
    pane.changed = true;
    const due = end - 1 > this.#runtime.watermarkAt(this.#index) ? end - 1 : end - 1 + this.#spec.allowedLatenessMs;
    if (due < this.nextEventTime) this.nextEventTime = due;
    return pane;
  }

  groupOf(hash: number): number {
    return keyGroup(hash, this.#maxParallelism);
  }

  /** Finds the key in one of the panes that accepts() chose. */
  take(index: number, group: number, key: unknown, hash: number): void {
    const pane = this.#current[index]!;
    this.#pane = pane;
    const { store } = pane;
    store.selectIn(group, key, hash);
    const { table, id } = store;
    this.table = table;
    this.id = id;
    if (!hasElements(table, id)) this.aggregates.begin(table, id);
  }

  keep(index: number, value: unknown): void {
    const isFirst = !hasElements(this.table, this.id);
    this.aggregates.keep(this.aggregates.aggregates[index]!, this.#pane.store.handles, value, isFirst);
  }

  /** After an element was added: with allowed lateness, a window that has fired sends the key's result again. */
  added(): void {
    if (this.#spec.allowedLatenessMs > 0) {
      column(this.table, CHANGED_COLUMN).values[this.id] = 1;
      if (this.#pane.end - 1 <= this.#runtime.watermarkAt(this.#index)) this.#emitKey(this.#pane, this.table, this.id);
    }
    this.id = -1;
  }

  late(element: unknown, timestamp: number): void {
    if (this.#emitLate === undefined) this.drops.add(element, timestamp, this.#runtime.watermarkAt(this.#index));
    else this.#emitLate(element, timestamp);
  }

  element(element: unknown, timestamp: number, key: unknown, hash: number): void {
    if (!this.accepts(timestamp)) return this.late(element, timestamp);
    const { aggregates } = this.aggregates;
    const values = this.#runtime.withKey(this.#index, key, () => this.aggregates.inputs(element));
    const group = this.groupOf(hash);
    for (let pane = 0; pane < this.count; pane++) {
      this.take(pane, group, key, hash);
      aggregates.forEach((aggregate, index) => aggregate.numeric || this.keep(index, values[index]));
      aggregates.forEach((aggregate, index) => {
        if (aggregate.numeric) this.aggregates.addNumber(aggregate, this.table, this.id, values[index] as number);
      });
      column(this.table, COUNT_COLUMN).values[this.id]!++;
      this.added();
    }
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
      const kept = aggregates.filter(({ numeric }) => !numeric).map(({ index: at }) => `${op}.keep(${at},a${at});`);
      const added = aggregates.map(addCode).join("");
      const add = (pane: string): string =>
        `${op}.take(${pane},group,key,hash);${kept.join("")}const T=${op}.table.columns,id=${op}.id;${added}T[${COUNT_COLUMN}].values[id]++;${op}.added();`;
      const all = this.#spec.assigner.kind === "tumbling" ? add("0") : `for(let w=0,n=${op}.count;w<n;w++){${add("w")}}`;
      return `if(${op}.accepts(ts)){${inputs}const group=${op}.groupOf(hash);${all}}else ${op}.late(${e},ts);`;
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
    const due = [...this.#panes.values()].filter((pane) => pane.end - 1 <= watermark).toSorted((a, b) => a.start - b.start);
    for (const pane of due) {
      if (pane.changed) this.#fire(pane);
      if (pane.end - 1 + this.#spec.allowedLatenessMs > watermark) continue;
      this.#panes.delete(pane.start);
      this.#pool.giveBack(pane);
    }
    this.#from = 0;
    this.#to = 0;
    this.nextEventTime = Infinity;
    for (const pane of this.#panes.values()) this.nextEventTime = Math.min(this.nextEventTime, this.#dueTime(pane));
  }

  #dueTime(pane: Pane): number {
    return pane.changed && pane.end - 1 > this.#runtime.watermarkAt(this.#index)
      ? pane.end - 1
      : pane.end - 1 + this.#spec.allowedLatenessMs;
  }

  #fire(pane: Pane): void {
    pane.changed = false;
    const repeats = this.#spec.allowedLatenessMs > 0;
    for (const table of pane.store.tables) {
      if (table === undefined) continue;
      for (let id = 0; id < table.end; id++) {
        if (!hasElements(table, id) || (repeats && column(table, CHANGED_COLUMN).values[id] === 0)) continue;
        this.#emitKey(pane, table, id);
      }
    }
  }

  #emitKey(pane: Pane, table: KeyTable, id: number): void {
    const { store } = pane;
    this.table = table;
    this.id = id;
    store.point(-1, table, id);
    if (this.#spec.allowedLatenessMs > 0) column(table, CHANGED_COLUMN).values[id] = 0;
    try {
      const values: unknown[] = [table.keyAt(id), pane.start, pane.end];
      for (const aggregate of this.aggregates.aggregates) values.push(this.aggregates.result(aggregate, table, store.handles, id));
      this.#emit(this.#makeResult(values), pane.end - 1);
    } catch (thrown) {
      if (this.#runtime.steps[this.#index]!.node.onError === "fail")
        throw this.#runtime.wrap(thrown, this.#index, { during: windowText(pane) });
      this.#runtime.handle(this.#index, thrown, { window: { start: pane.start, end: pane.end } }, pane.end - 1);
    }
    this.id = -1;
  }

  tick(): void {}

  abandon(): void {
    this.id = -1;
  }

  restore(chunk: StateChunk): void {
    if (chunk.address.kind !== "key-group") return;
    const { start, body } = readPaneHeader(this.#name, chunk.bytes, this.#spec);
    const pane = this.#panes.get(start) ?? this.#pool.take(start, start + this.#spec.assigner.sizeMs);
    this.#panes.set(start, pane);
    pane.changed = true;
    restoreChunk(this.#name, pane.store, chunk.address.group, body, () => undefined);
    this.nextEventTime = Math.min(this.nextEventTime, pane.end - 1);
  }

  snapshot(): OperatorSnapshot {
    return new WindowSnapshot(
      this.#name,
      this.#spec,
      [...this.#panes.values()].toSorted((a, b) => a.start - b.start),
    );
  }

  size(): OperatorSize {
    return sizeOfPanes(this.#panes.values());
  }

  holdings(key: unknown, hash: number): KeyHoldings | undefined {
    return holdingsInPanes(this.#panes.values(), keyGroup(hash, this.#maxParallelism), key, hash);
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
