// The simulated world as a whole: one seed, one trace; deadlocks are told; the dead stay dead.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Env } from "../../env/env.ts";
import { createSimulation } from "./simulation.ts";
import type { Simulation } from "./simulation.ts";

/** A bit of everything: files, timers, connections, compression, random numbers. */
async function busyProgram(env: Env): Promise<void> {
  const file = await env.files.open("/a", "w+");
  const listener = await env.network.listen({ host: "localhost", port: 0 }, (connection) => {
    connection.handle({ data: (bytes) => connection.write(bytes), close: () => undefined });
  });
  const connection = await env.network.connect(listener.address);
  let echoed = 0;
  connection.handle({ data: (bytes) => (echoed += bytes.length), close: () => undefined });
  for (let round = 0; round < 20; round++) {
    const bytes = env.random.bytes(1 + (env.random.uint32() % 3000));
    connection.write(bytes);
    await Promise.all([file.write([bytes], round * 3000), env.timers.sleep(env.random.float())]);
    await file.datasync();
    await env.compression.compress("gzip", bytes);
  }
  while (echoed < 20) await env.timers.sleep(1);
  await listener.close();
  await file.close();
}

async function traceOf(seed: number, program: (env: Env) => Promise<void> = busyProgram): Promise<string> {
  const simulation = createSimulation(seed);
  await simulation.run(() => program(simulation.env()));
  return simulation.traceHash();
}

test("the same seed gives the same trace, another seed another one", async () => {
  assert.equal(await traceOf(7), await traceOf(7));
  assert.notEqual(await traceOf(7), await traceOf(8));
});

test("one byte written differently changes the trace", async () => {
  const write = (byte: number) => async (env: Env) => {
    const file = await env.files.open("/a", "w+");
    await file.write([Uint8Array.of(byte)], 0);
  };
  assert.equal(await traceOf(1, write(1)), await traceOf(1, write(1)));
  assert.notEqual(await traceOf(1, write(1)), await traceOf(1, write(2)));
});

test("virtual hours pass at once, and timers fire in the order of their times", async () => {
  const simulation = createSimulation(1);
  const { timers, clock } = simulation.env();
  const fired: string[] = [];
  const start = clock.now();
  await simulation.run(async () => {
    timers.after(50, () => fired.push("50"));
    timers.after(10, () => fired.push("10a"));
    timers.after(10, () => fired.push("10b"));
    timers.after(20, () => fired.push("cancelled")).cancel();
    await timers.sleep(30 * 60_000);
  });
  assert.deepEqual(fired, ["10a", "10b", "50"]);
  assert.equal(clock.now() - start, 30 * 60_000);
  assert.equal(clock.monotonicMs(), 30 * 60_000);
  simulation.clock.jumpWallClock(-5000);
  assert.equal(clock.now() - start, 30 * 60_000 - 5000);
});

test("all microtasks of an event run before the next event", async () => {
  const simulation = createSimulation(1);
  const { timers } = simulation.env();
  const order: string[] = [];
  await simulation.run(async () => {
    timers.after(1, () => {
      void (async () => {
        for (let step = 0; step < 100; step++) await Promise.resolve();
        order.push("microtasks of the first");
      })();
    });
    timers.after(1, () => order.push("second"));
    await timers.sleep(2);
  });
  assert.deepEqual(order, ["microtasks of the first", "second"]);
});

test("a body that waits for what nobody will do is a deadlock, and says what is open", async () => {
  const simulation = createSimulation(1);
  const env = simulation.env();
  const waiting = simulation.run(async () => {
    await env.network.listen({ host: "localhost", port: 9092 }, () => undefined);
    await new Promise(() => undefined);
  });
  await assert.rejects(
    waiting,
    (error: Error & { code?: string }) => error.code === "DEADLOCK" && error.message.includes("listener localhost:9092"),
  );
});

test("only unref'd timers and nothing open is a deadlock as well: a process would exit", async () => {
  const simulation = createSimulation(1);
  const { timers } = simulation.env();
  const tick = (): void => void timers.after(1000, tick, { unref: true });
  tick();
  await assert.rejects(
    simulation.run(() => new Promise(() => undefined)),
    { code: "DEADLOCK" },
  );
});

test("a body that never ends although things happen is stopped at its limits", async () => {
  const simulation = createSimulation(1);
  const { timers } = simulation.env();
  const tick = (): void => void timers.after(1000, tick);
  tick();
  const never = (): Promise<void> => new Promise(() => undefined);
  await assert.rejects(simulation.run(never, { maxVirtualMs: 60_000 }), { code: "ENDLESS" });
  await assert.rejects(simulation.run(never, { maxEvents: 10 }), { code: "ENDLESS" });
});

