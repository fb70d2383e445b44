// Real worker threads: the entry convention, messages in both directions, and every way of ending.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createNodeEnv } from "./node-env.ts";

const env = createNodeEnv({ logLevel: "error" });

function entry(code: string): URL {
  return new URL(`data:text/javascript,${encodeURIComponent(code)}`);
}

test("a thread gets its data and an Env of its own, answers messages, and ends when it closes its channel", async () => {
  const code = `export function start(env, channel) {
    channel.post({ data: channel.data, time: typeof env.clock.now() });
    channel.onMessage((message) => { channel.post({ echo: message }); channel.close(); });
  }`;
  const received: unknown[] = [];
  const end = await new Promise<Error | undefined>((resolve) => {
    const thread = env.threads.spawn(
      entry(code),
      { name: "echo", data: { a: 1 } },
      { message: (message) => received.push(message), exit: resolve },
    );
    thread.post("hello");
  });
  assert.equal(end, undefined);
  assert.deepEqual(received, [{ data: { a: 1 }, time: "number" }, { echo: "hello" }]);
});

test("an error in a thread, at its start or later, ends it with that error", async () => {
  for (const code of [
    "export async function start() { throw new Error('boom') }",
    "export function start() { setTimeout(() => { throw new Error('boom') }) }",
    "throw new Error('boom')",
  ]) {
    const end = await new Promise<Error | undefined>((resolve) => {
      env.threads.spawn(entry(code), { name: "bad", data: null }, { message: () => undefined, exit: resolve });
    });
    assert.match(end!.message, /boom/);
  }
});

test("a module without start is an error that says so", async () => {
  const end = await new Promise<Error | undefined>((resolve) => {
    env.threads.spawn(entry("export const other = 1"), { name: "bad", data: null }, { message: () => undefined, exit: resolve });
  });
  assert.match(end!.message, /does not export a function "start"/);
});

test("a spinning thread can be terminated, and that is no error", async () => {
  await new Promise<void>((resolve, reject) => {
    const thread = env.threads.spawn(
      entry("export function start(env, channel) { channel.post('on'); for (;;); }"),
      { name: "spin", data: null },
      { message: () => void thread.terminate(), exit: (error) => (error === undefined ? resolve() : reject(error)) },
    );
  });
});
