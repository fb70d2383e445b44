// Session windows with a fixed gap and aggregates of numbers. The oldest open session of a key lies in the key's record (number-record.ts)
// and is extended in place; further ones, which only disorder makes, are rows of a map. A key has one entry in a timer wheel, at or before its
// earliest end: a session that has grown meanwhile is armed again when it fires, so an element costs no timer. An entry whose time is not the
// record's "#armed" is none any more, so that only the record belongs to checkpoints. Sessions merge as Flink's do: windows that touch, too.
import type { StateSpec, WindowSpec } from "../../stream/graph.ts";
import type { PlanStep } from "../codegen/chain-plan.ts";
import { keysAhead, KeyedStore } from "../state/keyed-store.ts";
import type { KeyTable } from "../state/key-table.ts";
import type { MapColumn } from "../state/map-column.ts";
import type { MapHandle } from "../state/map-state.ts";
import { widthOf } from "../state/number-record.ts";
import { restoreChunk } from "../state/restore-chunk.ts";
import { StoreSnapshot } from "../state/store-snapshot.ts";
import type { ChainRuntime, Emit } from "../subtask/chain-runtime.ts";
import { valueText } from "../subtask/dead-letter-row.ts";
import { windowText } from "../subtask/operator-error.ts";
import type { StateChunk } from "../subtask/subtask.ts";
import { TimerWheel, WHEEL_RANGE_MS } from "../time/timer-wheel.ts";
import type { ChainOperator, OperatorSnapshot } from "./chain-operator.ts";
import type { OperatorHome } from "./operator-home.ts";
import { LateDrops } from "./late-drops.ts";
import { bytesOf, entriesOf, keysOf, type KeyHoldings, type OperatorSize, readKey } from "./operator-size.ts";
import { COUNT_COLUMN, isNumericKind, WindowAggregates } from "./window-aggregates.ts";
import {
  addToRecordCode,
  aggregateScope,
  generateRecordResult,
  generateResult,
  inputCode,
  type MakeRecordResult,
  type MakeResult,
  plainRecordResult,
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

/** Times between −LATEST and this fit into the wheel. */
const LATEST = WHEEL_RANGE_MS / 2;

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
  /** The record of the key at hand, and where it begins: the count and the accumulators of the oldest session, and what follows. */
  values!: Float64Array;
  at = 0;
  /** From one record to the next. */
  readonly #width: number;
  /** Cells of a record, from its beginning. */
  readonly #start: number;
  readonly #end: number;
  readonly #armed: number;
  /** How many further sessions there are: not in checkpoints, as the map itself is (the column of this number). */
  readonly #more: number;
  /** What an accumulator is at first. */
  readonly #initial: readonly number[];
  /** Means nothing: what has no result, the compiler leaves out. */
  warmth = 0;
  #runtime!: ChainRuntime;
  #emit: Emit = () => undefined;
  #emitLate: Emit | undefined;
  #makeResult: MakeResult;
  #makeRecordResult: MakeRecordResult;

  constructor(step: PlanStep, spec: SessionSpec, home: OperatorHome) {
    this.#index = step.index;
    this.#name = step.node.name;
    this.#spec = spec;
    this.#gapMs = spec.assigner.gapMs;
    this.aggregates = new WindowAggregates(spec);
    const { specs } = this.aggregates;
    this.#start = specs.length;
    this.#end = specs.length + 1;
    this.#armed = specs.length + 2;
    this.#more = specs.length + 3;
    this.#width = widthOf(specs.length + 4);
    this.#initial = initialOf(this.aggregates);
    const states = [...specs, number("#start"), number("#end"), number("#armed"), more()];
    this.store = new KeyedStore(states, home.maxParallelism, { record: { states: this.#more, cells: this.#width } });
    this.#makeResult = plainResult(spec);
    this.#makeRecordResult = plainRecordResult(this.aggregates.aggregates);
  }

  get nextEventTime(): number {
    return this.#timers.next;
  }

  get earliestEventTime(): number {
    return this.#timers.earliest((time, group, id) => {
      const { values } = this.store.tables[group]!.record!;
      const at = id * this.#width;
      if (values[at + this.#armed] !== time) return Infinity;
      return values[at + this.#more]! > 0 ? time : values[at + this.#end]! - 1;
    });
  }

  /** Points the store at the key. LATE; IN_PLACE: extend() and add to the record; otherwise merge(). Throws WindowError without event time. */
  find(timestamp: number, key: unknown, hash: number): number {
    const end = timestamp + this.#gapMs;
    if (!(timestamp > -Infinity && end < LATEST)) this.#refuse(timestamp);
    const { store } = this;
    store.select(key, hash);
    const { values } = store.table.record!;
    const at = store.id * this.#width;
    this.values = values;
    this.at = at;
    const isLate = end - 1 <= this.#runtime.watermarkAt(this.#index);
    if (end < -LATEST && !isLate) this.#refuse(timestamp);
    if (!(values[at]! > 0)) return isLate ? LATE : IN_PLACE;
    if (values[at + this.#more]! > 0) return isLate && !this.#sessions(values, at).some((one) => touches(one, timestamp, end)) ? LATE : 2;
    return timestamp <= values[at + this.#end]! && end >= values[at + this.#start]! ? IN_PLACE : isLate ? LATE : 2;
  }

  #refuse(timestamp: number): never {
    throw new WindowError(
      timestamp - timestamp !== 0
        ? `Window '${this.#name}' got an element without event time: give the source eventTime and watermarks.`
        : `Window '${this.#name}' got an event time of ${timestamp} ms: event times are milliseconds since 1970.`,
    );
  }

  /** Begins the key's session, or makes it reach this far. */
  extend(timestamp: number): void {
    const { values, at } = this;
    const end = timestamp + this.#gapMs;
    if (!(values[at]! > 0)) this.#begin(timestamp, end);
    else {
      if (timestamp < values[at + this.#start]!) values[at + this.#start] = timestamp;
      if (end > values[at + this.#end]!) values[at + this.#end] = end;
    }
  }

  #begin(start: number, end: number): void {
    const { values, at, store } = this;
    const initial = this.#initial;
    for (let cell = 0; cell < initial.length; cell++) values[at + cell] = initial[cell]!;
    values[at + this.#start] = start;
    values[at + this.#end] = end;
    values[at + this.#armed] = Infinity;
    values[at + this.#more] = 0;
    store.table.hold(store.id);
    this.#arm(store.group, store.id, values, at, end - 1);
  }

  /** The session is over. */
  #clear(table: KeyTable, id: number, values: Float64Array, at: number): void {
    for (let cell = 0; cell < this.#more; cell++) values[at + cell] = NaN;
    table.letGo(id);
  }

  #arm(group: number, id: number, values: Float64Array, at: number, time: number): void {
    if (values[at + this.#armed]! <= time) return;
    values[at + this.#armed] = time;
    this.#timers.add(time, group, id);
  }

  /** An element that opens a further session of its key, or meets several. */
  merge(timestamp: number, inputs: readonly unknown[]): void {
    const { values, at, store } = this;
    const end = timestamp + this.#gapMs;
    const sessions = this.#sessions(values, at);
    const met = sessions.filter((one) => touches(one, timestamp, end));
    const target = met[0] ?? { start: timestamp, end, acc: [...this.#initial] };
    if (met.length === 0) sessions.push(target);
    for (const other of met) {
      if (other !== target) this.#addAll(target, other);
      target.start = Math.min(target.start, timestamp, other.start);
      target.end = Math.max(target.end, end, other.end);
    }
    target.acc[0]!++;
    this.aggregates.aggregates.forEach(({ spec: { kind }, column }, index) => {
      if (column >= 0) target.acc[column] = combined(kind, target.acc[column]!, inputs[index] as number);
    });
    const left = sessions.filter((one) => one === target || !met.includes(one));
    this.#put(values, at, left);
    for (const one of left) this.#arm(store.group, store.id, values, at, one.end - 1);
    store.done();
  }

  #addAll(target: Session, other: Session): void {
    target.acc[0]! += other.acc[0]!;
    for (const { spec, column: at } of this.aggregates.aggregates) {
      if (at >= 0) target.acc[at] = combined(spec.kind, target.acc[at]!, other.acc[at]!);
    }
  }

  /** Of the key at hand, which has one; the oldest first. */
  #sessions(values: Float64Array, at: number): Session[] {
    const acc = [...values.subarray(at, at + this.#start)];
    const sessions: Session[] = [{ start: values[at + this.#start]!, end: values[at + this.#end]!, acc }];
    if (!(values[at + this.#more]! > 0)) return sessions;
    for (const [from, [end, ...rest]] of this.#others.entries() as Iterable<[number, number[]]>) {
      sessions.push({ start: from, end: end!, acc: rest });
    }
    return sessions;
  }

  /** The sessions of the key at hand; its record has the first. */
  #put(values: Float64Array, at: number, [first, ...others]: readonly Session[]): void {
    values.set(first!.acc, at);
    values[at + this.#start] = first!.start;
    values[at + this.#end] = first!.end;
    values[at + this.#more] = others.length;
    this.#others.clear();
    for (const { start, end, acc } of others) this.#others.set(start, [end, ...acc]);
  }

  get #others(): MapHandle {
    return this.store.handles[this.#more] as MapHandle;
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
    const inputs = this.#runtime.withKey(this.#index, key, () => this.aggregates.inputs(element));
    if (found !== IN_PLACE) return this.merge(timestamp, inputs);
    this.extend(timestamp);
    const { values, at } = this;
    aggregates.forEach(({ spec: { kind }, column }, index) => {
      if (column >= 0) values[at + column] = combined(kind, values[at + column]!, inputs[index] as number);
    });
    values[at + COUNT_COLUMN]!++;
    this.store.done();
  }

  get lateDropped(): number {
    return this.drops.dropped;
  }

  code(index: number): ReturnType<ChainOperator["code"]> {
    const op = `op${index}`;
    this.#makeResult = generateResult(this.#spec);
    const { aggregates } = this.aggregates;
    this.#makeRecordResult = generateRecordResult(aggregates);
    const element = (e: string): string => {
      const inputs = aggregates.map((aggregate) => inputCode(aggregate, index, e)).join("");
      const values = aggregates.map(({ spec, index: at }) => (spec.kind === "count" ? "0" : `a${at}`)).join(",");
      const added = aggregates.map(addToRecordCode).join("");
      const inPlace = `${op}.extend(ts);const V=${op}.values,at=${op}.at;${added}V[at+${COUNT_COLUMN}]++;${op}.store.done();`;
      return `const found=${op}.find(ts,key,hash);if(found===${LATE})${op}.late(${e},ts);else{${inputs}if(found===${IN_PLACE}){${inPlace}}else ${op}.merge(ts,[${values}]);}`;
    };
    return { scope: aggregateScope(index, this, this.aggregates), element };
  }

  readAhead(hashes: Int32Array, from: number, to: number): void {
    const { store } = this;
    this.#warm(keysAhead, store.lookAhead(hashes, from, to));
  }

  /** KeyedStore.warm() for pairs of group and id, of what is read here. */
  #warm(keys: Int32Array, count: number): void {
    const { tables } = this.store;
    let sum = 0;
    for (let key = 0; key < count; key++) {
      const table = tables[keys[key * 2]!]!;
      const id = keys[key * 2 + 1]!;
      sum += table.record!.values[id * this.#width]! + table.references[id]!;
    }
    this.warmth = sum;
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
    this.#timers.advance(
      watermark,
      (at, group, id) => this.#fire(at, group, id),
      (_, entries, count) => this.#warm(entries, count),
    );
  }

  #fire(time: number, group: number, id: number): void {
    const { store } = this;
    const table = store.tables[group]!;
    const { values } = table.record!;
    const at = id * this.#width;
    if (values[at + this.#armed] !== time) return;
    store.point(group, table, id);
    values[at + this.#armed] = Infinity;
    if (values[at + this.#more]! > 0) this.#closeSome(group, table, id, time);
    else this.#close(group, table, id, time);
    store.done();
  }

  /** Sends the key's only session, or waits for the end that it has now. */
  #close(group: number, table: KeyTable, id: number, time: number): void {
    const { values } = table.record!;
    const at = id * this.#width;
    const end = values[at + this.#end]!;
    if (end - 1 > time) return this.#arm(group, id, values, at, end - 1);
    const start = values[at + this.#start]!;
    const result = this.#makeRecordResult(values, at, table.keyAt(id), start, end);
    this.#clear(table, id, values, at);
    try {
      this.#emit(result, end - 1);
    } catch (thrown) {
      this.#failed(thrown, start, end);
    }
  }

  /** Sends those of the key's sessions that end by then. */
  #closeSome(group: number, table: KeyTable, id: number, time: number): void {
    const { values } = table.record!;
    const at = id * this.#width;
    const sessions = this.#sessions(values, at);
    const left = sessions.filter(({ end }) => end - 1 > time);
    const due = sessions.filter(({ end }) => end - 1 <= time).toSorted((a, b) => a.end - b.end);
    if (left.length > 0) this.#put(values, at, left);
    else {
      this.#others.clear();
      this.#clear(table, id, values, at);
    }
    for (const one of left) this.#arm(group, id, values, at, one.end - 1);
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
    if (this.#runtime.steps[this.#index]!.node.onError === "fail")
      throw this.#runtime.wrap(thrown, this.#index, { during: windowText({ start, end }) });
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
    for (let id = before; id < (table?.end ?? 0); id++) this.#restored(group, table!, id);
  }

  /** A key whose states are there again. */
  #restored(group: number, table: KeyTable, id: number): void {
    const { values } = table.record!;
    const at = id * this.#width;
    if (!(values[at]! > 0)) return;
    const others = (table.columns[this.#more] as MapColumn).counts[id]!;
    values[at + this.#more] = others;
    // Each number counted as one.
    while (table.references[id]! > 1 + others) table.letGo(id);
    this.#timers.add(values[at + this.#armed]!, group, id);
  }

  snapshot(): OperatorSnapshot {
    return new StoreSnapshot(this.#name, this.store, []);
  }

  size(): OperatorSize {
    const { store } = this;
    const keys = keysOf(store);
    return { keys, timers: this.#timers.size, windows: keys + entriesOf(store, this.#more), bytes: bytesOf(store) };
  }

  holdings(key: unknown, hash: number): KeyHoldings | undefined {
    const { store } = this;
    const read = () => this.#sessions(store.table.record!.values, store.id * this.#width).map(({ start, end }) => ({ start, end }));
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

function initialOf({ specs, aggregates }: WindowAggregates): readonly number[] {
  const initial = specs.map(() => 0);
  for (const { spec, column } of aggregates) {
    if (spec.kind === "min") initial[column] = Infinity;
    if (spec.kind === "max") initial[column] = -Infinity;
  }
  return initial;
}

function number(name: string): StateSpec {
  return { kind: "value", name, value: { kind: "double" }, ttl: undefined };
}

/** Further sessions by start: end, count, accumulators. */
function more(): StateSpec {
  return { kind: "map", name: "#more", key: { kind: "double" }, value: { kind: "array", of: { kind: "double" } }, ttl: undefined };
}
