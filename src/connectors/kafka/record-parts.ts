// What is said about a record beside its value: its key, headers and partition, by functions of the user, and headers that name the schemas
// of value and key. Functions see the row as an object; a sink without such functions never makes one.
import type { RecordHeader } from "../../protocol/records/batch-writer.ts";
import type { DeepReadonly } from "../../stream/state.ts";
import { KafkaConnectorError } from "./kafka-connector-error.ts";
import type { KeyEncoder } from "./key-encoder.ts";
import type { TextKey } from "./topic-key.ts";

type Bytes = string | Uint8Array | null;

export interface RecordFunctions<V, K = TextKey> {
  /** The record key: text as UTF-8 or bytes; with keyFormat a value of the key's type. null: none. Instead of the topic's key field. */
  readonly key?: (row: DeepReadonly<V>) => K | null;
  /** The record's headers, text as UTF-8. */
  readonly headers?: (row: DeepReadonly<V>) => Readonly<Record<string, Bytes>>;
  /** true: the record has no value, which deletes its key from a compacted topic. A key it must have. */
  readonly tombstone?: (row: DeepReadonly<V>) => boolean;
  /** The partition, from 0 to partitions − 1. Default: murmur2 of the key, as every Kafka client does; without a key one after the other. */
  readonly partitioner?: (record: {
    readonly row: DeepReadonly<V>;
    readonly key: Uint8Array | null;
    readonly partitions: number;
  }) => number;
}

const encoder = new TextEncoder();

/** What every record has. */
export interface SchemaParts {
  /** Which schema values have; undefined: it is said elsewhere. */
  readonly value?: RecordHeader | undefined;
  /** Instead of `value`: of the value written last. */
  readonly valueNow?: (() => RecordHeader | undefined) | undefined;
  /** Which schema keys have: for records with a key. */
  readonly key?: RecordHeader | undefined;
  /** Keys of functions have a schema. */
  readonly keys?: KeyEncoder | undefined;
}

export class RecordParts {
  key: Uint8Array | null = null;
  headers: readonly RecordHeader[] | undefined;
  /** −1: by key. */
  partition = -1;
  /** The record has no value. */
  isTombstone = false;
  readonly hasKey: boolean;
  /** There are functions: of() must be called. */
  readonly seesRows: boolean;
  readonly #functions: RecordFunctions<unknown, unknown>;
  readonly #topic: string;
  readonly #partitions: number;
  readonly #keys: KeyEncoder | undefined;
  /** Before those of the functions: of a record with key and value, with one of them. */
  readonly #ofBoth: readonly RecordHeader[] | undefined;
  readonly #ofKey: readonly RecordHeader[] | undefined;
  readonly #ofValue: readonly RecordHeader[] | undefined;
  readonly #valueNow: (() => RecordHeader | undefined) | undefined;
  #given: readonly RecordHeader[] | undefined;

  constructor(
    functions: RecordFunctions<unknown, unknown>,
    topic: string,
    partitions: number,
    { value, valueNow, key, keys }: SchemaParts = {},
  ) {
    this.#functions = functions;
    this.#topic = topic;
    this.#partitions = partitions;
    this.#keys = keys;
    this.#valueNow = valueNow;
    this.#ofValue = value === undefined ? undefined : [value];
    this.#ofKey = key === undefined ? undefined : [key];
    this.#ofBoth = key === undefined ? this.#ofValue : value === undefined ? this.#ofKey : [value, key];
    this.hasKey = functions.key !== undefined;
    this.seesRows = Object.keys(functions).length > 0;
  }

  /** After of(): sets the headers. Throws SINK_ROW for a tombstone without a key. */
  tellKey(hasKey: boolean): void {
    if (this.isTombstone && !hasKey) throw this.#refused("a record without a value (tombstone) needs a key: it says which is deleted");
    const own = this.#schemaHeaders(hasKey);
    const given = this.#given;
    this.headers = given === undefined ? own : own === undefined ? given : [...own, ...given];
  }

  #schemaHeaders(hasKey: boolean): readonly RecordHeader[] | undefined {
    if (this.isTombstone) return this.#ofKey;
    if (this.#valueNow !== undefined) return withValue(this.#valueNow(), hasKey ? this.#ofKey : undefined);
    return hasKey ? this.#ofBoth : this.#ofValue;
  }

  /** `key`: of the topic's key field, used if there is no key function. Throws SINK_ROW for what is no key, header or partition. */
  of(row: unknown, key: Uint8Array | null): void {
    const functions = this.#functions;
    const value = row as DeepReadonly<unknown>;
    this.key = functions.key === undefined ? key : this.#keyBytes(functions.key(value));
    this.isTombstone = functions.tombstone?.(value) === true;
    this.#given =
      functions.headers === undefined
        ? undefined
        : Object.entries(functions.headers(value)).map(([name, header]) => ({ key: name, value: this.#bytes(`header "${name}"`, header) }));
    if (functions.partitioner === undefined) return;
    const partition = functions.partitioner({ row: value, key: this.key, partitions: this.#partitions });
    if (!Number.isInteger(partition) || partition < 0 || partition >= this.#partitions)
      throw this.#refused(`the partitioner gives a partition from 0 to ${this.#partitions - 1}, not ${String(partition)}`);
    this.partition = partition;
  }

  /** Throws SchemaError for what is no key of its schema. */
  #keyBytes(key: unknown): Uint8Array | null {
    const keys = this.#keys;
    if (keys === undefined || key === null) return this.#bytes("key", key);
    keys.encode(key);
    return keys.out.finish();
  }

  #bytes(what: string, value: unknown): Uint8Array | null {
    if (value === null || value instanceof Uint8Array) return value;
    if (typeof value === "string") return encoder.encode(value);
    throw this.#refused(`the ${what} is a string, bytes or null, not ${value === undefined ? "undefined" : `a ${typeof value}`}`);
  }

  #refused(reason: string): KafkaConnectorError {
    return new KafkaConnectorError("SINK_ROW", `kafkaSink("${this.#topic}"): ${reason}.`);
  }
}

function withValue(value: RecordHeader | undefined, others: readonly RecordHeader[] | undefined): readonly RecordHeader[] | undefined {
  if (value === undefined) return others;
  return others === undefined ? [value] : [value, ...others];
}