test("an error thrown in a timer or a handler fails the run", async () => {
  const simulation = createSimulation(1);
  const env = simulation.env();
  const inTimer = simulation.run(async () => {
    env.timers.after(1, () => {
      throw new Error("in a timer");
    });
    await env.timers.sleep(1000);
  });
  await assert.rejects(inTimer, /in a timer/);
  const inHandler = simulation.run(async () => {
    const listener = await env.network.listen({ host: "localhost", port: 0 }, (connection) => {
      connection.handle({
        data() {
          throw new Error("in a handler");
        },
        close: () => undefined,
      });
    });
    (await env.network.connect(listener.address)).write(Uint8Array.of(1));
    await env.timers.sleep(1000);
  });
  await assert.rejects(inHandler, /in a handler/);
});

test("run() can be called again, and not within itself", async () => {
  const simulation = createSimulation(1);
  const { timers } = simulation.env();
  await simulation.run(() => timers.sleep(5));
  await simulation.run(() => timers.sleep(5));
  assert.equal(simulation.clock.monotonicMs(), 10);
  await simulation.run(() =>
    assert.rejects(
      simulation.run(() => timers.sleep(5)),
      /does not nest/,
    ),
  );
});

/** Starts a process that ticks, serves and writes for ever; says what it does. */
async function startService(env: Env, did: string[]): Promise<void> {
  const tick = (): void => {
    did.push("tick");
    env.timers.after(1, tick);
  };
  tick();
  await env.files.lockDirectory("/data");
  await env.network.listen({ host: "localhost", port: 9092 }, (connection) => {
    connection.handle({ data: () => did.push("data"), close: () => did.push("close") });
  });
}

function withData(seed: number): Simulation {
  const simulation = createSimulation(seed);
  simulation.files.provideDirectory("/data");
  return simulation;
}

for (const end of ["crash", "kill"] as const) {
  test(`after a ${end} nothing runs for the dead: no timer, no handler, no file, no lock, no listener`, async () => {
    const simulation = withData(3);
    const did: string[] = [];
    const env = simulation.env();
    const client = simulation.env("client");
    await simulation.run(async () => {
      await startService(env, did);
      const connection = await client.network.connect({ host: "localhost", port: 9092 });
      const closed = new Promise<Error | undefined>((resolve) => connection.handle({ data: () => undefined, close: resolve }));
      connection.write(Uint8Array.of(1));
      await client.timers.sleep(5);
      const pending = assert.rejects(env.files.stat("/data"), { code: "ECRASHED" });
      simulation[end]();
      assert.ok(did.includes("data") && did.includes("tick"));
      did.length = 0;
      assert.equal(((await closed) as Error & { code: string }).code, "ECONNRESET");
      await pending;
      await assert.rejects(env.files.open("/data/a", "w+"), { code: "ECRASHED" });
      await assert.rejects(env.network.connect({ host: "localhost", port: 1 }), { code: "ECRASHED" });
      await assert.rejects(client.network.connect({ host: "localhost", port: 9092 }), { code: "ECONNREFUSED" });
      if (end === "crash") {
        assert.throws(() => simulation.env(), /restart/);
        simulation.restart();
      }
      const next = simulation.env();
      await startService(next, []);
      await assert.rejects(env.files.open("/data/a", "w+"), { code: "ECRASHED" });
      await client.timers.sleep(100);
    });
    assert.deepEqual(did, []);
  });
}

test("a kill keeps what was written, a crash that loses everything does not", async () => {
  for (const end of ["kill", "crash"] as const) {
    const simulation = withData(1);
    const env = simulation.env();
    await simulation.run(async () => {
      const file = await env.files.open("/data/a", "w+");
      await env.files.syncDirectory("/data");
      await file.write([Uint8Array.of(1, 2, 3)], 0);
    });
    if (end === "kill") simulation.kill();
    else simulation.crash("localhost", { style: "lose" });
    simulation.restart();
    assert.equal(simulation.files.peek("/data/a")!.length, end === "kill" ? 3 : 0);
  }
});

test("hosts have disks of their own and crash alone", async () => {
  const simulation = createSimulation(1);
  const a = simulation.env("a");
  const b = simulation.env("b");
  await simulation.run(async () => {
    await (await a.files.open("/x", "w+")).close();
    assert.equal(await b.files.stat("/x"), undefined);
    simulation.crash("a");
    await (await b.files.open("/x", "w+")).close();
  });
});

test("log lines are kept with their virtual time", async () => {
  const simulation = createSimulation(1);
  const env = simulation.env("broker");
  await simulation.run(async () => {
    await env.timers.sleep(12);
    env.logger.log("warn", "disk-slow", { ms: 12, error: new Error("x") });
  });
  assert.deepEqual(simulation.logLines, ['12.000 broker/100 warn disk-slow {"ms":12,"error":"x"}']);
});
