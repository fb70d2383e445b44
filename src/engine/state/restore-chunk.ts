// Puts a chunk of a snapshot (state-chunk.ts) back into a store, after comparing the states that it holds with those declared now.
import { isPlanted } from "../../env/planted-faults.ts";
import { sameType } from "../operators/output-type.ts";
import type { StateSpec } from "../../stream/graph.ts";
import { BinaryCodec } from "../../schema/binary-row/binary-codec.ts";
import { evolution } from "../../schema/evolve-type.ts";
import { typeName } from "../../schema/type-names.ts";
import { keyOfBytes } from "./canonical-key.ts";
import { keyGroup } from "./key-group.ts";
import { hashCanonical } from "./key-hash.ts";
import { isNumeric, type KeyedStore, type StateColumn } from "./keyed-store.ts";
import type { EntryChains } from "./entry-chains.ts";
import { RecordField } from "./number-record.ts";
import { ChunkReader, STATE_CHUNK_VERSION } from "./state-chunk.ts";
import type { NumberColumn, RowColumn } from "./state-column.ts";
import { putLinked, STAMP_BYTES } from "./list-state.ts";
import { TimeColumn } from "./time-column.ts";
import type { TimeHandle } from "./time-state.ts";
import { StateRestoreError } from "./state-restore-error.ts";

const decoder = new TextDecoder();

/** `setTimer`: domain 0 = event time, 1 = processing time; for the key at hand in the store. */
export type SetTimer = (domain: number, at: number) => void;

export function restoreChunk(operator: string, store: KeyedStore, group: number, bytes: Uint8Array, setTimer: SetTimer): void {
  if (isPlanted("key-group-lost") && group % 4 === 0) return;
  const reader = new ChunkReader(bytes);
  try {
    const version = reader.u8();
    if (version !== STATE_CHUNK_VERSION) {
      throw new StateRestoreError(
        "STATE_VERSION",
        `The state of operator '${operator}' has format ${version}, which this version of Millrace does not know.`,
      );
    }
    const stored = JSON.parse(decoder.decode(reader.bytes(reader.count()))) as StateSpec[];
    const columns = stored.map((spec) => matchSpec(operator, spec, store.specs));
    for (let left = reader.count(); left > 0; left--) restoreKey(operator, store, group, reader, columns, setTimer);
    if (!reader.done) throw new RangeError("bytes are left over");
  } catch (cause) {
    if (cause instanceof StateRestoreError) throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new StateRestoreError("STATE_CORRUPT", `The state of operator '${operator}', key group ${group}, cannot be read: ${why}.`);
  }
}

/** The column of a declared state that takes a stored one. */
interface Taken {
  readonly index: number;
  /** The chunk has times of writes. */
  readonly stamped: boolean;
  /** They are on the clock that the declaration names now; otherwise times are not known (NaN). */
  readonly sameClock: boolean;
  /** Values stand as numbers in the chunk. */
  readonly numeric: boolean;
  /** Makes a value of the type of now: from bytes to a number, or to bytes that are valid until the next call. Undefined: it is the same. */
  readonly evolved: Evolved | undefined;
}

interface Evolved {
  bytes(stored: Uint8Array | number): Uint8Array;
  number(stored: Uint8Array | number): number;
}

function matchSpec(operator: string, stored: StateSpec, specs: readonly StateSpec[]): Taken {
  const index = specs.findIndex(({ name }) => name === stored.name);
  const declared = specs[index];
  if (declared === undefined) {
    throw new StateRestoreError(
      "UNKNOWN_STATE",
      `The checkpoint holds state '${stored.name}' of operator '${operator}', which the operator no longer declares: it would be lost. Declare it again, or start without this checkpoint.`,
    );
  }
  const taken = {
    index,
    stamped: stored.ttl !== undefined,
    sameClock: stored.ttl?.domain === declared.ttl?.domain,
    numeric: isNumeric(stored),
  };
  const sameShape = declared.kind === stored.kind && sameType(mapKey(declared), mapKey(stored));
  if (sameShape && sameType(declared.value, stored.value)) return { ...taken, evolved: undefined };
  // An accumulator is made by a function: that its type is wider does not make the function take it.
  const change = sameShape && !("fold" in declared && declared.fold !== undefined) ? evolution(stored.value, declared.value) : undefined;
  if (change !== undefined && change.refusal === undefined) return { ...taken, evolved: evolving(stored, declared, change.convert) };
  const at = change?.refusal === undefined || change.refusal.path === "" ? "" : ` At ${change.refusal.path}: ${change.refusal.reason}.`;
  throw new StateRestoreError(
    "STATE_TYPE_CHANGED",
    `State '${stored.name}' of operator '${operator}' was ${describeSpec(stored)} in the checkpoint and is ${describeSpec(declared)} now.${at}`,
  );
}

function evolving(stored: StateSpec, declared: StateSpec, convert: (value: unknown) => unknown): Evolved {
  const [from, to] = [new BinaryCodec(stored.value), new BinaryCodec(declared.value)];
  const value = (given: Uint8Array | number): unknown =>
    convert(typeof given !== "number" ? from.decode(given) : stored.value.kind === "boolean" ? given === 1 : given);
  return { bytes: (given) => to.bytesOf(value(given)), number: (given) => Number(value(given)) };
}

