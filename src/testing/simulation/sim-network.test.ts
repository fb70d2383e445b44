// The faults of the simulated network: resets, black holes, splits, and a bad connection that still never lies.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Env } from "../../env/env.ts";
import type { Connection, Listener } from "../../env/network.ts";
import { createSimulation } from "./simulation.ts";

/** Echoes everything. */
function echo(env: Env, port: number): Promise<Listener> {
  return env.network.listen({ host: "broker", port }, (connection) => {
    connection.handle({ data: (bytes) => connection.write(bytes), close: () => undefined });
  });
}

interface Watched {
  readonly pieces: number[];
  readonly closed: Promise<Error | undefined>;
}

function watch(connection: Connection): Watched {
  const pieces: number[] = [];
  const closed = new Promise<Error | undefined>((resolve) =>
    connection.handle({ data: (bytes) => pieces.push(bytes.length), close: resolve }),
  );
  return { pieces, closed };
}

test("a reset closes the matching connections at both ends with ECONNRESET, and leaves the others", async () => {
  const simulation = createSimulation(1);
  const [broker, client] = [simulation.env("broker"), simulation.env("client")];
  await simulation.run(async () => {
    await echo(broker, 9092);
    await echo(broker, 9093);
    const [bad, good] = await Promise.all([9092, 9093].map((port) => client.network.connect({ host: "broker", port })));
    const [first, second] = [watch(bad!), watch(good!)];
    assert.equal(
      simulation.network.reset((_, to) => to.port === 9092),
      1,
    );
    assert.equal(((await first.closed) as Error & { code: string }).code, "ECONNRESET");
    good!.write(Uint8Array.of(1));
    await client.timers.sleep(10);
    assert.deepEqual(second.pieces, [1]);
  });
});

test("through a black hole nothing passes; when it closes, everything arrives", async () => {
  const simulation = createSimulation(1);
  const [broker, client] = [simulation.env("broker"), simulation.env("client")];
  await simulation.run(async () => {
    await echo(broker, 9092);
    const connection = await client.network.connect({ host: "broker", port: 9092 });
    const { pieces } = watch(connection);
    const heal = simulation.network.blackHole();
    connection.write(new Uint8Array(1000));
    await client.timers.sleep(10_000);
    assert.deepEqual(pieces, []);
    await assert.rejects(client.network.connect({ host: "broker", port: 9092 }, { timeoutMs: 500 }), { code: "ETIMEDOUT" });
    heal();
    await client.timers.sleep(100);
    assert.equal(
      pieces.reduce((sum, piece) => sum + piece, 0),
      1000,
    );
  });
});

test("an unknown host is ENOTFOUND", async () => {
  const simulation = createSimulation(1);
  const env = simulation.env();
  await simulation.run(() => assert.rejects(env.network.connect({ host: "nowhere", port: 1 }), { code: "ENOTFOUND" }));
});

test("writes are split and joined by the seed", async () => {
  const cuts = new Set<string>();
  for (let seed = 0; seed < 10; seed++) {
    const simulation = createSimulation(seed);
    const [broker, client] = [simulation.env("broker"), simulation.env("client")];
    await simulation.run(async () => {
      await echo(broker, 9092);
      const connection = await client.network.connect({ host: "broker", port: 9092 });
      const { pieces } = watch(connection);
      for (let write = 0; write < 3; write++) connection.write(new Uint8Array(100));
      await client.timers.sleep(100);
      assert.equal(
        pieces.reduce((sum, piece) => sum + piece, 0),
        300,
      );
      cuts.add(pieces.join());
    });
  }
  assert.ok(cuts.size > 3, [...cuts].join(" | "));
});

test("on a network that resets at random, what arrives is a prefix of what was sent", async () => {
  let resets = 0;
  for (let seed = 0; seed < 30; seed++) {
    const simulation = createSimulation(seed);
    simulation.network.resetProbability = 0.02;
    const [broker, client] = [simulation.env("broker"), simulation.env("client")];
    await simulation.run(async () => {
      const received: number[] = [];
      await broker.network.listen({ host: "broker", port: 9092 }, (connection) => {
        connection.handle({ data: (bytes) => received.push(...bytes), close: () => undefined });
      });
      const connection = await client.network.connect({ host: "broker", port: 9092 });
      let error: Error | undefined;
      connection.handle({ data: () => undefined, close: (cause) => (error = cause) });
      for (let round = 0; round < 50; round++) {
        connection.write(Uint8Array.of(round));
        await client.timers.sleep(1);
      }
      if (error !== undefined) resets++;
      assert.deepEqual(
        received,
        received.map((_, index) => index),
      );
      assert.ok(error !== undefined || received.length === 50);
    });
  }
  assert.ok(resets > 5 && resets < 30, String(resets));
});
