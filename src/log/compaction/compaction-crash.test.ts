// A power cut at every operation of a compaction: the newest acknowledged record of every key is there, offsets have not moved, a repeated
// batch is recognised, and no half-done compaction is left. And a law: whatever is sent, compacted, expired, reopened or cut off, a reader
// ends up with the table that a naive model has.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Env } from "../../env/env.ts";
import { crashAtEveryOperation } from "../../testing/simulation/crash-at-every-operation.ts";
import { createSimulation } from "../../testing/simulation/simulation.ts";
import { LogDirectory } from "../log-directory.ts";
import type { PartitionLog } from "../partition-log.ts";
import { keyedBatch, type KeyedRecord, readStored, storedBatches, type StoredRecord, tableOf } from "./test-records.ts";

const FUTURE = 10_000_000_000_000;
const PATH = "/data/log";
const options = { durability: "disk", checkpointIntervalMs: 0, retentionIntervalMs: 0, compactionIntervalMs: 0 } as const;
const config = { "cleanup.policy": "compact", "min.cleanable.dirty.ratio": "0", "segment.bytes": "1024", "index.interval.bytes": "100", "delete.retention.ms": "1000" }; // prettier-ignore
const seed = Number(process.env["MILLRACE_SEED"] ?? 20_261_123);
const outcomes = Number(process.env["MILLRACE_CRASH_OUTCOMES"] ?? 1);

interface Sent {
  readonly offset: number;
  readonly key: string;
  readonly value: string | null;
}

async function send(log: PartitionLog, records: readonly KeyedRecord[], ack: (sent: Sent) => void, sequence?: number): Promise<void> {
  const finish = sequence === undefined ? {} : { producerId: 7, producerEpoch: 0, baseSequence: sequence };
  const { baseOffset } = await log.append(keyedBatch(records, finish), { leaderEpoch: 0, origin: "client", now: FUTURE });
  for (const [i, { key, value }] of records.entries()) ack({ offset: baseOffset + i, key: key!, value });
}

async function verify(env: Env, sent: readonly Sent[]): Promise<void> {
  const directory = await LogDirectory.open(env, PATH, options);
  const log = directory.topic("t")?.partitions[0];
  if (log === undefined) return directory.close();
  const stored = (await readStored(env, log, 0, 400)).flatMap((batch) => batch.records);
  const acked = new Map(sent.map((record) => [record.offset, record]));
  for (const { offset, key, value } of stored) {
    const record = acked.get(offset);
    if (record !== undefined) assert.deepEqual({ key, value }, { key: record.key, value: record.value }, `offset ${offset}`);
  }
  const newest = new Map<string, number>();
  for (const { offset, key } of sent) newest.set(key, Math.max(newest.get(key) ?? -1, offset));
  for (const [key, offset] of newest) {
    const later = stored.filter((record) => record.key === key && record.offset >= offset);
    assert.ok(later.length > 0 || acked.get(offset)!.value === null, `key ${key} of offset ${offset} is there`);
  }
  assert.ok(log.logEndOffset > Math.max(-1, ...acked.keys()));
  const names = await env.files.list(`${PATH}/t-0`);
  assert.deepEqual(
    names.filter((name) => /cleaned|swap/.test(name)),
    [],
  );
  const repeated = sent.findLast(({ value }) => value?.startsWith("p") === true);
  if (repeated !== undefined) {
    const sequence = Number(repeated.value!.slice(1));
    const producer = [...log.activeProducers()].find(({ producerId }) => producerId === 7)!;
    assert.ok(producer.batches.at(-1)!.lastSequence >= sequence, "the last sequence is known");
  }
  await directory.compact(FUTURE);
  await directory.close();
}

