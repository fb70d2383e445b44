// Jobs in this thread on a simulated machine, with an outside system that is strict about transactions: what is committed when, what a
// failure anywhere leads to, and how a job ends.
import assert from "node:assert/strict";
import { test } from "node:test";
import { generatorSource } from "../connectors/memory/generator-source.ts";
import type { Env } from "../env/env.ts";
import { t } from "../schema/t.ts";
import type { Source, SplitReader } from "../stream/connector.ts";
import { pipeline, type Pipeline } from "../stream/pipeline.ts";
import { createSimulation, type Simulation } from "../testing/simulation/simulation.ts";
import { JobFailedError } from "./coordinator/job-failure.ts";
import type { Job, JobStatus } from "./coordinator/job-status.ts";
import { Ledger } from "./e2e/ledger.ts";
import { runJob, type RunJobOptions } from "./run-job.ts";

const SEED = Number(process.env["MILLRACE_SEED"] ?? 3);
const Row = t.record("Row", { id: t.int() });

interface World {
  readonly simulation: Simulation;
  readonly env: Env;
  readonly ledger: Ledger;
}

async function inWorld(body: (world: World) => Promise<void>): Promise<void> {
  const simulation = createSimulation(SEED);
  simulation.files.provideDirectory("/data");
  await simulation.run(() => body({ simulation, env: simulation.env(), ledger: new Ledger() }));
}

/** `rows` rows at 1,000 a second. */
function copies(ledger: Ledger, rows: number, onRow: (id: number) => void = () => {}): Pipeline {
  return pipeline("copies", (p) => {
    p.from("rows", generatorSource(Row, { count: rows, ratePerSecond: 1000, row: (id) => ({ id }) }))
      .map(
        (row) => {
          onRow(row.id);
          return { id: row.id };
        },
        { name: "work" },
      )
      .to("out", ledger.sink());
  });
}

function run(env: Env, made: Pipeline, options: Partial<RunJobOptions> = {}): Promise<Job> {
  return runJob(env, {
    graph: made.graph(),
    checkpoints: { dir: "/data/checkpoints", everyMs: 50 },
    restart: { kind: "fixed-delay", attempts: 3, delayMs: 20 },
    statusIntervalMs: 25,
    ...options,
  });
}

function until(job: Job, holds: (status: JobStatus) => boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    const check = (status: JobStatus) => void (holds(status) && resolve());
    job.onStatus(check);
    check(job.status());
    job.finished.catch(reject);
  });
}

const ids = (count: number) => Array.from({ length: count }, (_, id) => ({ id }));

test("output becomes visible with its checkpoint, not before", () =>
  inWorld(async ({ env, ledger }) => {
    ledger.faults = {
      async commit(id) {
        const manifest = await env.files.stat(`/data/checkpoints/copies/chk-${id}/manifest`);
        assert.ok(manifest !== undefined, `checkpoint ${id} was committed before it was complete`);
        assert.ok(ledger.events.includes(`prepare ${id}`));
      },
    };
    const job = await run(env, copies(ledger, 300));
    await until(job, (status) => (status.splits[0]?.position as number) >= 30);
    assert.equal(ledger.committed.length, 0, "no checkpoint yet");
    const { status } = await job.finished;
    assert.deepEqual(ledger.committed, ids(300));
    assert.equal(status.restarts, 0);
    assert.ok(status.checkpoints.completed >= 5);
  }));

test("an error in user code restarts the job from its checkpoint, exactly once, and is in the status", () =>
  inWorld(async ({ env, ledger }) => {
    let thrown = 0;
    const job = await run(
      env,
      copies(ledger, 300, (id) => {
        if (id === 170 && thrown++ < 2) throw new RangeError("not today");
      }),
    );
    const { status } = await job.finished;
    assert.deepEqual(ledger.committed, ids(300));
    assert.equal(status.restarts, 2);
    assert.equal(status.lastFailure?.operator, "work");
    assert.equal(status.lastFailure?.split, "generator-0");
    assert.equal(status.lastFailure?.offset, 170);
    assert.match(status.lastFailure?.stack ?? "", /run-job\.test\.ts/);
  }));

