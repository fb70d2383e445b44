// Tumbling event-time windows with named aggregates. A pane holds the accumulators of all keys of one window and fires as a whole when
// the watermark reaches its end − 1; there is no timer per key. With allowed lateness the pane stays, and each later element sends its
// key's result anew (Flink's EventTimeTrigger). Elements after that are late: to the late output, or counted.
import type { PlanStep } from "../codegen/chain-plan.ts";
import { fieldExpression } from "../codegen/row-code.ts";
import { setField } from "../../schema/field-value.ts";
import type { WindowSpec } from "../../stream/graph.ts";
import type { KeyTable } from "../state/key-table.ts";
import { restoreChunk } from "../state/restore-chunk.ts";
import type { Emit, ChainRuntime } from "../subtask/chain-runtime.ts";
import { valueText } from "../subtask/dead-letter-row.ts";
import type { StateChunk } from "../subtask/subtask.ts";
import type { ChainOperator, OperatorSnapshot } from "./chain-operator.ts";
import type { OperatorHome } from "./create-operator.ts";
import { CHANGED_COLUMN, column, COUNT_COLUMN, WindowAggregates, type PlannedAggregate } from "./window-aggregates.ts";
import { WindowError } from "./window-error.ts";
import { type Pane, PanePool } from "./window-pane.ts";
import { readPaneHeader, WindowSnapshot } from "./window-snapshot.ts";

/** Windows that this operator serves; keyed-windows.ts has the others. */
export type TumblingSpec = WindowSpec & { readonly assigner: { readonly kind: "tumbling" } };

export function isPlainTumbling(spec: WindowSpec): spec is TumblingSpec {
  const { assigner, trigger, evictor, apply } = spec;
  return assigner.kind === "tumbling" && trigger === undefined && evictor === undefined && apply === undefined;
}

export class WindowOperator implements ChainOperator {
  readonly followsWatermark = false;
  readonly nextProcessingTime = Infinity;
  lateDropped = 0;
  readonly aggregates: WindowAggregates;
  /** The key at hand: its table in the current pane and its id there. */
  table!: KeyTable;
  id = -1;
  /** Earliest watermark at which a pane fires or ends. */
  nextEventTime = Infinity;
  readonly #index: number;
  readonly #name: string;
  readonly #spec: TumblingSpec;
  readonly #panes = new Map<number, Pane>();
  readonly #pool: PanePool;
  #runtime!: ChainRuntime;
  #emit: Emit = () => undefined;
  #emitLate: Emit | undefined;
  #makeResult: (values: readonly unknown[]) => unknown;
  /** The pane of the last element: [#start, #end) are its bounds, empty when there is none. */
  #pane: Pane | undefined;
  #start = 0;
  #end = 0;

  constructor(step: PlanStep, spec: TumblingSpec, home: OperatorHome) {
    this.#index = step.index;
    this.#name = step.node.name;
    this.#spec = spec;
    this.aggregates = new WindowAggregates(spec);
    this.#pool = new PanePool(this.aggregates.specs, home.maxParallelism);
    this.#makeResult = (values) => this.#resultObject(values);
  }

