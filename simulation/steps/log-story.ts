// The log lives through its script on a machine whose disk does what a verdict says, comes up again, repeats what was not acknowledged, and
// is judged: every record once, in order per producer, at the offset that was told; read_committed shows committed transactions only.
import assert from "node:assert/strict";
import type { Env } from "../../src/env/env.ts";
import { LogDirectory } from "../../src/log/log-directory.ts";
import type { PartitionLog } from "../../src/log/partition-log.ts";
import { committedTags, dataBatch, type ReadBatch, readOn } from "../../src/log/test-batches.ts";
import type { Fault, Story, StoryOperation, StoryVerdict } from "../../src/testing/simulation/fault-at-every-operation.ts";
import { CHANGING_OPERATIONS } from "../../src/testing/simulation/sim-files.ts";
import type { Simulation } from "../../src/testing/simulation/simulation.ts";
import { type Append, logScript, operationsOf, PARTITIONS, RETAINED_ROUNDS, type Round, ROUND_MS } from "./log-script.ts";

const HOST = "machine";
const PATH = "/data/log";
const MAX_LIVES = 6;
const MAX_TRIES = 5;
const NOTING_MS = 50;
/** After a fault the script goes on for so many rounds. */
const ROUNDS_AFTER = 2;
const options = {
  durability: "disk",
  segmentBytes: 12_000,
  checkpointIntervalMs: 0,
  retentionIntervalMs: 0,
  compactionIntervalMs: 0,
  presenceIntervalMs: 0,
  hotTailBytes: 4_000,
  indexCacheBytes: 2_000,
  topicDefaults: { "index.interval.bytes": "500", "retention.ms": String(RETAINED_ROUNDS * ROUND_MS) },
} as const;

/** The process has to end: its log has stopped, or its machine is off. */
class LifeOver extends Error {}

class LogLife {
  readonly #simulation: Simulation;
  readonly #fault: Fault;
  readonly #script: readonly Round[];
  /** Offsets that were told, by tag. */
  readonly #told = new Map<string, number>();
  readonly #startAtLeast = Array.from({ length: PARTITIONS }, () => 0);
  readonly #startAtMost = Array.from({ length: PARTITIONS }, () => 0);
  readonly #doneMarkers = new Set<string>();
  #round = 0;
  #directory!: LogDirectory;
  #failure: Error | undefined;

  constructor(simulation: Simulation, fault: Fault, script: readonly Round[]) {
    this.#simulation = simulation;
    this.#fault = fault;
    this.#script = script;
  }

  /** One process: from opening to the script's end, or to its own. */
  async live(env: Env): Promise<void> {
    await this.#open(env);
    await this.#verify();
    for (let after = 0; this.#round < this.#script.length && after < ROUNDS_AFTER; this.#round++) {
      await this.#play(this.#script[this.#round]!, env);
      if (this.#fault.struck) after++;
    }
    await this.#verify();
    await this.#directory.close();
  }

  async #open(env: Env): Promise<void> {
    this.#failure = undefined;
    this.#directory = await LogDirectory.open(env, PATH, options);
    this.#directory.onFatal((error) => (this.#failure = error));
    if (this.#directory.topic("t") === undefined) await this.#directory.createTopic("t", { partitions: PARTITIONS });
  }

  #log(partition: number): PartitionLog {
    return this.#directory.topic("t")!.partitions[partition]!;
  }

