// Writes a history down while clients run. Values, processes and transactions get their numbers here; payloads are made from values, so
// that every byte of a record can be checked.
import type { ConsumedBatch } from "../../src/client/consumer/consumed-batch.ts";
import type { End, Isolation, OffsetCommit, Operation, Send } from "../checkers/history.ts";

const MAX_FILLER = 1200;
const encoder = new TextEncoder();

export class Recorder {
  readonly history: Operation[] = [];
  #values = 0;
  #processes = 0;
  #transactions = 0;
  #ticks = 0;

  /** Orders answers and questions. */
  tick(): number {
    return this.#ticks++;
  }

  process(): number {
    return this.#processes++;
  }

  transaction(): number {
    return this.#transactions++;
  }

  send(process: number, partition: number, transaction: number): { readonly send: Send; readonly bytes: Uint8Array } {
    const value = this.#values++;
    const bytes = payloadOf(value);
    const send: Send = {
      kind: "send",
      process,
      partition,
      value,
      payload: hashOf(bytes),
      transaction,
      outcome: "unknown",
      offset: -1,
      answeredAt: Number.MAX_SAFE_INTEGER,
    };
    this.history.push(send);
    return { send, bytes };
  }

  acknowledged(send: Send, offset: number): void {
    send.outcome = "ok";
    send.offset = offset;
    send.answeredAt = this.tick();
  }

  end(process: number, transaction: number, outcome: End["outcome"]): End {
    const end: End = { kind: "end", process, transaction, outcome };
    this.history.push(end);
    return end;
  }

  poll(process: number, batch: ConsumedBatch, isolation: Isolation, final = false): void {
    const offsets: number[] = [];
    const values: number[] = [];
    const payloads: number[] = [];
    for (const record of batch.records) {
      offsets.push(record.offset);
      values.push(valueOf(record.value!));
      payloads.push(hashOf(record.value!));
    }
    this.history.push({ kind: "poll", process, partition: batch.partition, isolation, transaction: -1, final, offsets, values, payloads });
  }

  offsetCommit(process: number, group: string, partition: number, offset: number, transaction: number): OffsetCommit {
    const commit: OffsetCommit = { kind: "offset-commit", process, group, partition, offset, transaction, outcome: "unknown" };
    this.history.push(commit);
    return commit;
  }
}

/** The value's number, then bytes that depend on it alone. */
function payloadOf(value: number): Uint8Array {
  const head = encoder.encode(`${value}:`);
  const bytes = new Uint8Array(head.length + ((Math.imul(value, 2654435761) >>> 0) % MAX_FILLER));
  bytes.set(head);
  for (let at = head.length; at < bytes.length; at++) bytes[at] = (value * 31 + at * 7) & 0xff;
  return bytes;
}

function valueOf(bytes: Uint8Array): number {
  let value = 0;
  for (let at = 0; at < bytes.length && bytes[at] !== 0x3a; at++) value = value * 10 + bytes[at]! - 0x30;
  return value;
}

function hashOf(bytes: Uint8Array): number {
  let hash = 0x811c9dc5 | 0;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash;
}
