// What functions of the user say about a record: its key, its headers, its partition. They see the row as an object; a sink without such
// functions never makes one.
import type { RecordHeader } from "../../protocol/records/batch-writer.ts";
import type { DeepReadonly } from "../../stream/state.ts";
import { KafkaConnectorError } from "./kafka-connector-error.ts";

type Bytes = string | Uint8Array | null;

export interface RecordFunctions<V> {
  /** The record key, text as UTF-8; null: none. Instead of the topic's key field. */
  readonly key?: (row: DeepReadonly<V>) => Bytes;
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

export class RecordParts {
  key: Uint8Array | null = null;
  headers: readonly RecordHeader[] | undefined;
  /** −1: by key. */
  partition = -1;
  readonly hasKey: boolean;
  readonly #functions: RecordFunctions<unknown>;
  readonly #topic: string;
  readonly #partitions: number;

  readonly #header: RecordHeader | undefined;

  /** `header` goes before those of the functions. */
  constructor(functions: RecordFunctions<unknown>, topic: string, partitions: number, header?: RecordHeader) {
    this.#header = header;
    this.#functions = functions;
    this.#topic = topic;
    this.#partitions = partitions;
    this.hasKey = functions.key !== undefined;
  }

  /** `key`: of the topic's key field, used if there is no key function. Throws SINK_ROW for what is no key, header or partition. */
  of(row: unknown, key: Uint8Array | null): void {
    const functions = this.#functions;
    const value = row as DeepReadonly<unknown>;
    this.key = functions.key === undefined ? key : this.#bytes("key", functions.key(value));
    this.headers =
      functions.headers === undefined
        ? undefined
        : Object.entries(functions.headers(value)).map(([name, header]) => ({ key: name, value: this.#bytes(`header "${name}"`, header) }));
    if (this.#header !== undefined) this.headers = [this.#header, ...(this.headers ?? [])];
    if (functions.partitioner === undefined) return;
    const partition = functions.partitioner({ row: value, key: this.key, partitions: this.#partitions });
    if (!Number.isInteger(partition) || partition < 0 || partition >= this.#partitions)
      throw this.#refused(`the partitioner gives a partition from 0 to ${this.#partitions - 1}, not ${String(partition)}`);
    this.partition = partition;
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
