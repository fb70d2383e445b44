// Session windows with a fixed gap and aggregates of numbers. The oldest open session of a key lies in the key's columns and is extended
// in place; further ones, which only disorder makes, are rows of a map. A key has one entry in a timer wheel, at or before its earliest end:
// a session that has grown meanwhile is armed again when it fires, so an element costs no timer. An entry whose time is not that of the
// key's column "#armed" is none any more, so that only the column belongs to checkpoints. Sessions merge as Flink's do: windows that touch, too.
import type { StateSpec, WindowSpec } from "../../stream/graph.ts";
import type { PlanStep } from "../codegen/chain-plan.ts";
import { KeyedStore } from "../state/keyed-store.ts";
import type { KeyTable } from "../state/key-table.ts";
import type { MapColumn } from "../state/map-column.ts";
import type { MapHandle } from "../state/map-state.ts";
import { restoreChunk } from "../state/restore-chunk.ts";
import { StoreSnapshot } from "../state/store-snapshot.ts";
import type { ChainRuntime, Emit } from "../subtask/chain-runtime.ts";
import { valueText } from "../subtask/dead-letter-row.ts";
import type { StateChunk } from "../subtask/subtask.ts";
import { TimerWheel, WHEEL_RANGE_MS } from "../time/timer-wheel.ts";
import type { ChainOperator, OperatorSnapshot } from "./chain-operator.ts";
import type { OperatorHome } from "./operator-home.ts";
import { LateDrops } from "./late-drops.ts";
import { bytesOf, entriesOf, keysOf, type KeyHoldings, type OperatorSize, readKey } from "./operator-size.ts";
import { column, COUNT_COLUMN, hasElements, isNumericKind, setNumber, WindowAggregates } from "./window-aggregates.ts";
import {
  addCode,
  generateColumnResult,
  generateResult,
  inputCode,
  type MakeColumnResult,
  type MakeResult,
  plainColumnResult,
  plainResult,
} from "./window-code.ts";
import { WindowError } from "./window-error.ts";

export type SessionSpec = WindowSpec & { readonly assigner: { readonly kind: "session" } };

/** Windows that this operator serves; keyed-windows.ts has the others. */
export function isPlainSession(spec: WindowSpec): spec is SessionSpec {
  const { assigner, trigger, evictor, apply, allowedLatenessMs, aggregates } = spec;
  const plain = trigger === undefined && evictor === undefined && apply === undefined && allowedLatenessMs === 0;
  return plain && assigner.kind === "session" && aggregates.every(({ kind }) => isNumericKind(kind));
}

/** What find() says. */
const LATE = 0;
const IN_PLACE = 1;

interface Session {
  start: number;
  end: number;
  /** Number of elements, and then the accumulators in the order of their columns. */
  readonly acc: number[];
}

export class SessionWindows implements ChainOperator {
  readonly followsWatermark = false;
  readonly nextProcessingTime = Infinity;
  readonly drops = new LateDrops();
  readonly aggregates: WindowAggregates;
  readonly store: KeyedStore;
  readonly #timers = new TimerWheel();
  readonly #index: number;
  readonly #name: string;
  readonly #spec: SessionSpec;
  readonly #gapMs: number;
  /** Columns of the oldest session; before them come the count and the accumulators, behind them the map of further sessions. */
  readonly #startColumn: number;
  readonly #endColumn: number;
  readonly #armedColumn: number;
  readonly #moreColumn: number;
  #runtime!: ChainRuntime;
  #emit: Emit = () => undefined;
  #emitLate: Emit | undefined;
  #makeResult: MakeResult;
  #makeColumnResult: MakeColumnResult;

  constructor(step: PlanStep, spec: SessionSpec, home: OperatorHome) {
    this.#index = step.index;
    this.#name = step.node.name;
    this.#spec = spec;
    this.#gapMs = spec.assigner.gapMs;
    this.aggregates = new WindowAggregates(spec);
    const { specs } = this.aggregates;
    this.#startColumn = specs.length;
    this.#endColumn = specs.length + 1;
    this.#armedColumn = specs.length + 2;
    this.#moreColumn = specs.length + 3;
    this.store = new KeyedStore([...specs, number("#start"), number("#end"), number("#armed"), more()], home.maxParallelism);
    this.#makeResult = plainResult(spec);
    this.#makeColumnResult = plainColumnResult(this.aggregates.aggregates);
  }

