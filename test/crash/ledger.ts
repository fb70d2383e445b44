// What the producers of a run asked for and what they were told, as the log checker reads it. Records are rows of the pipeline's input;
// each has a number of its own and bytes that can be compared. The records of a key lie in one partition, in the order of their times.
import type { Operation, Send } from "../../simulation/checkers/history.ts";
import { NONE } from "../../simulation/checkers/history.ts";
import { seededRandom } from "../../simulation/checkers/correct-history.ts";

export const KEYS = 20_000;
export const PARTITIONS = 4;
export const KEYS_PER_PARTITION = KEYS / PARTITIONS;
const HOT_KEYS = 50;
const FIRST_TIME = 1_700_000_000_000;
/** Numbers of one partition's records are PARTITIONS apart. */
export interface Row {
  readonly key: string;
  readonly text: string;
  readonly send: Send;
}

/** Every writer and every reader has its number; a client that starts anew is another one. */
export class Ledger {
  readonly history: Operation[] = [];
  readonly #written: number[] = Array.from({ length: PARTITIONS }, () => 0);
  readonly #random: () => number;
  #processes = 0;
  #ticks = 0;

  constructor(seed: number) {
    this.#random = seededRandom(seed);
  }

  process(): number {
    return this.#processes++;
  }

  written(partition: number): number {
    return this.#written[partition]!;
  }

  /** The next record of a partition: first every key once, then half of the records to a few keys. */
  row(process: number, partition: number): Row {
    const number = this.#written[partition]!++;
    const among = this.#random() < 0.5 ? HOT_KEYS : KEYS_PER_PARTITION;
    const index = number < KEYS_PER_PARTITION ? number : Math.floor(this.#random() * among);
    const key = `k${index * PARTITIONS + partition}`;
    const id = number * PARTITIONS + partition;
    const text = JSON.stringify({ id, key, amount: (id * 7919) % 1000, at: FIRST_TIME + number });
    const send: Send = {
      kind: "send",
      process,
      partition,
      value: id,
      payload: hashOf(text),
      transaction: NONE,
      outcome: "unknown",
      offset: -1,
      answeredAt: Number.MAX_SAFE_INTEGER,
    };
    this.history.push(send);
    return { key, text, send };
  }

  /** −1: the client was not told the offset. */
  acknowledged(send: Send, offset: number): void {
    send.outcome = "ok";
    send.offset = offset;
    send.answeredAt = this.#ticks++;
  }

  poll(process: number, partition: number, rows: readonly { readonly offset: number; readonly text: string }[], final: boolean): void {
    this.history.push({
      kind: "poll",
      process,
      partition,
      isolation: "read_committed",
      transaction: NONE,
      final,
      offsets: rows.map(({ offset }) => offset),
      values: rows.map(({ text }) => (JSON.parse(text) as { id: number }).id),
      payloads: rows.map(({ text }) => hashOf(text)),
    });
  }
}

function hashOf(text: string): number {
  let hash = 0x811c9dc5 | 0;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash;
}
