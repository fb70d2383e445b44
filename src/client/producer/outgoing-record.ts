// A record as users write it, and as the producer keeps it: bytes, a timestamp, a partition or −1.
import type { RecordHeader } from "../../protocol/records/batch-writer.ts";
import { ClientError } from "../errors.ts";

export interface RecordToSend {
  readonly topic: string;
  /** Left out: by key, else one partition per batch in turn. */
  readonly partition?: number;
  /** Text is sent as UTF-8. */
  readonly key?: Uint8Array | string | null;
  readonly value: Uint8Array | string | null;
  readonly headers?:
    | Readonly<Record<string, Uint8Array | string | null>>
    | readonly { readonly key: string; readonly value: Uint8Array | string | null }[];
  /** Epoch ms; now if left out. */
  readonly timestamp?: number;
}

export interface OutgoingRecord {
  readonly topic: string;
  readonly partition: number;
  readonly timestamp: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: readonly RecordHeader[] | undefined;
}

const encoder = new TextEncoder();

/** Throws INVALID_ARGUMENT. */
export function recordOf(record: RecordToSend, now: number): OutgoingRecord {
  const { topic, partition = -1, timestamp = now } = record;
  if (typeof topic !== "string" || topic === "") throw invalid("topic must be a non-empty string");
  if (!Number.isInteger(partition) || partition < -1) throw invalid(`partition must be an integer of at least 0, not ${partition}`);
  if (!Number.isSafeInteger(timestamp)) throw invalid(`timestamp must be an integer of epoch milliseconds, not ${timestamp}`);
  return {
    topic,
    partition,
    timestamp,
    key: bytesOf("key", record.key ?? null),
    value: bytesOf("value", record.value),
    headers: headersOf(record.headers),
  };
}

function headersOf(headers: RecordToSend["headers"]): readonly RecordHeader[] | undefined {
  if (headers === undefined) return undefined;
  if (Array.isArray(headers)) return headers.map(({ key, value }) => ({ key, value: bytesOf(`header "${key}"`, value) }));
  return Object.entries(headers).map(([key, value]) => ({ key, value: bytesOf(`header "${key}"`, value as Uint8Array | string | null) }));
}

function bytesOf(what: string, value: Uint8Array | string | null): Uint8Array | null {
  if (value === null || value instanceof Uint8Array) return value;
  if (typeof value === "string") return encoder.encode(value);
  throw invalid(`${what} must be a string, a Uint8Array or null, not ${typeof value}`);
}

function invalid(text: string): ClientError {
  return new ClientError("INVALID_ARGUMENT", `A record's ${text}.`);
}
