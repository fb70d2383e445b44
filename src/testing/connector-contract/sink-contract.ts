// The contract of a sink (src/stream/connector.ts), as checks that a connector's author runs: sealed at the barrier, visible with the commit,
// once, whatever step of the two phases the process dies in. FLIP-143.
import { createNodeEnv } from "../../env-node/node-env.ts";
import { MAX_BATCH_ROWS, type Batch } from "../../schema/batch.ts";
import { BatchBuilder } from "../../schema/batch-builder.ts";
import type { ConnectorContext, Sink, SinkConnector, SinkWriter } from "../../stream/connector.ts";
import { difference, expect, rowText, type ContractCheck } from "./contract-violation.ts";
import { WatchedEnv } from "./watched-env.ts";

export interface SinkWorld<T> {
  /** Writes to the same place whenever it is called. */
  readonly sink: () => Sink<T>;
  /** Rows that differ. */
  readonly row: (index: number) => T;
  /** What a reader sees there now, in any order. */
  readonly visible: () => Promise<readonly T[]>;
  /** How long `visible` may take to show what was committed. Default 2000. */
  readonly visibleWithinMs?: number;
  readonly settings?: Readonly<Record<string, string>>;
  readonly close?: () => Promise<void>;
}

export interface SinkContractOptions<T> {
  readonly name: string;
  /** Default "exactly-once". With "at-least-once" rows may be visible earlier, and more than once after a failure. */
  readonly delivery?: "exactly-once" | "at-least-once";
  /** A new world for every check. */
  readonly world: () => Promise<SinkWorld<T>>;
}

const TIMEOUT_MS = 60_000;
const VISIBLE_MS = 2000;
const ROWS = 6;

interface Stage<T> {
  readonly world: SinkWorld<T>;
  readonly exact: boolean;
}

/**
 * The checks of one sink, for any test runner:
 *
 *     for (const { name, run } of sinkContract({ name: "my sink", world })) test(name, run);
 *
 * A check throws ContractViolation, or whatever the sink throws.
 */
export function sinkContract<T>(options: SinkContractOptions<T>): readonly ContractCheck[] {
  const exact = options.delivery !== "at-least-once";
  const checks: readonly (readonly [string, (stage: Stage<T>) => Promise<void>, boolean])[] = [
    ["rows are visible after their commit, and not before", visibleAfterCommit, true],
    ["takes the rows of a batch before write() returns, and those behind a barrier for the next checkpoint", sealsAtBarrier, true],
    ["prepare without rows, and commit twice, change nothing", commitsTwice, false],
    ["what was written and not prepared is discarded", discardsUnprepared, true],
    ["what was prepared and is in no checkpoint is discarded", discardsAborted, true],
    ["a commit that follows a failed checkpoint makes the rows of both visible", commitsBoth, false],
    ["recover() may be called again and again with the same committables", recoversAgain, false],
    ["a kill in any step, once and twice, loses nothing and repeats nothing", survivesKills, false],
    ["leaves nothing open", leavesNothing, false],
  ];
  return checks
    .filter(([, , onlyExact]) => exact || !onlyExact)
    .map(([sentence, body]) => ({ name: `${options.name}: ${sentence}`, run: () => inWorld(options.world, exact, body) }));
}

async function inWorld<T>(make: () => Promise<SinkWorld<T>>, exact: boolean, body: (stage: Stage<T>) => Promise<void>): Promise<void> {
  const world = await make();
  const patience = new AbortController();
  try {
    const tooLong = createNodeEnv()
      .timers.sleep(TIMEOUT_MS, patience.signal)
      .then(
        () => expect(false, `the check took longer than ${TIMEOUT_MS} ms`),
        () => {},
      );
    await Promise.race([body({ world, exact }), tooLong]);
  } finally {
    patience.abort();
    await world.close?.();
  }
}

// ---------- one process that writes ----------

/** A process with a connector and one writer, driven as an engine drives it. */
class Writing<T> {
  readonly watched = new WatchedEnv(createNodeEnv());
  readonly #world: SinkWorld<T>;
  readonly #connector: SinkConnector;
  readonly #builder: BatchBuilder;
  #writer: SinkWriter | undefined;
  #failure: unknown;

  constructor(world: SinkWorld<T>) {
    const sink = world.sink();
    const context: ConnectorContext = {
      env: this.watched.env,
      job: "contract",
      operator: "sink",
      settings: { "checkpoint.interval.ms": "1000", ...world.settings },
    };
    this.#world = world;
    this.#connector = sink.create(context);
    this.#builder = new BatchBuilder(sink.type, MAX_BATCH_ROWS);
  }