test("a failure that stays ends the job with all it knows", () =>
  inWorld(async ({ env, ledger }) => {
    const job = await run(
      env,
      copies(ledger, 300, (id) => {
        if (id === 170) throw new RangeError("never");
      }),
    );
    const error: unknown = await job.finished.catch((reason: unknown) => reason);
    assert.ok(error instanceof JobFailedError);
    assert.equal(error.operator, "work");
    assert.equal(error.topic, "generator");
    assert.equal(error.partition, 0);
    assert.equal(error.offset, 170);
    assert.equal((error.cause as Error).name, "RangeError");
    assert.equal(job.status().restarts, 3);
    assert.deepEqual(ledger.committed, ids(ledger.committed.length), "what was committed before stays, nothing twice");
    await assert.rejects(job.savepoint(), /ended/);
  }));

for (const place of ["write", "commit", "prepare"] as const) {
  test(`a sink that fails in ${place}() once costs a restart and no row`, () =>
    inWorld(async ({ env, ledger }) => {
      let calls = 0;
      const fault = () => {
        if (++calls === 3) throw new Error("connection lost");
      };
      ledger.faults = place === "write" ? { write: fault } : { [place]: () => Promise.resolve().then(fault) };
      const job = await run(env, copies(ledger, 300));
      const { status } = await job.finished;
      assert.equal(status.restarts, 1);
      assert.equal(status.lastFailure?.operator, "out");
      assert.deepEqual(ledger.committed, ids(300));
    }));
}

