// Makes histories of a log that did everything right, from a seed: the checker must find nothing in them, and each planted fault.
import { NONE, type End, type Isolation, type Operation, type Poll, type Send } from "./history.ts";

const PARTITIONS = 8;
const WRITERS = 8;
const READERS = 4;
const MAX_POLL = 8;

export interface MadeHistory {
  readonly operations: Operation[];
  readonly random: () => number;
}

/** Mulberry32: the checkers bring their own generator. */
export function seededRandom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

interface Stored {
  readonly offset: number;
  readonly send: Send;
  /** Aborted records stay in the log and are seen by read_uncommitted only. */
  readonly committed: boolean;
}

/** About `count` operations: single sends, transactions, polls of both kinds, watermarks, offsets of groups; then everything is read. */
export function correctHistory(count: number, seed: number): MadeHistory {
  const random = seededRandom(seed);
  const log = new LogModel(random);
  while (log.operations.length < count) {
    const draw = random();
    if (draw < 0.35) log.send();
    else if (draw < 0.5) log.transact();
    else if (draw < 0.95) log.poll();
    else if (draw < 0.98) log.observe(false);
    else log.commitOffset();
  }
  for (let partition = 0; partition < PARTITIONS; partition++) log.readAll(partition);
  log.observe(true);
  return { operations: log.operations, random };
}

class LogModel {
  readonly operations: Operation[] = [];
  readonly #random: () => number;
  readonly #logs: Stored[][] = Array.from({ length: PARTITIONS }, () => []);
  readonly #ends: number[] = Array.from({ length: PARTITIONS }, () => 0);
  readonly #positions = new Map<number, number>();
  #values = 0;
  #transactions = 0;

  constructor(random: () => number) {
    this.#random = random;
  }

  send(): void {
    const partition = this.#below(PARTITIONS);
    const draw = this.#random();
    const send = this.#newSend(this.#below(WRITERS), partition, NONE);
    send.outcome = draw < 0.02 ? "failed" : draw < 0.04 ? "unknown" : "ok";
    this.operations.push(send);
    if (send.outcome !== "failed" && (send.outcome === "ok" || this.#random() < 0.5)) this.#store(send, true);
    send.answeredAt = this.operations.length;
  }

  transact(): void {
    const process = WRITERS + this.#below(WRITERS);
    const transaction = this.#transactions++;
    const commits = this.#random() < 0.8;
    const sends = Array.from({ length: 1 + this.#below(4) }, () => this.#newSend(process, this.#below(PARTITIONS), transaction));
    for (const send of sends) {
      this.operations.push(send);
      this.#store(send, commits);
      send.answeredAt = this.operations.length;
    }
    const outcome: End["outcome"] = commits ? (this.#random() < 0.05 ? "unknown" : "committed") : "aborted";
    this.operations.push({ kind: "end", process, transaction, outcome });
    for (const partition of new Set(sends.map((send) => send.partition))) this.#ends[partition]!++;
  }

  poll(): void {
    const reader = this.#below(READERS);
    const partition = this.#below(PARTITIONS);
    const isolation: Isolation = reader % 2 === 0 ? "read_committed" : "read_uncommitted";
    const key = reader * PARTITIONS + partition;
    const begin = this.#positions.get(key) ?? 0;
    const stored = this.#logs[partition]!;
    const process = 100 + reader;
    if (begin === 0) this.operations.push({ kind: "assign", process, partition, from: 0 });
    const rows: Stored[] = [];
    let at = begin;
    for (; at < stored.length && rows.length < MAX_POLL; at++)
      if (isolation === "read_uncommitted" || stored[at]!.committed) rows.push(stored[at]!);
    this.#positions.set(key, at);
    this.operations.push(pollOf(process, partition, isolation, rows, false));
  }

  observe(final: boolean): void {
    for (let partition = 0; partition < PARTITIONS; partition++) {
      const high = this.#ends[partition]!;
      this.operations.push({ kind: "watermarks", partition, logStart: 0, lastStable: high, high, askedAt: this.operations.length, final });
    }
  }

  commitOffset(): void {
    const partition = this.#below(PARTITIONS);
    const process = 100;
    const stored = this.#logs[partition]![(this.#positions.get(partition) ?? 0) - 1];
    if (stored === undefined) return;
    const offset = stored.offset + 1;
    const unknown = this.#random() < 0.1;
    this.operations.push({
      kind: "offset-commit",
      process,
      group: "g",
      partition,
      offset,
      transaction: NONE,
      outcome: unknown ? "unknown" : "ok",
    });
    this.operations.push({ kind: "offset-fetch", group: "g", partition, offset });
  }

  readAll(partition: number): void {
    for (const isolation of ["read_committed", "read_uncommitted"] as const) {
      const process = isolation === "read_committed" ? 200 : 201;
      const rows = this.#logs[partition]!.filter((stored) => isolation === "read_uncommitted" || stored.committed);
      this.operations.push({ kind: "assign", process, partition, from: 0 }, pollOf(process, partition, isolation, rows, true));
    }
  }

  #newSend(process: number, partition: number, transaction: number): Send {
    const value = this.#values++;
    const payload = (value * 7) % 1_000_003;
    return { kind: "send", process, partition, value, payload, transaction, outcome: "ok", offset: -1, answeredAt: 0 };
  }

  #store(send: Send, committed: boolean): void {
    const offset = this.#ends[send.partition]!++;
    if (send.outcome === "ok") send.offset = offset;
    this.#logs[send.partition]!.push({ offset, send, committed });
  }

  #below(bound: number): number {
    return Math.floor(this.#random() * bound);
  }
}

function pollOf(process: number, partition: number, isolation: Isolation, rows: readonly Stored[], final: boolean): Poll {
  return {
    kind: "poll",
    process,
    partition,
    isolation,
    transaction: NONE,
    final,
    offsets: rows.map(({ offset }) => offset),
    values: rows.map(({ send }) => send.value),
    payloads: rows.map(({ send }) => send.payload),
  };
}
