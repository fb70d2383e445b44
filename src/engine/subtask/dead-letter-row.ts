// Rows of an "errors" output: from a failed element of the pipeline or from a record that could not be decoded.
import { toBase64 } from "../../bytes/base64.ts";
import type { PoisonRecord } from "../../stream/connector.ts";
import type { DeadLetter } from "../../stream/graph.ts";

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
/** Of a failed element's JSON; longer texts are cut. */
const MAX_VALUE_LENGTH = 64 * 1024;

/** A record's bytes as text: itself if it is UTF-8, otherwise base64 after "base64:". */
export function bytesText(bytes: Uint8Array | null): string {
  if (bytes === null) return "";
  try {
    return decoder.decode(bytes);
  } catch {
    return `base64:${toBase64(bytes)}`;
  }
}

/** JSON of a value of the pipeline, bigints as decimal text, for people; never throws. */
export function valueText(value: unknown): string {
  try {
    const text = JSON.stringify(value, (_, inner: unknown) => (typeof inner === "bigint" ? inner.toString() : inner));
    return (text ?? "").slice(0, MAX_VALUE_LENGTH);
  } catch {
    return "";
  }
}

/** A split named "<topic>-<partition>", as Kafka sources do; any other is the whole origin, a file's name say. */
export function originOfSplit(split: string | undefined): { readonly topic: string; readonly partition: number } {
  const match = split === undefined ? null : /^(.+)-(\d{1,9})$/.exec(split);
  return match === null ? { topic: split ?? "", partition: -1 } : { topic: match[1]!, partition: Number(match[2]) };
}

export function poisonRow(operator: string, record: PoisonRecord): DeadLetter {
  const { error, topic, partition, offset, timestamp } = record;
  return { operator, error, topic, partition, offset, timestamp, key: bytesText(record.key), value: bytesText(record.value) };
}