  get nextEventTime(): number {
    return this.#timers.next;
  }

  /** Points the store at the key. LATE; IN_PLACE: extend() and add to the columns; otherwise merge(). Throws WindowError without event time. */
  find(timestamp: number, key: unknown, hash: number): number {
    if (timestamp - timestamp !== 0) {
      throw new WindowError(`Window '${this.#name}' got an element without event time: give the source eventTime and watermarks.`);
    }
    const { store } = this;
    store.select(key, hash);
    const { table, id } = store;
    const end = timestamp + this.#gapMs;
    const isLate = end - 1 <= this.#runtime.watermarkAt(this.#index);
    if (!hasElements(table, id)) return isLate ? LATE : IN_PLACE;
    const meets = timestamp <= column(table, this.#endColumn).values[id]! && end >= column(table, this.#startColumn).values[id]!;
    if (this.#hasMore(table, id)) return isLate && !this.#sessions(table, id).some((one) => touches(one, timestamp, end)) ? LATE : 2;
    return meets ? IN_PLACE : isLate ? LATE : 2;
  }

  /** Begins the key's session, or makes it reach this far. */
  extend(timestamp: number): void {
    const { table, id } = this.store;
    const end = timestamp + this.#gapMs;
    if (!hasElements(table, id)) this.#begin(table, id, timestamp, end);
    else {
      const starts = column(table, this.#startColumn).values;
      const ends = column(table, this.#endColumn).values;
      if (timestamp < starts[id]!) starts[id] = timestamp;
      if (end > ends[id]!) ends[id] = end;
    }
  }

  #begin(table: KeyTable, id: number, start: number, end: number): void {
    this.aggregates.begin(table, id);
    setNumber(table, this.#startColumn, id, start);
    setNumber(table, this.#endColumn, id, end);
    setNumber(table, this.#armedColumn, id, Infinity);
    table.references[id]! += this.#moreColumn;
    this.#arm(this.store.group, table, id, end - 1);
  }

  /** The session is over. */
  #clear(table: KeyTable, id: number): void {
    for (let index = 0; index < this.#moreColumn; index++) {
      const { values, present } = column(table, index);
      values[id] = NaN;
      present[id] = 0;
    }
    table.references[id]! -= this.#moreColumn;
    table.loose = true;
  }

  #arm(group: number, table: KeyTable, id: number, at: number): void {
    const armed = column(table, this.#armedColumn).values;
    const time = Math.ceil(at);
    if (armed[id]! <= time) return;
    if (!(Math.abs(time) < WHEEL_RANGE_MS)) {
      throw new WindowError(`Window '${this.#name}' got an event time of ${at} ms: event times are milliseconds since 1970.`);
    }
    armed[id] = time;
    this.#timers.add(time, group, id);
  }

  /** An element that opens a further session of its key, or meets several. */
  merge(timestamp: number, inputs: readonly unknown[]): void {
    const { table, id } = this.store;
    const end = timestamp + this.#gapMs;
    const sessions = this.#sessions(table, id);
    const met = sessions.filter((one) => touches(one, timestamp, end));
    const target = met[0] ?? { start: timestamp, end, acc: this.#initial() };
    if (met.length === 0) sessions.push(target);
    for (const other of met) {
      if (other !== target) this.#addAll(target, other);
      target.start = Math.min(target.start, timestamp, other.start);
      target.end = Math.max(target.end, end, other.end);
    }
    target.acc[0]!++;
    this.aggregates.aggregates.forEach(({ spec: { kind }, column: at }, index) => {
      if (at >= 0) target.acc[at] = combined(kind, target.acc[at]!, inputs[index] as number);
    });
    const left = sessions.filter((one) => one === target || !met.includes(one));
    this.#put(table, id, left);
    for (const one of left) this.#arm(this.store.group, table, id, one.end - 1);
    this.store.done();
  }

  #addAll(target: Session, other: Session): void {
    target.acc[0]! += other.acc[0]!;
    for (const { spec, column: at } of this.aggregates.aggregates) {
      if (at >= 0) target.acc[at] = combined(spec.kind, target.acc[at]!, other.acc[at]!);
    }
  }

  #initial(): number[] {
    const acc = Array.from({ length: this.#startColumn }, () => 0);
    for (const { spec, column: at } of this.aggregates.aggregates) {
      if (spec.kind === "min") acc[at] = Infinity;
      if (spec.kind === "max") acc[at] = -Infinity;
    }
    return acc;
  }

  #hasMore(table: KeyTable, id: number): boolean {
    return (table.columns[this.#moreColumn] as MapColumn).counts[id]! > 0;
  }

  /** Of a key that has one, the oldest first. */
  #sessions(table: KeyTable, id: number): Session[] {
    const acc = Array.from({ length: this.#startColumn }, (_, index) => column(table, index).values[id]!);
    const start = column(table, this.#startColumn).values[id]!;
    const sessions: Session[] = [{ start, end: column(table, this.#endColumn).values[id]!, acc }];
    if (this.#hasMore(table, id)) {
      for (const [from, [end, ...rest]] of this.#more.entries() as Iterable<[number, number[]]>) {
        sessions.push({ start: from, end: end!, acc: rest });
      }
    }
    return sessions;
  }

  /** The key's sessions; it has columns for the first. */
  #put(table: KeyTable, id: number, [first, ...others]: readonly Session[]): void {
    first!.acc.forEach((value, index) => (column(table, index).values[id] = value));
    column(table, this.#startColumn).values[id] = first!.start;
    column(table, this.#endColumn).values[id] = first!.end;
    this.#more.clear();
    for (const { start, end, acc } of others) this.#more.set(start, [end, ...acc]);
  }

  get #more(): MapHandle {
    return this.store.handles[this.#moreColumn] as MapHandle;
  }

  late(element: unknown, timestamp: number): void {
    this.store.done();
    if (this.#emitLate === undefined) this.drops.add(element, timestamp, this.#runtime.watermarkAt(this.#index));
    else this.#emitLate(element, timestamp);
  }

  element(element: unknown, timestamp: number, key: unknown, hash: number): void {
    const found = this.find(timestamp, key, hash);
    if (found === LATE) return this.late(element, timestamp);
    const { aggregates } = this.aggregates;
    const inputs = aggregates.map((aggregate) => this.aggregates.input(aggregate, element));
    if (found !== IN_PLACE) return this.merge(timestamp, inputs);
    this.extend(timestamp);
    const { table, id } = this.store;
    aggregates.forEach((aggregate, index) => this.aggregates.addNumber(aggregate, table, id, inputs[index] as number));
    column(table, COUNT_COLUMN).values[id]!++;
    this.store.done();
  }

  get lateDropped(): number {
    return this.drops.dropped;
  }

  code(index: number): ReturnType<ChainOperator["code"]> {
    const op = `op${index}`;
    const scope: Record<string, unknown> = { [op]: this, [`agg${index}`]: this.aggregates };
    this.#makeResult = generateResult(this.#spec);
    const { aggregates } = this.aggregates;
    this.#makeColumnResult = generateColumnResult(aggregates);
    for (const { spec, index: at } of aggregates) {
      if (spec.of?.kind === "lambda") scope[`of${index}_${at}`] = spec.of.fn;
      scope[`spec${index}_${at}`] = spec;
    }
    const element = (e: string): string => {
      const inputs = aggregates.map((aggregate) => inputCode(aggregate, index, e)).join("");
      const values = aggregates.map(({ spec, index: at }) => (spec.kind === "count" ? "0" : `a${at}`)).join(",");
      const added = aggregates.map(addCode).join("");
      const inPlace = `${op}.extend(ts);const T=${op}.store.table.columns,id=${op}.store.id;${added}T[${COUNT_COLUMN}].values[id]++;${op}.store.done();`;
      return `const found=${op}.find(ts,key,hash);if(found===${LATE})${op}.late(${e},ts);else{${inputs}if(found===${IN_PLACE}){${inPlace}}else ${op}.merge(ts,[${values}]);}`;
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
    const { store } = this;
    this.#timers.advance(
      watermark,
      (at, group, id) => this.#fire(at, group, id),
      (_, entries, count) => store.warm(entries, count),
    );
  }

  #fire(at: number, group: number, id: number): void {
    const { store } = this;
    const table = store.tables[group]!;
    const armed = column(table, this.#armedColumn).values;
    if (armed[id] !== at) return;
    store.point(group, table, id);
    armed[id] = Infinity;
    if (this.#hasMore(table, id)) this.#closeSome(group, table, id, at);
    else this.#close(group, table, id, at);
    store.done();
  }

  /** Sends the key's only session, or waits for the end that it has now. */
  #close(group: number, table: KeyTable, id: number, at: number): void {
    const end = column(table, this.#endColumn).values[id]!;
    if (end - 1 > at) return this.#arm(group, table, id, end - 1);
    const start = column(table, this.#startColumn).values[id]!;
    const result = this.#makeColumnResult(table, id, table.keyAt(id), start, end);
    this.#clear(table, id);
    try {
      this.#emit(result, end - 1);
    } catch (thrown) {
      this.#failed(thrown, start, end);
    }
  }

  /** Sends those of the key's sessions that end by then. */
  #closeSome(group: number, table: KeyTable, id: number, at: number): void {
    const sessions = this.#sessions(table, id);
    const left = sessions.filter(({ end }) => end - 1 > at);
    const due = sessions.filter(({ end }) => end - 1 <= at).toSorted((a, b) => a.end - b.end);
    if (left.length > 0) this.#put(table, id, left);
    else {
      this.#more.clear();
      this.#clear(table, id);
    }
    for (const one of left) this.#arm(group, table, id, one.end - 1);
    for (const one of due) this.#send(table.keyAt(id), one);
  }

  #send(key: unknown, { start, end, acc }: Session): void {
    try {
      const values = this.aggregates.aggregates.map(({ spec: { kind }, column: at }) =>
        kind === "count" ? acc[0]! : kind === "avg" ? acc[at]! / acc[0]! : acc[at]!,
      );
      this.#emit(this.#makeResult([key, start, end, ...values]), end - 1);
    } catch (thrown) {
      this.#failed(thrown, start, end);
    }
  }

  #failed(thrown: unknown, start: number, end: number): void {
    if (this.#runtime.steps[this.#index]!.node.onError === "fail") throw this.#runtime.wrap(thrown, this.#index);
    this.#runtime.handle(this.#index, thrown, { window: { start, end } }, end - 1);
  }

  tick(): void {}

  abandon(): void {
    if (this.store.id >= 0) this.store.done();
  }

  restore(chunk: StateChunk): void {
    if (chunk.address.kind !== "key-group") return;
    const { group } = chunk.address;
    const before = this.store.tables[group]?.end ?? 0;
    restoreChunk(this.#name, this.store, group, chunk.bytes, () => undefined);
    const table = this.store.tables[group];
    for (let id = before; id < (table?.end ?? 0); id++) {
      if (column(table!, this.#armedColumn).present[id] === 1) this.#timers.add(column(table!, this.#armedColumn).values[id]!, group, id);
    }
  }

  snapshot(): OperatorSnapshot {
    return new StoreSnapshot(this.#name, this.store, []);
  }

  size(): OperatorSize {
    const { store } = this;
    const keys = keysOf(store);
    return { keys, timers: this.#timers.size, windows: keys + entriesOf(store, this.#moreColumn), bytes: bytesOf(store) };
  }

  holdings(key: unknown, hash: number): KeyHoldings | undefined {
    const { store } = this;
    const read = () => this.#sessions(store.table, store.id).map(({ start, end }) => ({ start, end }));
    const windows = readKey(store, key, hash, read);
    return windows === undefined ? undefined : { state: {}, eventTimers: [], processingTimers: [], windows };
  }

  currentKeyText(): string | undefined {
    return this.store.id < 0 ? undefined : valueText(this.store.table.keyAt(this.store.id));
  }
}

function touches(session: Session, start: number, end: number): boolean {
  return session.start <= end && session.end >= start;
}

function combined(kind: string, acc: number, value: number): number {
  if (kind === "min") return value < acc ? value : acc;
  if (kind === "max") return value > acc ? value : acc;
  return acc + value;
}

function number(name: string): StateSpec {
  return { kind: "value", name, value: { kind: "double" }, ttl: undefined };
}

/** Further sessions by start: end, count, accumulators. */
function more(): StateSpec {
  return { kind: "map", name: "#more", key: { kind: "double" }, value: { kind: "array", of: { kind: "double" } }, ttl: undefined };
}
