// Threads in a simulation, by the same convention as real ones (src/env-node/node-threads.test.ts).
import assert from "node:assert/strict";
import { test } from "node:test";
import { createSimulation } from "./simulation.ts";
import type { Simulation } from "./simulation.ts";

function entry(code: string): URL {
  return new URL(`data:text/javascript,${encodeURIComponent(code)}`);
}

interface Outcome {
  readonly messages: unknown[];
  readonly end: Error | undefined;
  readonly trace: string;
}

async function runThread(code: string, posts: readonly unknown[] = [], simulation: Simulation = createSimulation(5)): Promise<Outcome> {
  const env = simulation.env();
  const messages: unknown[] = [];
  const end = await simulation.run(
    () =>
      new Promise<Error | undefined>((resolve) => {
        const thread = env.threads.spawn(
          entry(code),
          { name: "t", data: { a: 1 } },
          { message: (message) => messages.push(message), exit: resolve },
        );
        for (const post of posts) thread.post(post);
      }),
  );
  return { messages, end, trace: simulation.traceHash() };
}

test("a thread gets its data and an Env on the virtual clock, keeps messages in order, and ends when it closes its channel", async () => {
  const code = `export async function start(env, channel) {
    await env.timers.sleep(1000);
    channel.post({ data: channel.data, at: env.clock.monotonicMs() >= 1000 });
    channel.onMessage((message) => { channel.post(message); if (message === 9) channel.close(); });
  }`;
  const posts = [1, 2, 3, 4, 5, 6, 7, 8, 9];
  const first = await runThread(code, posts);
  assert.equal(first.end, undefined);
  assert.deepEqual(first.messages, [{ data: { a: 1 }, at: true }, ...posts]);
  assert.equal((await runThread(code, posts)).trace, first.trace, "imports do not disturb the trace");
});

test("messages are cloned", async () => {
  const shared = { count: 1 };
  const code =
    "export function start(env, channel) { channel.onMessage((message) => { message.count = 2; channel.post(message); channel.close(); }); }";
  const { messages } = await runThread(code, [shared]);
  assert.deepEqual([messages, shared], [[{ count: 2 }], { count: 1 }]);
});

test("an error in a thread ends the thread with it, not the simulation", async () => {
  for (const code of [
    "export async function start() { throw new Error('boom') }",
    "export function start(env) { env.timers.after(5, () => { throw new Error('boom') }) }",
    "export function start(env, channel) { channel.onMessage(() => { throw new Error('boom') }) }",
    "throw new Error('boom')",
  ]) {
    assert.match((await runThread(code, ["x"])).end!.message, /boom/, code);
  }
  assert.match((await runThread("export const other = 1")).end!.message, /does not export a function "start"/);
});

test("a thread with nothing left to do ends", async () => {
  assert.equal((await runThread("export function start() {}")).end, undefined);
});

test("nothing of a terminated thread runs any more", async () => {
  const simulation = createSimulation(2);
  const env = simulation.env();
  let ticks = 0;
  await simulation.run(async () => {
    const code = "export function start(env, channel) { const tick = () => { channel.post(0); env.timers.after(1, tick); }; tick(); }";
    const thread = env.threads.spawn(entry(code), { name: "t", data: null }, { message: () => ticks++, exit: () => undefined });
    await env.timers.sleep(100);
    assert.ok(ticks > 20);
    await thread.terminate();
    ticks = 0;
    await env.timers.sleep(100);
  });
  assert.equal(ticks, 0);
});