  async #play(round: Round, env: Env): Promise<void> {
    // All at once, as the requests of several clients; a retry keeps the order.
    let left = round.appends.filter(({ tag }) => !this.#told.has(tag));
    await this.#repeatedly(env, async () => {
      const results = await Promise.allSettled(left.map((append) => this.#append(append)));
      left = round.appends.filter(({ tag }) => !this.#told.has(tag));
      const failed = results.find((result) => result.status === "rejected");
      if (failed !== undefined) throw failed.reason;
    });
    for (const [index, { partition, producer, commit }] of round.markers.entries()) {
      const name = `${this.#round}.${index}`;
      if (this.#doneMarkers.has(name)) continue;
      const marker = { producerId: producer + 1, producerEpoch: 0, commit, coordinatorEpoch: 0, now: timeOf(this.#round) };
      await this.#repeatedly(env, () => this.#log(partition).appendMarker(marker));
      this.#doneMarkers.add(name);
    }
    await this.#repeatedly(env, () => this.#keep(round, env));
  }

  async #append(append: Append): Promise<void> {
    const { partition, tag } = append;
    const { baseOffset } = await this.#log(partition).append(encoded(append), {
      leaderEpoch: 0,
      origin: "client",
      now: timeOf(this.#round),
    });
    this.#told.set(tag, baseOffset);
  }

  async #keep({ housekeeping }: Round, env: Env): Promise<void> {
    switch (housekeeping.do) {
      case "checkpoint":
        for (let partition = 0; partition < PARTITIONS; partition++) await this.#log(partition).checkpoint();
        return;
      case "read":
        return this.#verify();
      case "reopen":
        await this.#directory.close();
        return this.#open(env);
      case "retain":
        for (let partition = 0; partition < PARTITIONS; partition++) {
          const first = this.#firstToldFrom(partition, this.#round - RETAINED_ROUNDS);
          this.#startAtMost[partition] = Math.max(this.#startAtMost[partition]!, first);
          await this.#log(partition).applyRetention(housekeeping.now);
        }
        return;
      case "delete":
        for (let partition = 0; partition < PARTITIONS; partition++) {
          const first = this.#firstToldFrom(partition, housekeeping.round);
          this.#startAtMost[partition] = Math.max(this.#startAtMost[partition]!, first);
          await this.#log(partition).deleteRecordsBefore(first);
          this.#startAtLeast[partition] = first;
        }
    }
  }

  /** The lowest offset of a record of this round or a later one, as it was told. */
  #firstToldFrom(partition: number, from: number): number {
    const appends = this.#script.slice(Math.max(0, from), this.#round + 1).flatMap(({ appends: each }) => each);
    const offsets = appends.filter((append) => append.partition === partition).map(({ tag }) => this.#told.get(tag) ?? Infinity);
    return offsets.length === 0 ? this.#startAtLeast[partition]! : Math.min(...offsets);
  }

  /** What fails while the log goes on is tried again; the fault is over then, as when somebody makes room on the disk. */
  async #repeatedly(env: Env, act: () => Promise<unknown>): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        await act();
        return;
      } catch (error) {
        if (error instanceof assert.AssertionError) throw error;
        if (!this.#fault.struck || attempt === MAX_TRIES) throw error;
        // A log that stops says so when it has noted why; its process ends after that.
        await env.timers.sleep(NOTING_MS);
        if (this.#failure !== undefined || !this.#simulation.filesOf(HOST).isOn) throw new LifeOver("the log stopped", { cause: error });
        this.#fault.heal();
        if (this.#script[this.#round]!.housekeeping.do === "reopen") throw new LifeOver("a restart failed", { cause: error });
      }
    }
  }

  // What must hold -------------------------------------------------------------------------------------------------------------------------

  /** Everything that was told so far is there; what was not may be. */
  async #verify(): Promise<void> {
    for (let partition = 0; partition < PARTITIONS; partition++) {
      const log = this.#log(partition);
      const start = log.logStartOffset;
      const [least, most] = [this.#startAtLeast[partition]!, this.#startAtMost[partition]!];
      assert.ok(start >= least && start <= most, `partition ${partition} starts at ${start}, allowed is ${least} to ${most}`);
      assert.equal(log.highWatermark, log.logEndOffset);
      const batches = (await readOn(log, start, "read_uncommitted")).filter(({ marker }) => marker === undefined);
      this.#checkBatches(partition, start, batches);
      await this.#checkCommitted(partition, log, batches);
    }
  }

  #checkBatches(partition: number, start: number, batches: readonly ReadBatch[]): void {
    const found = new Map(batches.map(({ tag, baseOffset }) => [tag, baseOffset]));
    assert.equal(found.size, batches.length, `partition ${partition} has a batch twice`);
    const scripted = this.#script.flatMap(({ appends }) => appends).filter((append) => append.partition === partition);
    for (const { tag, count } of scripted) {
      const told = this.#told.get(tag);
      if (told !== undefined && told + count > start) assert.equal(found.get(tag), told, `batch ${tag} of partition ${partition}`);
    }
    const order = new Map(scripted.map((append, index) => [append.tag, { index, producer: append.producer }]));
    const last = new Map<number, number>();
    for (const { tag } of batches) {
      const place = order.get(tag);
      assert.ok(place !== undefined, `partition ${partition} has a batch ${tag} that nobody sent there`);
      assert.ok((last.get(place.producer) ?? -1) < place.index, `batch ${tag} of partition ${partition} is out of order`);
      last.set(place.producer, place.index);
    }
  }