test("what a checkpoint prepared is committed by the next start before any writer opens", () =>
  inWorld(async ({ env, ledger }) => {
    // The commit never comes through in the first life.
    ledger.faults = { commit: () => new Promise(() => {}) };
    const job = await run(env, copies(ledger, 300));
    await until(job, (status) => status.checkpoints.completed >= 3);
    assert.equal(ledger.committed.length, 0);
    await job.cancel();
    ledger.faults = {};
    ledger.events.length = 0;
    const next = await run(env, copies(ledger, 300));
    await next.finished;
    assert.match(ledger.events[0]!, /^recover out#\d+,out#\d+,out#\d+/, "committables of older checkpoints are carried along");
    assert.match(ledger.events[1]!, /^open 0\/1/);
    assert.deepEqual(ledger.committed, ids(300));
  }));

test("a committable that cannot be honoured fails the job for good, nothing is skipped", () =>
  inWorld(async ({ env, ledger, simulation }) => {
    const recover = (prepared: readonly unknown[]): void => {
      if (prepared.length > 0) throw new Error("the transaction was aborted by its timeout");
    };
    ledger.faults = { commit: () => new Promise(() => {}), recover };
    const job = await run(env, copies(ledger, 300));
    await until(job, (status) => status.checkpoints.completed >= 1);
    // It tries to commit what the last checkpoint names, and leaves it to the next start.
    await job.cancel();
    assert.ok(simulation.logLines.some((line) => JSON.stringify(line).includes("sink-not-resolved")));
    ledger.faults = { recover };
    const next = await run(env, copies(ledger, 300), { restart: { kind: "none" } });
    await assert.rejects(next.finished, /aborted by its timeout/);
    assert.equal(ledger.committed.length, 0);
  }));

test("a sink that refuses the setup stops the job before anything runs, without restarts", () =>
  inWorld(async ({ env, ledger }) => {
    ledger.faults = {
      check: () => {
        throw new Error("transaction.timeout.ms is shorter than the checkpoint interval");
      },
    };
    const job = await run(env, copies(ledger, 300));
    await assert.rejects(job.finished, /shorter than the checkpoint interval/);
    assert.equal(job.status().restarts, 0);
    assert.deepEqual(ledger.events, []);
  }));

test("rows are processed while a sink still makes its last checkpoint durable", () =>
  inWorld(async ({ env, ledger, simulation }) => {
    let seen = 0;
    let during = 0;
    ledger.faults = {
      async prepare() {
        const before = seen;
        await env.timers.sleep(40);
        during = Math.max(during, seen - before);
      },
    };
    const job = await run(
      env,
      copies(ledger, 500, () => seen++),
    );
    await job.finished;
    assert.ok(during >= 20, `${during} rows passed during a prepare of 40 ms`);
    assert.ok(simulation.clock.now() > 0);
    assert.deepEqual(ledger.committed, ids(500));
  }));

test("a sink that is not ready stops the reading: no row is lost, no barrier overtakes, the status says backpressured", () =>
  inWorld(async ({ env, ledger }) => {
    ledger.faults = { readyAfter: { rows: 10, wait: () => env.timers.sleep(15) } };
    let backpressured = 0;
    const job = await run(env, copies(ledger, 300));
    job.onStatus((status) => (backpressured = Math.max(backpressured, status.operators[1]?.backpressuredRatio ?? 0)));
    await job.finished;
    assert.deepEqual(ledger.committed, ids(300));
    assert.ok(backpressured > 0.3, `backpressured ${backpressured}`);
  }));

test("while the disk is full checkpoints are declined, output is withheld, rows go on; with room again all of it appears", () =>
  inWorld(async ({ env, ledger, simulation }) => {
    const job = await run(env, copies(ledger, 600));
    await until(job, (status) => status.checkpoints.completed >= 1);
    const visible = ledger.committed.length;
    simulation.files.onOperation = ({ kind }) => (kind === "write" || kind === "makeDirectory" ? { error: "ENOSPC" } : "ok");
    await until(job, (status) => status.checkpoints.failed >= 3);
    assert.match(job.status().checkpoints.lastFailure!, /ENOSPC/);
    assert.equal(job.status().state, "running");
    assert.ok(ledger.committed.length <= visible + 60, "only a commit under way may have come through");
    simulation.files.onOperation = () => "ok";
    await job.finished;
    assert.deepEqual(ledger.committed, ids(600));
    assert.equal(job.status().restarts, 0);
  }));

test("too many failed checkpoints in a row are a failure of the job", () =>
  inWorld(async ({ env, ledger, simulation }) => {
    const job = await run(env, copies(ledger, 600), {
      checkpoints: { dir: "/data/checkpoints", everyMs: 50, toleratedFailures: 2 },
      restart: { kind: "none" },
    });
    await until(job, (status) => status.checkpoints.completed >= 1);
    simulation.files.onOperation = ({ kind }) => (kind === "write" ? { error: "ENOSPC" } : "ok");
    await assert.rejects(job.finished, /Checkpoint \d+ failed, the 3\. in a row/);
  }));

test("when nobody can say whether a checkpoint is on disk, the job stops instead of guessing; the next start reads the disk", () =>
  inWorld(async ({ env, ledger, simulation }) => {
    const job = await run(env, copies(ledger, 300));
    await until(job, (status) => status.checkpoints.completed >= 1);
    let renamed = false;
    simulation.files.onOperation = ({ kind }) => {
      renamed ||= kind === "rename";
      return renamed && kind !== "rename" ? { error: "EIO" } : "ok";
    };
    await assert.rejects(job.finished, /may or may not be on disk/);
    assert.equal(job.status().restarts, 0);
    simulation.files.onOperation = () => "ok";
    await (
      await run(env, copies(ledger, 300))
    ).finished;
    assert.deepEqual(ledger.committed, ids(300));
  }));

test("stop ends with a final checkpoint; the next start continues behind it", () =>
  inWorld(async ({ env, ledger }) => {
    const job = await run(env, copies(ledger, 300));
    await until(job, (status) => status.checkpoints.completed >= 1);
    const result = await job.stop();
    assert.equal(result.state, "finished");
    const stoppedAt = ledger.committed.length;
    assert.ok(stoppedAt > 0 && stoppedAt < 300);
    assert.equal(result.status.splits[0]?.position, stoppedAt, "nothing was read behind the final barrier");
    await (
      await run(env, copies(ledger, 300))
    ).finished;
    assert.deepEqual(ledger.committed, ids(300));
  }));

test("drain reads to the end of what is there now, and finishes", () =>
  inWorld(async ({ env, ledger }) => {
    const job = await run(env, copies(ledger, 100_000));
    await until(job, (status) => status.checkpoints.completed >= 1);
    const result = await job.stop({ drain: true });
    assert.equal(result.state, "finished");
    const count = ledger.committed.length;
    assert.ok(count > 0 && count < 100_000);
    assert.deepEqual(ledger.committed, ids(count));
    assert.equal(result.status.splits[0]?.status, "finished");
  }));

test("draining a source that has no splits ends the job", () =>
  inWorld(async ({ env, ledger }) => {
    const source = generatorSource(Row, { row: (id) => ({ id }) });
    const empty: Source<{ id: number }> = {
      ...source,
      create: (context) => ({ ...source.create(context), discover: () => Promise.resolve([]) }),
    };
    const made = pipeline("empty", (p) => p.from("rows", empty).to("out", ledger.sink()));
    assert.equal((await (await run(env, made, { drain: true })).finished).state, "finished");
  }));

test("a job that is cancelled while it is being deployed reads nothing, whenever that is", () =>
  inWorld(async ({ env, ledger }) => {
    for (let ms = 0; ms < 12; ms++) {
      let read = 0;
      const job = await run(
        env,
        copies(ledger, 100_000, () => read++),
      );
      await env.timers.sleep(ms);
      await job.cancel();
      assert.equal((await job.finished).state, "canceled");
      const then = read;
      await env.timers.sleep(100);
      assert.equal(read, then, `still reading after a cancel at ${ms} ms`);
    }
  }));

test("a savepoint is a checkpoint of its own that a new job can start from", () =>
  inWorld(async ({ env, ledger }) => {
    const job = await run(env, copies(ledger, 300), { checkpoints: { dir: "/data/checkpoints", everyMs: 100_000 } });
    await until(job, (status) => (status.splits[0]?.position as number) >= 100);
    const path = await job.savepoint();
    const at = ledger.committed.length;
    assert.ok(at >= 100);
    await job.cancel();
    const other = new Ledger();
    // The outside system of the second job starts with nothing prepared: what the savepoint prepared was committed by the first job.
    const next = await run(env, copies(other, 300), {
      checkpoints: { dir: "/data/others" },
      restoreFrom: { kind: "path", path },
      restart: { kind: "none" },
    });
    await assert.rejects(next.finished, /Nobody knows the transaction/);
    const again = await run(env, copies(ledger, 300), { restoreFrom: { kind: "path", path } });
    await again.finished;
    assert.deepEqual(ledger.committed, ids(300));
  }));

test("stop with a savepoint returns its path", () =>
  inWorld(async ({ env, ledger }) => {
    const job = await run(env, copies(ledger, 300));
    await until(job, (status) => status.state === "running");
    const { savepoint } = await job.stop({ savepoint: "/data/mine" });
    assert.equal(savepoint, "/data/mine");
    await (
      await run(env, copies(ledger, 300), { restoreFrom: { kind: "path", path: "/data/mine" } })
    ).finished;
    assert.deepEqual(ledger.committed, ids(300));
  }));

test("a checkpoint is refused with its reasons by a pipeline that lost a source or a sink, and by another number of key groups", () =>
  inWorld(async ({ env, ledger }) => {
    await (
      await run(env, copies(ledger, 100))
    ).finished;
    const renamed = pipeline("copies", (p) => {
      p.from("lines", generatorSource(Row, { count: 5, row: (id) => ({ id }) })).to("out", ledger.sink());
    });
    await assert.rejects(run(env, renamed), /positions of the source "rows", which is not in the pipeline/);
    await assert.rejects(run(env, copies(ledger, 100), { maxParallelism: 64 }), /128 key groups/);
    const fresh = await run(env, renamed, { restoreFrom: { kind: "none" } });
    await fresh.finished;
    assert.equal(ledger.committed.length, 105);
  }));

test("one job of a name runs at a time on the same checkpoints", () =>
  inWorld(async ({ env, ledger, simulation }) => {
    const job = await run(env, copies(ledger, 100_000));
    await assert.rejects(
      run(simulation.env(), copies(ledger, 300)),
      (error: Error & { code?: string }) => error.code === "CHECKPOINT_IN_USE",
    );
    await job.cancel();
    await (await run(env, copies(ledger, 100), { restoreFrom: { kind: "none" } })).stop();
  }));

test("without checkpoints a bounded job still shows its output at the end", () =>
  inWorld(async ({ env, ledger }) => {
    const job = await runJob(env, { graph: copies(ledger, 100).graph() });
    await job.finished;
    assert.deepEqual(ledger.committed, ids(100));
    await assert.rejects(job.savepoint(), /no checkpoint directory|ended/);
  }));

test("several subtasks in one thread: rows are shared out, each once, in checkpoints together", () =>
  inWorld(async ({ env, ledger }) => {
    const shared = pipeline("shared", (p) => {
      p.from(
        "rows",
        generatorSource(Row, { count: 200, splits: 3, ratePerSecond: 1000, row: (index, split) => ({ id: index * 3 + split }) }),
        { parallelism: 2 },
      )
        .rebalance()
        .map((row) => ({ id: row.id }), { name: "work", parallelism: 3 })
        .to("out", ledger.sink());
    });
    const job = await run(env, shared, { parallelism: 3 });
    const { status } = await job.finished;
    const got = (ledger.committed as { id: number }[]).map(({ id }) => id).sort((a, b) => a - b);
    assert.deepEqual(
      got,
      Array.from({ length: 600 }, (_, id) => id),
    );
    assert.deepEqual(
      status.operators.map(({ name, parallelism }) => [name, parallelism]),
      [
        ["rows", 2],
        ["work", 3],
        ["out", 3],
      ],
    );
  }));

function brokenSource(make: (reader: SplitReader) => Partial<SplitReader>): Source<{ id: number }> {
  const source = generatorSource(Row, { count: 100, ratePerSecond: 1000, row: (id) => ({ id }) });
  return {
    ...source,
    create(context) {
      const connector = source.create(context);
      return {
        discover: () => connector.discover(),
        close: () => connector.close(),
        async open(split, position) {
          const reader = await connector.open(split, position);
          return new Proxy(reader, {
            get(target, name) {
              const own = make(target)[name as keyof SplitReader];
              const value: unknown = own ?? Reflect.get(target, name, target);
              return typeof value === "function" ? (value as () => unknown).bind(target) : value;
            },
          });
        },
      };
    },
  };
}

for (const [name, broken] of [
  [
    "poll() throws",
    () => ({
      poll: () => {
        throw new Error("bad bytes");
      },
    }),
  ],
  [
    "available() rejects",
    (reader: SplitReader) => ({
      poll: () => undefined,
      available: () => Promise.reject(new Error("bad bytes")),
      ...(reader.finished ? {} : {}),
    }),
  ],
] as const) {
  test(`a reader whose ${name} fails the job in the name of its source`, () =>
    inWorld(async ({ env, ledger }) => {
      const made = pipeline("broken", (p) => p.from("rows", brokenSource(broken)).to("out", ledger.sink()));
      const job = await run(env, made, { restart: { kind: "none" } });
      const error: unknown = await job.finished.catch((reason: unknown) => reason);
      assert.ok(error instanceof JobFailedError);
      assert.equal(error.operator, "rows");
      assert.match(error.message, /bad bytes/);
    }));
}
