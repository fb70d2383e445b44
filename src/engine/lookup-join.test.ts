// Lookup joins in a running job on a simulated machine: what is asked, what is remembered for how long, and what comes out at every
// parallelism and over a kill.
import assert from "node:assert/strict";
import { test } from "node:test";
import { arraySource, collectSink } from "../connectors/memory/index.ts";
import { t } from "../schema/t.ts";
import type { LookupCacheOptions } from "../stream/lookup-join.ts";
import { pipeline } from "../stream/pipeline.ts";
import { createSimulation } from "../testing/simulation/simulation.ts";
import { runJob } from "./run-job.ts";

const Order = t.record("Order", { id: t.int(), user: t.string() });
const orders = (count: number) => Array.from({ length: count }, (_, id) => ({ id, user: `u${id % 5}` }));

interface Asked {
  readonly keys: string[];
  readonly rows: readonly unknown[];
}

interface Setup {
  readonly kind?: "inner" | "left";
  readonly cache?: LookupCacheOptions;
  readonly parallelism?: number;
  readonly kill?: boolean;
}

/** 100 orders, ten a second, of users u0 to u4; u0 is not there. */
async function join({ kind = "inner", cache, parallelism = 1, kill = false }: Setup): Promise<Asked> {
  const keys: string[] = [];
  const out = collectSink();
  const simulation = createSimulation(1);
  simulation.files.provideDirectory("/data");
  const made = pipeline("lookup", (p) => {
    p.from("orders", arraySource(Order, orders(100), { ratePerSecond: 10 }))
      .lookupJoin(
        "user",
        {
          key: (order) => order.user,
          lookup: async (user) => {
            keys.push(user);
            return user === "u0" ? undefined : { name: user.toUpperCase() };
          },
          kind,
          ...(cache === undefined ? {} : { cache }),
          capacity: 10,
          timeout: "10s",
        },
        (order, user) => [order.id, user?.name ?? null],
      )
      .to("out", out);
  });
  const options = {
    graph: made.graph(),
    parallelism,
    checkpoints: { dir: "/data/checkpoints", everyMs: 500 },
    restart: { kind: "none" },
  } as const;
  if (kill) {
    const env = simulation.env();
    await simulation.run(async () => {
      const job = await runJob(env, { ...options, statusIntervalMs: 100 });
      await new Promise<void>((resolve) => job.onStatus(({ checkpoints }) => void (checkpoints.completed >= 5 && resolve())));
    });
    simulation.kill();
  }
  await simulation.run(async () => {
    const job = await runJob(simulation.env(), options);
    await job.finished;
  });
  return { keys, rows: out.rows.toSorted((a, b) => (a as number[])[0]! - (b as number[])[0]!) };
}

const expected = (kind: "inner" | "left"): unknown[] =>
  orders(100)
    .filter(({ user }) => kind === "left" || user !== "u0")
    .map(({ id, user }) => [id, user === "u0" ? null : user.toUpperCase()]);

for (const kind of ["inner", "left"] as const) {
  test(`a lookup join (${kind}) gives each element what is there, at parallelism 1 and 4 and over a kill`, async () => {
    for (const setup of [{}, { parallelism: 4 }, { kill: true }, { cache: { ttl: "1h" } as const, kill: true, parallelism: 4 }])
      assert.deepEqual((await join({ kind, ...setup })).rows, expected(kind));
  });
}

test("without a cache every element asks; with one, a key asks again when its answer is too old", async () => {
  assert.equal((await join({})).keys.length, 100);
  assert.equal((await join({ cache: { ttl: "1h" } })).keys.length, 5);
  // Ten seconds of input: an answer of two seconds serves four further orders of its user, which come every half second.
  const { keys } = await join({ cache: { ttl: "2s" } });
  assert.ok(keys.length > 5 * 3 && keys.length <= 5 * 6, `${keys.length} questions`);
});

test("the cache keeps the most recently used answers only, and that nothing was there unless told not to", async () => {
  // Five users in turn, and room for four: the one that comes next has just left.
  assert.equal((await join({ cache: { ttl: "1h", maxEntries: 4 } })).keys.length, 100);
  const { keys } = await join({ cache: { ttl: "1h", missing: false } });
  assert.equal(keys.filter((key) => key === "u0").length, 20);
  assert.equal(keys.length, 24);
});
