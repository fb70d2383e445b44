// A record as JSON: keys and values that are UTF-8 as text, others as { base64 }.
import type { TailedRecord } from "./record-format.ts";

type JsonBytes = string | null | { readonly base64: string };

export interface JsonRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly timestamp: number;
  readonly key: JsonBytes;
  readonly value: JsonBytes;
  readonly headers?: readonly { readonly key: string; readonly value: JsonBytes }[];
}

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export function jsonRecord(record: TailedRecord): JsonRecord {
  const { topic, partition, offset, timestamp, headers } = record;
  return {
    topic,
    partition,
    offset,
    timestamp,
    key: jsonBytes(record.key),
    value: jsonBytes(record.value),
    ...(headers.length === 0 ? {} : { headers: headers.map(({ key, value }) => ({ key, value: jsonBytes(value) })) }),
  };
}

function jsonBytes(bytes: Uint8Array | null): JsonBytes {
  if (bytes === null) return null;
  try {
    return strict.decode(bytes);
  } catch {
    return { base64: Buffer.from(bytes).toString("base64") };
  }
}
