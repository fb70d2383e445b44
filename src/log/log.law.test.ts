// The log against a naive one: an array of batches. Any sequence of appends, repetitions, markers, deletions, reads, recovery points,
// clean reopenings and power cuts gives the same offsets, the same bytes visible to both isolation levels, the same answers by time.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { KafkaError } from "../protocol/errors.ts";
import { createSimulation, type Simulation } from "../testing/simulation/simulation.ts";
import { LogDirectory } from "./log-directory.ts";
import type { PartitionLog } from "./partition-log.ts";
import { committedModel, committedTags, dataBatch, type ReadBatch, readOn } from "./test-batches.ts";

type Command =
  | {
      readonly do: "append";
      readonly producer: number;
      readonly count: number;
      readonly valueBytes: number;
      readonly timestamp: number;
      readonly transactional: boolean;
    }
  | { readonly do: "repeat"; readonly producer: number; readonly back: number }
  | { readonly do: "skip"; readonly producer: number }
  | { readonly do: "marker"; readonly producer: number; readonly commit: boolean; readonly bump: boolean }
  | { readonly do: "delete"; readonly share: number }
  | { readonly do: "read"; readonly share: number; readonly maxBytes: number }
  | { readonly do: "time"; readonly timestamp: number }
  | { readonly do: "checkpoint" | "reopen" | "power-cut" };

const producer = fc.integer({ min: 0, max: 3 });
const share = fc.double({ min: 0, max: 1, noNaN: true });
const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant("append" as const),
      producer,
      count: fc.integer({ min: 1, max: 4 }),
      valueBytes: fc.integer({ min: 8, max: 200 }),
      timestamp: fc.integer({ min: 0, max: 1_000 }),
      transactional: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("repeat" as const), producer, back: fc.integer({ min: 0, max: 4 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("skip" as const), producer }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("marker" as const), producer, commit: fc.boolean(), bump: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("delete" as const), share }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("read" as const), share, maxBytes: fc.integer({ min: 0, max: 1_500 }) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("time" as const), timestamp: fc.integer({ min: 0, max: 1_100 }) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom("checkpoint" as const, "reopen" as const, "power-cut" as const) }) },
);

interface Sent {
  readonly batch: Parameters<typeof dataBatch>[0];
  readonly baseOffset: number;
}

const PATH = "/data/log";
const FUTURE = 10_000_000_000_000;
// The index interval below makes an index entry for nearly every batch; segments hold a handful.
const options = {
  durability: "disk",
  segmentBytes: 1_024,
  checkpointIntervalMs: 0,
  retentionIntervalMs: 0,
  hotTailBytes: 1_500,
  indexCacheBytes: 2_000,
  topicDefaults: { "index.interval.bytes": "100" },
} as const;

/** The naive log, and the real one beside it. */
class Pair {
  readonly #simulation: Simulation;
  #directory!: LogDirectory;
  #log!: PartitionLog;
  readonly #batches: ReadBatch[] = [];
  readonly #times: number[] = [];
  readonly #sent = new Map<number, Sent[]>();
  readonly #epochs = [0, 0, 0, 0];
  readonly #open = new Set<number>();
  #start = 0;
  #tags = 0;

  constructor(simulation: Simulation) {
    this.#simulation = simulation;
  }

  get #end(): number {
    return (this.#batches.at(-1)?.lastOffset ?? -1) + 1;
  }

  async open(): Promise<void> {
    this.#directory = await LogDirectory.open(this.#simulation.env(), PATH, options);
    const topic = this.#directory.topic("t") ?? (await this.#directory.createTopic("t", { partitions: 1 }));
    this.#log = topic.partitions[0]!;
  }

  async run(command: Command): Promise<void> {
    switch (command.do) {
      case "append":
        return this.#append(command);
      case "repeat":
        return this.#repeat(command.producer, command.back);
      case "skip":
        return this.#skip(command.producer);
      case "marker":
        return this.#marker(command.producer, command.commit, command.bump);
      case "delete":
        this.#start = Math.max(this.#start, Math.floor(this.#end * command.share));
        return this.#log.deleteRecordsBefore(this.#start);
      case "read":
        return this.#read(this.#start + Math.floor((this.#end - this.#start) * command.share), command.maxBytes);
      case "time":
        return this.#time(command.timestamp);
      case "checkpoint":
        return this.#log.checkpoint();
      case "reopen":
        await this.#directory.close();
        return this.open();
      case "power-cut":
        this.#simulation.crash();
        this.#simulation.restart();
        return this.open();
    }
  }