test("a crash at any operation of a compaction loses nothing and leaves nothing half done", async () => {
  const workload = async (env: Env, ack: (sent: Sent) => void): Promise<void> => {
    const directory = await LogDirectory.open(env, PATH, options);
    const topic = await directory.createTopic("t", { partitions: 1, config });
    const log = topic.partitions[0]!;
    await send(log, [{ key: "p", value: "p0" }], ack, 0);
    for (let i = 0; i < 4; i++) {
      await send(
        log,
        [
          { key: "a", value: `${i}`.padEnd(500, ".") },
          { key: `k${i}`, value: i === 2 ? null : "x" },
        ],
        ack,
      );
      await send(log, [{ key: "p", value: `p${i + 1}` }], ack, i + 1);
      // A recovery point inside of a segment that is compacted.
      if (i === 1) await log.checkpoint();
    }
    await directory.compact(FUTURE);
    for (let i = 4; i < 7; i++) await send(log, [{ key: "a", value: `${i}`.padEnd(700, ".") }], ack);
    await directory.compact(FUTURE + 2_000);
    await directory.close();
  };
  const report = await crashAtEveryOperation({ seed, workload, verify, outcomes });
  assert.ok(report.crashes > 100, JSON.stringify(report));
});

// The law ----------------------------------------------------------------------------------------------------------------------------------

type Command =
  | { readonly do: "send"; readonly keys: readonly number[]; readonly tombstone: boolean; readonly valueBytes: number }
  | { readonly do: "transaction"; readonly producer: number; readonly keys: readonly number[]; readonly commit: boolean | undefined }
  | { readonly do: "compact"; readonly laterMs: number }
  | { readonly do: "reopen" | "power-cut" | "checkpoint" };

const keys = fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 1, maxLength: 4 });
const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant("send" as const), keys, tombstone: fc.boolean(), valueBytes: fc.integer({ min: 0, max: 200 }) }) }, // prettier-ignore
  { weight: 3, arbitrary: fc.record({ do: fc.constant("transaction" as const), producer: fc.integer({ min: 1, max: 3 }), keys, commit: fc.constantFrom(true, false, undefined) }) }, // prettier-ignore
  { weight: 3, arbitrary: fc.record({ do: fc.constant("compact" as const), laterMs: fc.constantFrom(0, 1, 1_500) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom("reopen" as const, "power-cut" as const, "checkpoint" as const) }) },
);

class Pair {
  readonly #fresh: () => Env;
  readonly #cut: () => void;
  #env!: Env;
  #directory!: LogDirectory;
  #log!: PartitionLog;
  #now = FUTURE;
  #value = 0;
  #end = 0;
  readonly #sent: StoredRecord[] = [];
  readonly #sequences = new Map<number, number>();
  readonly #open = new Map<number, StoredRecord[]>();
  readonly #aborted = new Set<number>();

  constructor(fresh: () => Env, cut: () => void) {
    this.#fresh = fresh;
    this.#cut = cut;
  }

  async open(): Promise<void> {
    this.#env = this.#fresh();
    this.#directory = await LogDirectory.open(this.#env, PATH, options);
    const topic = this.#directory.topic("t") ?? (await this.#directory.createTopic("t", { partitions: 1, config }));
    this.#log = topic.partitions[0]!;
  }

  async run(step: Command): Promise<void> {
    if (step.do === "send") await this.#send(step.keys, step.tombstone, step.valueBytes, undefined);
    else if (step.do === "transaction") await this.#transaction(step.producer, step.keys, step.commit);
    else if (step.do === "compact") await this.#directory.compact((this.#now += step.laterMs));
    else if (step.do === "checkpoint") await this.#log.checkpoint();
    else {
      if (step.do === "reopen") await this.#directory.close();
      else this.#cut();
      await this.open();
    }
    await this.check();
  }