  /** The element's pane; false if it is late. Throws WindowError if it has no event time. */
  accepts(timestamp: number): boolean {
    if (timestamp >= this.#start && timestamp < this.#end) return true;
    if (timestamp - timestamp !== 0) {
      throw new WindowError(`Window '${this.#name}' got an element without event time: give the source eventTime and watermarks.`);
    }
    const { sizeMs, offsetMs } = this.#spec.assigner;
    const start = timestamp - positiveModulo(timestamp - offsetMs, sizeMs);
    const end = start + sizeMs;
    if (end - 1 + this.#spec.allowedLatenessMs <= this.#runtime.watermark) return false;
    this.#usePane(start, end);
    return true;
  }

  #usePane(start: number, end: number): Pane {
    let pane = this.#panes.get(start);
    if (pane === undefined) {
      pane = this.#pool.take(start, end);
      this.#panes.set(start, pane);
    }
    pane.changed = true;
    this.#pane = pane;
    this.#start = start;
    this.#end = end;
    const due = end - 1 > this.#runtime.watermark ? end - 1 : end - 1 + this.#spec.allowedLatenessMs;
    if (due < this.nextEventTime) this.nextEventTime = due;
    return pane;
  }

  /** Finds the key in the pane that accepts() chose. */
  take(key: unknown, hash: number): void {
    const { store } = this.#pane!;
    store.select(key, hash);
    this.table = store.table;
    this.id = store.id;
    if (column(this.table, COUNT_COLUMN).values[this.id] === 0) this.aggregates.begin(this.table, this.id);
  }

  keep(index: number, value: unknown): void {
    const isFirst = column(this.table, COUNT_COLUMN).values[this.id] === 0;
    this.aggregates.keep(this.aggregates.aggregates[index]!, this.#pane!.store.handles, value, isFirst);
  }

  /** After an element was added: with allowed lateness, a window that has fired sends the key's result again. */
  added(): void {
    if (this.#spec.allowedLatenessMs > 0) {
      column(this.table, CHANGED_COLUMN).values[this.id] = 1;
      if (this.#end - 1 <= this.#runtime.watermark) this.#emitKey(this.#pane!, this.table, this.id);
    }
    this.id = -1;
  }

  late(element: unknown, timestamp: number): void {
    if (this.#emitLate === undefined) this.lateDropped++;
    else this.#emitLate(element, timestamp);
  }

  element(element: unknown, timestamp: number, key: unknown, hash: number): void {
    if (!this.accepts(timestamp)) return this.late(element, timestamp);
    const { aggregates } = this.aggregates;
    const values = aggregates.map((aggregate) => this.aggregates.input(aggregate, element));
    this.take(key, hash);
    aggregates.forEach((aggregate, index) => aggregate.numeric || this.keep(index, values[index]));
    aggregates.forEach((aggregate, index) => {
      if (aggregate.numeric) this.aggregates.addNumber(aggregate, this.table, this.id, values[index] as number);
    });
    column(this.table, COUNT_COLUMN).values[this.id]!++;
    this.added();
  }

  code(index: number): ReturnType<ChainOperator["code"]> {
    const op = `op${index}`;
    const scope: Record<string, unknown> = { [op]: this, [`agg${index}`]: this.aggregates };
    this.#makeResult = generateResult(this.#spec);
    const { aggregates } = this.aggregates;
    for (const { spec, index: at } of aggregates) {
      if (spec.of?.kind === "lambda") scope[`of${index}_${at}`] = spec.of.fn;
      scope[`spec${index}_${at}`] = spec;
    }
    const element = (e: string): string => {
      const inputs = aggregates.map((aggregate) => inputCode(aggregate, index, e)).join("");
      const kept = aggregates.filter(({ numeric }) => !numeric).map(({ index: at }) => `${op}.keep(${at},a${at});`);
      const added = aggregates.map(addCode).join("");
      return `if(${op}.accepts(ts)){${inputs}${op}.take(key,hash);${kept.join("")}const T=${op}.table.columns,id=${op}.id;${added}T[${COUNT_COLUMN}].values[id]++;${op}.added();}else ${op}.late(${e},ts);`;
    };
    return { scope, element };
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
    this.#start = 0;
    this.#end = 0;
    this.#pane = undefined;
    this.nextEventTime = Infinity;
    for (const pane of this.#panes.values()) this.nextEventTime = Math.min(this.nextEventTime, this.#dueTime(pane));
  }

  #dueTime(pane: Pane): number {
    return pane.changed && pane.end - 1 > this.#runtime.watermark ? pane.end - 1 : pane.end - 1 + this.#spec.allowedLatenessMs;
  }

  #fire(pane: Pane): void {
    pane.changed = false;
    const repeats = this.#spec.allowedLatenessMs > 0;
    for (const table of pane.store.tables) {
      if (table === undefined) continue;
      const counts = column(table, COUNT_COLUMN).values;
      for (let id = 0; id < table.end; id++) {
        if (counts[id] === 0 || (repeats && column(table, CHANGED_COLUMN).values[id] === 0)) continue;
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
      if (this.#runtime.steps[this.#index]!.node.onError === "fail") throw this.#runtime.wrap(thrown, this.#index);
      this.#runtime.handle(this.#index, thrown, { window: { start: pane.start, end: pane.end } }, pane.end - 1);
    }
    this.id = -1;
  }

  #resultObject([key, start, end, ...values]: readonly unknown[]): unknown {
    const row = { key, window: { start, end } };
    this.#spec.aggregates.forEach(({ name }, index) => setField(row, name, values[index]));
    return row;
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

  currentKeyText(): string | undefined {
    return this.id < 0 ? undefined : valueText(this.table.keyAt(this.id));
  }
}

/** x mod n, never negative. */
function positiveModulo(x: number, n: number): number {
  const rest = x % n;
  return rest < 0 ? rest + n : rest;
}

function inputCode({ spec, index, numeric }: PlannedAggregate, step: number, e: string): string {
  if (spec.kind === "count") return "";
  const a = `a${index}`;
  const { of } = spec;
  const value = of === undefined ? e : of.kind === "field" ? fieldExpression(e, of.field) : `of${step}_${index}(${e})`;
  const check = `agg${step}.check(spec${step}_${index},${a});`;
  return `const ${a}=${value};${numeric ? `if(typeof ${a}!=="number")${check}` : check}`;
}

function addCode({ spec, index, column: at, numeric }: PlannedAggregate): string {
  if (!numeric || at < 0) return "";
  const a = `a${index}`;
  if (spec.kind === "sum" || spec.kind === "avg") return `T[${at}].values[id]+=${a};`;
  return `{const m=T[${at}].values;if(${a}${spec.kind === "min" ? "<" : ">"}m[id])m[id]=${a};}`;
}

/** The result as one object literal, so that all results have one shape. */
function generateResult(spec: WindowSpec): (values: readonly unknown[]) => unknown {
  const fields = spec.aggregates.map(({ name }, index) => `${JSON.stringify(name)}:v[${index + 3}]`);
  return new Function(`return (v)=>({key:v[0],window:{start:v[1],end:v[2]},${fields.join(",")}})`)() as (
    values: readonly unknown[],
  ) => unknown;
}