  #send(batch: Parameters<typeof dataBatch>[0]): Promise<{ baseOffset: number }> {
    return this.#log.append(dataBatch(batch), { leaderEpoch: 3, origin: "client", now: FUTURE });
  }

  async #append(command: Extract<Command, { do: "append" }>): Promise<void> {
    const id = command.producer;
    // Producer 0 is a plain one.
    const transactional = id > 0 && (command.transactional || this.#open.has(id));
    const sent = this.#sent.get(id) ?? [];
    const baseSequence = sent.reduce((sum, { batch }) => sum + batch.count, 0);
    const identity = id === 0 ? {} : { producerId: id, producerEpoch: this.#epochs[id]!, baseSequence, transactional };
    const { count, valueBytes, timestamp } = command;
    const batch = { count, valueBytes, timestamp, tag: `b${this.#tags++}`, ...identity };
    const baseOffset = this.#end;
    assert.equal((await this.#send(batch)).baseOffset, baseOffset);
    if (id > 0) this.#sent.set(id, [...sent, { batch, baseOffset }]);
    if (transactional) this.#open.add(id);
    this.#add(
      { baseOffset, lastOffset: baseOffset + count - 1, producerId: id === 0 ? -1 : id, transactional, marker: undefined, tag: batch.tag },
      timestamp + count - 1,
    );
  }

  #add(batch: ReadBatch, maxTimestamp: number): void {
    this.#batches.push(batch);
    this.#times.push(maxTimestamp);
  }

  async #repeat(id: number, back: number): Promise<void> {
    const sent = (this.#sent.get(id) ?? []).at(-1 - back);
    if (sent === undefined) return;
    // Outside of a transaction, a transactional batch sent again is still recognised; inside of one a plain one is refused.
    if (this.#open.has(id) && !sent.batch.transactional) return assertCode(this.#send(sent.batch), "INVALID_TXN_STATE");
    assert.equal((await this.#send(sent.batch)).baseOffset, sent.baseOffset);
  }

  async #skip(id: number): Promise<void> {
    const sent = this.#sent.get(id);
    if (id === 0 || sent === undefined || sent.length === 0) return;
    const baseSequence = sent.reduce((sum, { batch }) => sum + batch.count, 0) + 1;
    const batch = { count: 1, producerId: id, producerEpoch: this.#epochs[id]!, baseSequence, transactional: this.#open.has(id) };
    await assertCode(this.#send(batch), "OUT_OF_ORDER_SEQUENCE_NUMBER");
  }

  async #marker(id: number, commit: boolean, bump: boolean): Promise<void> {
    if (id === 0 || !this.#open.has(id)) return;
    if (bump) {
      this.#epochs[id]!++;
      this.#sent.set(id, []);
    }
    const offset = this.#end;
    const marker = { producerId: id, producerEpoch: this.#epochs[id]!, commit, coordinatorEpoch: 1, now: FUTURE };
    assert.equal((await this.#log.appendMarker(marker)).offset, offset);
    this.#open.delete(id);
    this.#add(
      { baseOffset: offset, lastOffset: offset, producerId: id, transactional: true, marker: commit ? "commit" : "abort", tag: "" },
      FUTURE,
    );
    if (bump) {
      const old = { count: 1, producerId: id, producerEpoch: this.#epochs[id]! - 1, baseSequence: 0 };
      await assertCode(this.#send(old), "INVALID_PRODUCER_EPOCH");
    }
  }

  async #read(from: number, maxBytes: number): Promise<void> {
    assert.equal(this.#log.logEndOffset, this.#end);
    assert.equal(this.#log.highWatermark, this.#end);
    assert.equal(this.#log.logStartOffset, this.#start);
    const expected = this.#batches.filter((batch) => batch.lastOffset >= from);
    assert.deepEqual(await readOn(this.#log, from, "read_uncommitted", maxBytes), expected);
    const model = committedModel(this.#batches, from);
    assert.equal(this.#log.lastStableOffset, Math.max(this.#start, model.lastStableOffset));
    if (this.#start === 0) assert.deepEqual(await committedTags(this.#log, from, maxBytes), model.tags);
    await assertCode(this.#log.read(this.#end + 1, { maxBytes, minOneBatch: true, isolation: "read_uncommitted" }), "OFFSET_OUT_OF_RANGE");
  }

  async #time(timestamp: number): Promise<void> {
    const found = await this.#log.offsetForTimestamp(timestamp);
    let expected: { offset: number; timestamp: number } | undefined;
    for (const [i, batch] of this.#batches.entries()) {
      // Timestamps within a batch rise by one from its first.
      const base = this.#times[i]! - (batch.lastOffset - batch.baseOffset);
      for (let offset = batch.baseOffset; offset <= batch.lastOffset && expected === undefined; offset++) {
        const time = base + offset - batch.baseOffset;
        if (offset >= this.#start && time >= timestamp) expected = { offset, timestamp: time };
      }
    }
    assert.deepEqual(found, expected);
  }

  async finish(): Promise<void> {
    await this.#read(this.#start, 400);
    await this.#directory.close();
  }
}

async function assertCode(promise: Promise<unknown>, code: string): Promise<void> {
  await assert.rejects(promise, (error: unknown) => error instanceof KafkaError && error.code === code);
}

test("the log behaves as an array of batches, whatever happens to it", async () => {
  const law = fc.asyncProperty(
    fc.integer({ min: 0, max: 0x7fffffff }),
    fc.array(command, { maxLength: 60, size: "max" }),
    async (seed, commands) => {
      const simulation = createSimulation(seed);
      simulation.files.provideDirectory("/data");
      await simulation.run(async () => {
        const pair = new Pair(simulation);
        await pair.open();
        for (const step of commands) await pair.run(step);
        await pair.finish();
      });
    },
  );
  const seed = process.env["MILLRACE_SEED"];
  const numRuns = Number(process.env["MILLRACE_LAW_RUNS"] ?? 60);
  await fc.assert(law, { numRuns, ...(seed === undefined ? {} : { seed: Number(seed) }) });
});