function mapKey(spec: StateSpec): StateSpec["value"] | undefined {
  return spec.kind === "map" ? spec.key : undefined;
}

/** Down to the fields, so that two types of one name differ in the message too. */
function describeSpec(spec: StateSpec): string {
  const value = spec.value.kind === "record" ? `${typeName(spec.value)} ${JSON.stringify(fieldsOf(spec.value))}` : typeName(spec.value);
  return spec.kind === "map" ? `a map of ${typeName(spec.key)} to ${value}` : `a ${spec.kind} of ${value}`;
}

function fieldsOf(type: StateSpec["value"] & { readonly kind: "record" }): Record<string, string> {
  return Object.fromEntries(type.fields.map((field) => [field.name, typeName(field.type)]));
}

function restoreKey(
  operator: string,
  store: KeyedStore,
  group: number,
  reader: ChunkReader,
  columns: readonly Taken[],
  setTimer: SetTimer,
): void {
  const bytes = reader.key();
  const hash = hashCanonical(bytes);
  if (keyGroup(hash, store.tables.length) !== group) {
    throw new StateRestoreError(
      "WRONG_KEY_GROUP",
      `The state of operator '${operator}' was taken with another number of key groups than ${store.tables.length}: the max parallelism of a job cannot change.`,
    );
  }
  store.select(keyOfBytes(bytes), hash);
  for (const taken of columns) restoreColumn(store, reader, taken);
  for (const domain of [0, 1])
    for (let left = reader.count(); left > 0; left--) {
      const at = reader.float64();
      if (!isPlanted("timers-not-restored")) setTimer(domain, at);
    }
  store.done();
}

function restoreColumn(store: KeyedStore, reader: ChunkReader, taken: Taken): void {
  const spec = store.specs[taken.index]!;
  const column = store.table.columns[taken.index] as StateColumn;
  if (spec.kind === "map") restoreMap(store, reader, column as EntryChains | TimeColumn, taken);
  else if (spec.kind === "list") restoreList(store, reader, column as RowColumn, spec.ttl !== undefined, taken);
  else restoreValue(store, reader, column as NumberColumn | RowColumn | RecordField, taken);
}

/** The time of a write; NaN: not known on the clock of now. */
function stamp(reader: ChunkReader, { stamped, sameClock }: Taken): number {
  const time = stamped ? reader.float64() : NaN;
  return sameClock ? time : NaN;
}

function restoreValue(store: KeyedStore, reader: ChunkReader, column: NumberColumn | RowColumn | RecordField, taken: Taken): void {
  const { id, table } = store;
  const stored = storedValue(reader, taken);
  if (stored === undefined) return;
  if (column instanceof RecordField) column.set(id, asNumber(stored, taken));
  else if ("present" in column) {
    column.values[id] = asNumber(stored, taken);
    column.present[id] = 1;
  } else column.rows[id] = store.log.put(asBytes(stored, taken));
  table.hold(id);
  const time = stamp(reader, taken);
  if (!(column instanceof RecordField) && column.stamps.length > 0) column.stamps[id] = time;
}

/** undefined: the key has none. */
function storedValue(reader: ChunkReader, { numeric }: Taken): Uint8Array | number | undefined {
  if (numeric) return reader.u8() === 0 ? undefined : reader.float64();
  const length = reader.count();
  return length === 0 ? undefined : reader.bytes(length - 1);
}

function asNumber(stored: Uint8Array | number, { evolved }: Taken): number {
  return evolved === undefined ? (stored as number) : evolved.number(stored);
}

function asBytes(stored: Uint8Array | number, { evolved }: Taken): Uint8Array {
  return evolved === undefined ? (stored as Uint8Array) : evolved.bytes(stored);
}

function restoreList(store: KeyedStore, reader: ChunkReader, column: RowColumn, expires: boolean, taken: Taken): void {
  const count = reader.count();
  let newest = 0;
  for (let left = count; left > 0; left--) {
    const length = reader.count();
    const time = stamp(reader, taken);
    const bytes = reader.bytes(length - (taken.stamped ? STAMP_BYTES : 0));
    newest = putLinked(store.log, newest, expires ? time : undefined, asBytes(bytes, taken));
  }
  column.rows[store.id] = newest;
  column.counts[store.id] = count;
  if (count > 0) store.table.hold(store.id);
}

function restoreMap(store: KeyedStore, reader: ChunkReader, column: EntryChains | TimeColumn, taken: Taken): void {
  const numbers = isNumeric(store.specs[taken.index]!);
  for (let left = reader.count(); left > 0; left--) {
    const key = reader.u8() === 1 ? reader.float64() : keyOfBytes(reader.bytes(reader.count()));
    const value = taken.numeric ? reader.float64() : reader.bytes(reader.count() - 1);
    const time = stamp(reader, taken);
    if (isPlanted("join-rows-not-restored")) continue;
    if (column instanceof TimeColumn) {
      (store.handles[taken.index] as TimeHandle).insertBytes(key as number, asBytes(value, taken));
      continue;
    }
    const entry = column.insert(store.id, key);
    if (numbers) column.valueNumbers[entry] = asNumber(value, taken);
    else column.setBytes(entry, asBytes(value, taken));
    store.table.hold(store.id);
    if (column.stamps.length > 0) column.stamps[entry] = time;
  }
}
