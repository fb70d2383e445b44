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
  readonly hasKey: boolean;
  /** There are functions: of() must be called. */
  readonly seesRows: boolean;
  readonly #functions: RecordFunctions<unknown, unknown>;
  readonly #topic: string;
  readonly #partitions: number;
  readonly #keys: KeyEncoder | undefined;
  /** Before those of the functions: of a record with a key, and without. */
  readonly #withKey: readonly RecordHeader[] | undefined;
  readonly #withoutKey: readonly RecordHeader[] | undefined;
  #given: readonly RecordHeader[] | undefined;

  constructor(functions: RecordFunctions<unknown, unknown>, topic: string, partitions: number, { value, key, keys }: SchemaParts = {}) {
    this.#functions = functions;
    this.#topic = topic;
    this.#partitions = partitions;
    this.#keys = keys;
    this.#withoutKey = value === undefined ? undefined : [value];
    this.#withKey = key === undefined ? this.#withoutKey : [...(this.#withoutKey ?? []), key];
    this.hasKey = functions.key !== undefined;
    this.seesRows = functions.key !== undefined || functions.headers !== undefined || functions.partitioner !== undefined;
  }

  /** After of(): sets the headers. */
  tellKey(hasKey: boolean): void {
    const own = hasKey ? this.#withKey : this.#withoutKey;
    const given = this.#given;
    this.headers = given === undefined ? own : own === undefined ? given : [...own, ...given];
  }

  /** `key`: of the topic's key field, used if there is no key function. Throws SINK_ROW for what is no key, header or partition. */
  of(row: unknown, key: Uint8Array | null): void {
    const functions = this.#functions;
    const value = row as DeepReadonly<unknown>;
    this.key = functions.key === undefined ? key : this.#keyBytes(functions.key(value));
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