  async start(committables: readonly Uint8Array[] = []): Promise<this> {
    await this.#connector.check?.();
    await this.#connector.recover(committables);
    this.#writer = await this.#connector.writer(0, 1);
    this.#writer.failed.catch((error: unknown) => (this.#failure = error));
    return this;
  }

  async write(first: number, count: number): Promise<void> {
    if (!this.writeNow(first, count)) await this.#writer!.ready();
  }

  /** The batch is spoilt after the call, as the engine reuses it. */
  writeNow(first: number, count: number): boolean {
    const builder = this.#builder;
    builder.reset();
    for (let row = first; row < first + count; row++) builder.append(this.#world.row(row), Number.NEGATIVE_INFINITY);
    const batch = builder.finish();
    const taken = this.#writer!.write(batch);
    spoil(batch);
    return taken;
  }

  async prepare(id: number): Promise<readonly Uint8Array[]> {
    return (await this.#writer!.prepare(id)).map((bytes) => bytes.slice());
  }

  /** `last`: what the sink keeps open is finished with this one. */
  async checkpoint(id: number, last = true): Promise<void> {
    if (last) this.#writer!.endOfInput?.();
    await this.prepare(id);
    await this.commit(id);
  }

  async commit(id: number): Promise<void> {
    await this.#writer!.commit(id);
    if (this.#failure !== undefined) throw this.#failure;
  }

  endOfInput(): void {
    this.#writer!.endOfInput?.();
  }

  async close(): Promise<void> {
    await this.#writer?.close();
    await this.#connector.close();
  }
}

function spoil(batch: Batch): void {
  for (const column of batch.columns) {
    if (column.kind === "object") column.values?.fill(undefined);
    else if (column.kind !== "string") column.values.fill(0);
    else if (column.values !== undefined) column.values.fill("spoilt");
    else column.bytes!.fill(0x78);
  }
}

async function sees<T>({ world, exact }: Stage<T>, rows: number | readonly number[], when: string): Promise<void> {
  const indexes = typeof rows === "number" ? Array.from({ length: rows }, (_, index) => index) : rows;
  const expected = indexes.map((index) => world.row(index));
  const { clock, timers } = createNodeEnv();
  const until = clock.monotonicMs() + (world.visibleWithinMs ?? VISIBLE_MS);
  for (;;) {
    const visible = await world.visible();
    // At least once: repetitions are none.
    const found = exact ? visible : [...new Map(visible.map((row) => [rowText(row), row])).values()];
    const wrong = difference(found, expected);
    if (wrong === undefined) return;
    expect(clock.monotonicMs() < until, `${when} a reader sees ${wrong}`);
    await timers.sleep(5);
  }
}

// ---------- the checks ----------

async function visibleAfterCommit<T>(stage: Stage<T>): Promise<void> {
  const writing = await new Writing(stage.world).start();
  await writing.write(0, 3);
  await sees(stage, 0, "before the barrier");
  writing.endOfInput();
  await writing.prepare(1);
  await sees(stage, 0, "after prepare()");
  await writing.commit(1);
  await sees(stage, 3, "after commit()");
  await writing.write(3, 2);
  await writing.checkpoint(2);
  await sees(stage, 5, "after the second commit");
  await writing.close();
}

async function sealsAtBarrier<T>(stage: Stage<T>): Promise<void> {
  const writing = await new Writing(stage.world).start();
  await writing.write(0, 2);
  writing.endOfInput();
  const prepared = writing.prepare(1);
  await writing.write(2, 2); // before prepare() has resolved: the next checkpoint's
  await prepared;
  await writing.commit(1);
  await sees(stage, 2, "after the commit of what was written before the barrier");
  await writing.checkpoint(2);
  await sees(stage, 4, "after the commit of what was written behind it");
  await writing.close();
}

async function commitsTwice<T>(stage: Stage<T>): Promise<void> {
  const writing = await new Writing(stage.world).start();
  await writing.checkpoint(1, false);
  await writing.write(0, 2);
  await writing.checkpoint(2);
  await writing.commit(2);
  await writing.checkpoint(3);
  await sees(stage, 2, "after empty checkpoints and a second commit");
  await writing.close();
}

async function discardsUnprepared<T>(stage: Stage<T>): Promise<void> {
  const first = await new Writing(stage.world).start();
  await first.write(0, 2);
  await first.checkpoint(1);
  await first.write(2, 2);
  await first.close();
  const second = await new Writing(stage.world).start();
  await second.write(4, 1);
  await second.checkpoint(2);
  await second.close();
  await sees(stage, [0, 1, 4], "after a close without a barrier");
}

async function discardsAborted<T>(stage: Stage<T>): Promise<void> {
  for (const kill of [false, true]) {
    const base = kill ? 10 : 0;
    const first = await new Writing(stage.world).start();
    await first.write(base, 2);
    first.endOfInput();
    await first.prepare(1);
    if (kill) await first.watched.kill();
    else await first.close();
    const second = await new Writing(stage.world).start();
    await second.write(base + 2, 1);
    await second.checkpoint(2);
    await second.close();
    await sees(stage, kill ? [2, 12] : [2], "after a checkpoint that did not come about");
  }
}

async function commitsBoth<T>(stage: Stage<T>): Promise<void> {
  const writing = await new Writing(stage.world).start();
  await writing.write(0, 2);
  await writing.prepare(1);
  await writing.write(2, 2);
  writing.endOfInput();
  await writing.prepare(2);
  await writing.commit(1);
  await writing.commit(2);
  await sees(stage, 4, "after the commit of two checkpoints");
  await writing.close();
}

async function recoversAgain<T>(stage: Stage<T>): Promise<void> {
  const first = await new Writing(stage.world).start();
  await first.write(0, 3);
  first.endOfInput();
  const committables = await first.prepare(1);
  await first.watched.kill();
  for (let life = 0; life < 3; life++) {
    const next = await new Writing(stage.world).start(committables);
    await sees(stage, 3, `after recovery ${life + 1}`);
    if (life === 1) await next.watched.kill();
    else await next.close();
  }
}

async function leavesNothing<T>({ world }: Stage<T>): Promise<void> {
  const writing = await new Writing(world).start();
  await writing.write(0, 2);
  await writing.checkpoint(1, false);
  await writing.write(2, 2);
  await writing.close();
  const { timers } = createNodeEnv();
  for (let turn = 0; turn < 50 && writing.watched.open !== undefined; turn++) await timers.sleep(5);
  expect(writing.watched.open === undefined, `after close() there are still open: ${writing.watched.open}`);
}

// ---------- kills ----------

/** What outlives a process: the newest complete checkpoint. */
interface Durable {
  id: number;
  rows: number;
  committables: readonly Uint8Array[];
}

/** A kill after so many steps of a life; `inside`: in the middle of the step that would follow. */
interface Death {
  readonly steps: number;
  readonly inside: boolean;
}

class Killed extends Error {}

/** One life: recovers, then two rows per checkpoint, every other checkpoint failing. False: it was killed. */
async function live<T>(world: SinkWorld<T>, durable: Durable, death: Death | undefined): Promise<boolean> {
  const writing = new Writing(world);
  const { timers } = createNodeEnv();
  let steps = 0;
  const step = async <R>(action: () => Promise<R>): Promise<R> => {
    if (death !== undefined && steps === death.steps) {
      if (death.inside) {
        action().catch(() => {});
        await new Promise<void>((resolve) => timers.soon(resolve));
      }
      await writing.watched.kill();
      throw new Killed();
    }
    steps++;
    return await action();
  };
  try {
    await step(() => writing.start(durable.committables));
    let unresolved: { id: number; committables: readonly Uint8Array[] }[] = [];
    let { id, rows } = durable;
    while (rows < ROWS) {
      id++;
      await step(() => writing.write(rows, 2));
      rows += 2;
      if (rows === ROWS) writing.endOfInput();
      const committables = await step(() => writing.prepare(id));
      unresolved.push({ id, committables });
      if (id % 2 === 1 && rows < ROWS) continue; // this checkpoint fails elsewhere
      durable.id = id;
      durable.rows = rows;
      durable.committables = unresolved.flatMap((each) => each.committables);
      for (const each of unresolved) await step(() => writing.commit(each.id));
      unresolved = [];
    }
    await writing.close();
    return true;
  } catch (error) {
    if (error instanceof Killed) return false;
    throw error;
  }
}

async function survivesKills<T>(stage: Stage<T>): Promise<void> {
  const { world } = stage;
  let base = 0;
  for (const second of [undefined, { steps: 0, inside: true }, { steps: 3, inside: true }])
    for (let steps = 0; ; steps++) {
      let died = true;
      for (const inside of [false, true]) {
        const offset = base;
        const shifted = { ...world, row: (index: number) => world.row(offset + index) };
        const durable: Durable = { id: 0, rows: 0, committables: [] };
        died = !(await live(shifted, durable, { steps, inside }));
        if (died && second !== undefined) await live(shifted, durable, second);
        if (died) await live(shifted, durable, undefined);
        base += ROWS;
        if (!died) break;
      }
      if (!died) break;
    }
  await sees(stage, base, "after all kills and restarts");
}