  async #checkCommitted(partition: number, log: PartitionLog, batches: readonly ReadBatch[]): Promise<void> {
    const committed = await committedTags(log, log.logStartOffset);
    const outcomes = new Map(this.#script.flatMap(({ appends }) => appends).map(({ tag, outcome }) => [tag, outcome]));
    for (const tag of committed) assert.notEqual(outcomes.get(tag), "abort", `aborted batch ${tag} of partition ${partition} is shown`);
    const stable = log.lastStableOffset;
    const expected = batches.filter(({ tag, baseOffset }) => baseOffset < stable && outcomes.get(tag) !== "abort").map(({ tag }) => tag);
    assert.deepEqual(committed, expected, `partition ${partition}, read_committed up to ${stable}`);
    if (this.#round === this.#script.length) assert.equal(stable, log.highWatermark, "every transaction has ended");
  }
}

/** The same at every telling; the log patches what it is given. */
const batches = new Map<string, Uint8Array>();

function encoded(append: Append): Uint8Array {
  const name = JSON.stringify(append);
  let bytes = batches.get(name);
  if (bytes === undefined) batches.set(name, (bytes = dataBatch({ ...append, producerId: append.producer + 1, producerEpoch: 0 })));
  return bytes.slice();
}

const timeOf = (round: number): number => 1_700_000_000_000 + round * ROUND_MS;

/** After a lying sync and a power cut anything unsynced may be gone: what is left is sound, or its damage is reported. */
async function verifyAfterLie(env: Env): Promise<void> {
  try {
    await readAll(await LogDirectory.open(env, PATH, options));
  } catch (error) {
    assert.ok(["KAFKA_STORAGE_ERROR", "CORRUPT_MESSAGE"].includes((error as { code?: string }).code ?? ""), String(error));
  }
}

/** readOn() checks every batch. */
async function readAll(directory: LogDirectory): Promise<void> {
  for (const log of directory.topic("t")?.partitions ?? []) {
    let end = log.logStartOffset;
    for (const batch of await readOn(log, end, "read_uncommitted")) {
      assert.ok(batch.lastOffset >= end, "offsets rise");
      end = batch.lastOffset + 1;
    }
    assert.equal(end, log.logEndOffset);
  }
  await directory.close();
}

async function tell(simulation: Simulation, fault: Fault, script: readonly Round[]): Promise<void> {
  const disk = simulation.filesOf(HOST);
  disk.provideDirectory("/data");
  const story = new LogLife(simulation, fault, script);
  const driver = simulation.env("driver");
  const lies = fault.verdict?.name === "lie";
  let last: unknown;
  const body = async (): Promise<void> => {
    for (let life = 1; ; life++) {
      if (life > MAX_LIVES) throw new Error(`${MAX_LIVES} lives were not enough: ${String(last)}`, { cause: last });
      const died = simulation.died(HOST);
      const ended = story.live(simulation.env(HOST)).then(
        () => true,
        (error: unknown) => {
          if (error instanceof assert.AssertionError || !fault.struck) throw error;
          last = error;
          return false;
        },
      );
      const over = await Promise.race([ended, died.then(() => false)]);
      if (disk.isOn) simulation.kill(HOST);
      else simulation.restart(HOST);
      if (lies && fault.struck) return;
      if (over) return;
      // A disk that fails for ever fails the next start as well. Where everything fails, mounting it again drops what it had not written.
      if (life >= 2 && fault.heal() && fault.verdict?.name === "sticky EIO") remount(simulation);
      await driver.timers.sleep(1);
    }
  };
  await simulation.run(body, { maxVirtualMs: 600_000 });
  simulation.crash(HOST);
  simulation.restart(HOST);
  await simulation.run(() => (lies ? verifyAfterLie(simulation.env(HOST)) : story.live(simulation.env(HOST))));
}

function remount(simulation: Simulation): void {
  simulation.crash(HOST);
  simulation.restart(HOST);
}

/** All that a disk can do at an operation of its kind: errors at any, lack of room at those that need some, torn and lying where it has a meaning. */
export function diskVerdicts(operation: StoryOperation): readonly StoryVerdict[] {
  if (operation.on !== "disk") return [];
  const verdicts: StoryVerdict[] = [
    { name: "EIO", disk: { error: "EIO" } },
    { name: "sticky EIO", disk: { error: "EIO" }, sticky: "all" },
    { name: "crash before", disk: "crash-before" },
    { name: "crash after", disk: "crash-after" },
  ];
  if (CHANGING_OPERATIONS.has(operation.kind))
    verdicts.push({ name: "ENOSPC", disk: { error: "ENOSPC", effect: "none" } }, { name: "kill", disk: "kill" });
  if (operation.kind === "write") verdicts.push({ name: "short write", disk: { error: "ENOSPC", effect: "part" } });
  if (["write", "datasync", "syncDirectory"].includes(operation.kind)) verdicts.push({ name: "torn", disk: "crash-torn" });
  if (["datasync", "syncDirectory"].includes(operation.kind))
    verdicts.push({ name: "lie", disk: "lie" }, { name: "sticky EIO of syncs", disk: { error: "EIO" }, sticky: "kind" });
  return verdicts;
}

export function logStory(seed: number): Story & { readonly scripted: number } {
  const script = logScript(seed);
  return {
    seed,
    scripted: operationsOf(script),
    disks: [HOST],
    tell: (simulation, fault) => tell(simulation, fault, script),
    verdictsOf: diskVerdicts,
  };
}
