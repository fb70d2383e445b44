// A reader that waits for half an hour has every record as soon as it is there, whatever comes between: appends while its request is on its
// way, partitions that it gives up and takes again, transactions that end. In virtual time, so that a wake-up that is lost is seen at once.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { newFetchPartition, newFetchRequest, newFetchTopic, newForgottenTopic } from "../protocol/generated/fetch.gen.ts";
import { readBatchHeader } from "../protocol/records/batch-header.ts";
import { BatchWriter } from "../protocol/records/batch-writer.ts";
import { inWireWorld, type WireWorld } from "./e2e/wire-world.ts";

const seed = process.env["MILLRACE_SEED"];
const PARTITIONS = 3;
const WAIT_MS = 1_800_000;
/** Of virtual time: the network's latency there and back, and the disk's. */
const SOON_MS = 100;

const append = fc.record({ afterMs: fc.constantFrom(0, 0, 0, 1, 3, 20), partition: fc.nat(PARTITIONS - 1), records: fc.integer({ min: 1, max: 3 }) }); // prettier-ignore
/** What the reader does with each answer: nothing, or it gives a partition up, and takes it back with the next request. */
const givesUp = fc.constantFrom(-1, -1, -1, 0, 1, 2);

interface Schedule {
  readonly appends: readonly { readonly afterMs: number; readonly partition: number; readonly records: number }[];
  readonly gaps: readonly number[];
  readonly inSession: boolean;
  readonly thinksMs: number;
}

const schedule: fc.Arbitrary<Schedule> = fc.record({
  appends: fc.array(append, { minLength: 1, maxLength: 30 }),
  gaps: fc.array(givesUp, { maxLength: 9 }).map((gaps) => [...gaps, -1]),
  inSession: fc.boolean(),
  thinksMs: fc.constantFrom(0, 0, 1, 7),
});

function batch(records: number): Uint8Array {
  const writer = new BatchWriter();
  for (let i = 0; i < records; i++) writer.append(1000, null, new Uint8Array(10));
  return writer.finish().slice();
}

/** The offsets behind all records, and when they were there. */
async function write({ env, broker }: WireWorld, { appends }: Schedule, ends: number[]): Promise<void> {
  const { partitions } = broker.logs.topic("t")!;
  for (const { afterMs, partition, records } of appends) {
    if (afterMs > 0) await env.timers.sleep(afterMs);
    const { lastOffset } = await partitions[partition]!.append(batch(records), { leaderEpoch: 0, origin: "client", now: env.clock.now() });
    ends[partition] = lastOffset + 1;
  }
}

class Reader {
  readonly positions = Array.from({ length: PARTITIONS }, () => 0);
  readonly #world: WireWorld;
  readonly #schedule: Schedule;
  #sessionId = 0;
  #epoch = 0;
  #answers = 0;

  constructor(world: WireWorld, schedule: Schedule) {
    this.#world = world;
    this.#schedule = schedule;
  }

  /** One request: of the partitions that moved, or of all. */
  async poll(): Promise<void> {
    const { inSession, gaps, thinksMs } = this.#schedule;
    const gap = gaps[this.#answers++ % gaps.length]!;
    const asked = Array.from({ length: PARTITIONS }, (_, i) => i).filter((i) => i !== gap);
    const partitions = asked.map((partition) => newFetchPartition({ partition, fetchOffset: this.positions[partition]!, partitionMaxBytes: 1000 })); // prettier-ignore
    const forgotten = inSession && this.#epoch > 0 && gap >= 0 ? [newForgottenTopic({ topic: "t", partitions: [gap] })] : [];
    // Who gave a partition up does not wait long for the others.
    const request = newFetchRequest({ maxWaitMs: gap >= 0 ? 1 : WAIT_MS, minBytes: 1, maxBytes: 10_000, topics: [newFetchTopic({ topic: "t", partitions })], sessionId: this.#sessionId, sessionEpoch: inSession ? this.#epoch : -1, forgottenTopicsData: forgotten }); // prettier-ignore
    const { errorCode, sessionId, responses } = await this.#world.wire.call("Fetch", 12, request);
    assert.equal(errorCode, 0);
    this.#epoch = inSession ? this.#epoch + 1 : 0;
    this.#sessionId = sessionId;
    for (const { partitions: answered } of responses) {
      for (const { partitionIndex, errorCode: error, records } of answered) {
        assert.equal(error, 0);
        for (let at = 0; records !== null && at < records.length; at += readBatchHeader(records, at).sizeBytes) {
          const { baseOffset, lastOffsetDelta } = readBatchHeader(records, at);
          assert.equal(baseOffset, this.positions[partitionIndex], "every record once, in order");
          this.positions[partitionIndex] = baseOffset + lastOffsetDelta + 1;
        }
      }
    }
    if (thinksMs > 0) await this.#world.env.timers.sleep(thinksMs);
  }
}

test("a fetch that waits ends as soon as there is something, in a session or not", async () => {
  const law = fc.asyncProperty(schedule, (plan) =>
    inWireWorld(
      async (world) => {
        const ends = Array.from({ length: PARTITIONS }, () => 0);
        const counts = Array.from({ length: PARTITIONS }, (_, i) =>
          plan.appends.reduce((sum, { partition, records }) => sum + (partition === i ? records : 0), 0),
        );
        const reader = new Reader(world, plan);
        let writtenAt = Number.POSITIVE_INFINITY;
        const writing = write(world, plan, ends).then(() => (writtenAt = world.env.clock.monotonicMs()));
        while (reader.positions.some((position, i) => position < counts[i]!)) await reader.poll();
        await writing;
        // Behind the last record there are at most as many answers as the reader gives partitions up in a row.
        const late = world.env.clock.monotonicMs() - writtenAt;
        assert.ok(late < SOON_MS * (plan.gaps.length + 1), `the last record was read ${late} ms after it was there`);
        assert.deepEqual(reader.positions, ends);
      },
      { topics: { t: PARTITIONS } },
    ),
  );
  await fc.assert(law, { numRuns: 60, ...(seed === undefined ? {} : { seed: Number(seed) }) });
});