  async #send(numbers: readonly number[], tombstone: boolean, valueBytes: number, producer: number | undefined): Promise<StoredRecord[]> {
    const records = numbers.map((key) => ({ key: `k${key}`, value: tombstone ? null : `${this.#value++}`.padEnd(valueBytes, ".") }));
    const baseSequence = this.#sequences.get(producer ?? -1) ?? 0;
    const finish = producer === undefined ? {} : { producerId: producer, producerEpoch: 0, baseSequence, transactional: true };
    const { baseOffset } = await this.#log.append(keyedBatch(records, finish), { leaderEpoch: 0, origin: "client", now: FUTURE });
    if (producer !== undefined) this.#sequences.set(producer, baseSequence + records.length);
    assert.equal(baseOffset, this.#end);
    this.#end += records.length;
    const sent = records.map(({ key, value }, i) => ({ offset: baseOffset + i, timestamp: 1_000, key, value }));
    this.#sent.push(...sent);
    return sent;
  }

  async #transaction(producer: number, numbers: readonly number[], commit: boolean | undefined): Promise<void> {
    const sent = await this.#send(numbers, false, 60, producer);
    this.#open.set(producer, [...(this.#open.get(producer) ?? []), ...sent]);
    if (commit === undefined) return;
    const marker = { producerId: producer, producerEpoch: 0, commit, coordinatorEpoch: 0, now: FUTURE };
    assert.equal((await this.#log.appendMarker(marker)).offset, this.#end++);
    if (!commit) for (const { offset } of this.#open.get(producer)!) this.#aborted.add(offset);
    this.#open.delete(producer);
  }

  async check(): Promise<void> {
    assert.equal(this.#log.logEndOffset, this.#end);
    assert.equal(this.#log.logStartOffset, 0);
    const batches = await readStored(this.#env, this.#log, 0, 500);
    const originals = new Map(this.#sent.map((record) => [record.offset, record]));
    for (const record of batches.flatMap((batch) => batch.records)) assert.deepEqual(record, originals.get(record.offset));
    const expected = tableOf(this.#sent.filter(({ offset }) => !this.#aborted.has(offset)));
    const kept = batches.flatMap((batch) => batch.records).filter(({ offset }) => !this.#aborted.has(offset));
    assert.deepEqual([...tableOf(kept)].sort(), [...expected].sort());
    const stable = this.#sent.filter(({ offset }) => !this.#aborted.has(offset) && offset < this.#log.lastStableOffset);
    assert.deepEqual([...tableOf(await this.#readCommitted())].sort(), [...tableOf(stable)].sort());
  }

  /** As a read_committed client does it: by the aborted lists of the answers. */
  async #readCommitted(): Promise<StoredRecord[]> {
    const records: StoredRecord[] = [];
    for (let offset = 0; ;) {
      const answer = await this.#log.read(offset, { maxBytes: 500, minOneBatch: true, isolation: "read_committed" });
      if (answer.bytes.length === 0) return records;
      const pending = answer.abortedTransactions.toSorted((a, b) => a.firstOffset - b.firstOffset);
      const aborting = new Set<number>();
      const batches = await storedBatches(this.#env, answer.bytes);
      for (const batch of batches) {
        while (pending.length > 0 && pending[0]!.firstOffset <= batch.lastOffset) aborting.add(pending.shift()!.producerId);
        if (batch.marker !== undefined) aborting.delete(batch.producerId);
        else if (!(batch.transactional && aborting.has(batch.producerId))) records.push(...batch.records);
        offset = batch.lastOffset + 1;
      }
    }
  }

  async close(): Promise<void> {
    await this.#directory.close();
  }
}

test("a compacted log ends up as the table of a naive model", async () => {
  const law = fc.asyncProperty(
    fc.integer({ min: 0, max: 0x7fffffff }),
    fc.array(command, { maxLength: 40, size: "max" }),
    async (world, commands) => {
      const simulation = createSimulation(world);
      simulation.files.provideDirectory("/data");
      await simulation.run(async () => {
        const cut = (): void => {
          simulation.crash();
          simulation.restart();
        };
        const pair = new Pair(() => simulation.env(), cut);
        await pair.open();
        for (const step of commands) await pair.run(step);
        await pair.close();
      });
    },
  );
  const numRuns = Number(process.env["MILLRACE_LAW_RUNS"] ?? 40);
  await fc.assert(law, { numRuns, ...(process.env["MILLRACE_SEED"] === undefined ? {} : { seed }) });
});
