// What Network promises, held against TCP on loopback and the simulated network.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Env } from "../../env/env.ts";
import type { Connection, ConnectionHandlers } from "../../env/network.ts";
import { WORLDS } from "./worlds.ts";

const HOST = "127.0.0.1";

/** A connection whose events are collected and can be awaited. */
class Probe {
  readonly connection: Connection;
  readonly received: number[] = [];
  drains = 0;
  readonly closed: Promise<Error | undefined>;
  #waiting: (() => void)[] = [];

  constructor(connection: Connection, onData?: (probe: Probe, bytes: Uint8Array) => void) {
    this.connection = connection;
    this.closed = new Promise((resolve) => {
      const handlers: ConnectionHandlers = {
        data: (bytes) => {
          for (const byte of bytes) this.received.push(byte);
          onData?.(this, bytes);
          this.#wake();
        },
        drain: () => {
          this.drains++;
          this.#wake();
        },
        close: resolve,
      };
      connection.handle(handlers);
    });
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

interface Pair {
  readonly near: Probe;
  readonly far: Probe;
  close(): Promise<void>;
}

async function pair(env: Env): Promise<Pair> {
  let accepted: (probe: Probe) => void;
  const accepting = new Promise<Probe>((resolve) => (accepted = resolve));
  const listener = await env.network.listen({ host: HOST, port: 0 }, (connection) => accepted(new Probe(connection)));
  const near = new Probe(await env.network.connect(listener.address));
  return { near, far: await accepting, close: () => listener.close() };
}

function pattern(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => (index * 31 + (index >> 8)) & 0xff);
}

for (const world of WORLDS) {
  const contract = (sentence: string, body: (env: Env) => Promise<void>): void => {
    test(`${world.name}: ${sentence}`, { timeout: 20_000 }, () => world.run((env) => body(env)));
  };

  contract("bytes arrive in order, in both directions, however they were cut", async (env) => {
    const { near, far, close } = await pair(env);
    const sent = pattern(300_000);
    for (let at = 0, step = 1; at < sent.length; at += step, step = (step * 7) % 9973) near.connection.write(sent.subarray(at, at + step));
    far.connection.write(Uint8Array.of(1, 2, 3));
    await far.until(() => far.received.length === sent.length);
    await near.until(() => near.received.length === 3);
    assert.deepEqual(Uint8Array.from(far.received), sent);
    assert.deepEqual(near.received, [1, 2, 3]);
    await close();
  });

  contract("bytes whose taking was told may be overwritten, and are told in order, once each", async (env) => {
    const { near, far, close } = await pair(env);
    const sent = pattern(900_000);
    const told: number[] = [];
    const PIECE = 90_000;
    for (let at = 0; at < sent.length; at += PIECE) {
      const piece = sent.slice(at, at + PIECE);
      near.connection.write(piece, () => {
        told.push(at / PIECE);
        piece.fill(0);
      });
    }
    await far.until(() => far.received.length === sent.length);
    while (told.length < 10) await env.timers.sleep(1);
    assert.deepEqual(Uint8Array.from(far.received), sent);
    assert.deepEqual(told, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    await close();
  });

  contract("the taking of bytes that stay behind in a destroyed connection is not told", async (env) => {
    const { near, far, close } = await pair(env);
    far.connection.pause();
    let told = 0;
    for (let i = 0; i < 100; i++) near.connection.write(new Uint8Array(1_000_000), () => told++);
    await env.timers.sleep(20);
    near.connection.destroy();
    await env.timers.sleep(20);
    far.connection.destroy();
    assert.ok(told < 100, `${told} of 100 megabytes were taken although nobody read`);
    await close();
  });

  contract("a connection knows both its ends", async (env) => {
    const { near, far, close } = await pair(env);
    assert.deepEqual(near.connection.remote.port, far.connection.local.port);
    assert.deepEqual(near.connection.local.port, far.connection.remote.port);
    await close();
  });

  contract("what was sent before the handlers came is not lost, nor is the end", async (env) => {
    const listener = await env.network.listen({ host: HOST, port: 0 }, (connection) => {
      const probe = new Probe(connection);
      probe.connection.write(Uint8Array.of(1, 2, 3));
      probe.connection.end();
    });
    const connection = await env.network.connect(listener.address);
    await env.timers.sleep(20);
    const probe = new Probe(connection);
    assert.equal(await probe.closed, undefined);
    assert.deepEqual(probe.received, [1, 2, 3]);
    await listener.close();
  });

  contract("end() sends what is queued first, then both ends close in order", async (env) => {
    const { near, far, close } = await pair(env);
    const sent = pattern(600_000);
    near.connection.write(sent);
    near.connection.end();
    assert.equal(await far.closed, undefined);
    assert.equal(await near.closed, undefined);
    assert.equal(far.received.length, sent.length);
    near.connection.write(Uint8Array.of(1)); // ignored
    near.connection.end();
    near.connection.destroy();
    await close();
  });

  contract("end() with input unread still delivers what was written", async (env) => {
    const { near, far, close } = await pair(env);
    far.connection.pause();
    near.connection.write(pattern(50_000));
    await env.timers.sleep(20);
    far.connection.write(Uint8Array.of(7, 8, 9));
    far.connection.end();
    assert.equal(await near.closed, undefined);
    assert.deepEqual(near.received, [7, 8, 9]);
    await close();
  });

  contract("a paused reader stops the writer, who is told when to go on", async (env) => {
    const { near, far, close } = await pair(env);
    far.connection.pause();
    const chunk = pattern(64 * 1024);
    let written = 0;
    while (written < 64 * 1024 * 1024) {
      written += chunk.length;
      if (!near.connection.write(chunk)) {
        const before = near.drains;
        const drained = near.until(() => near.drains > before).then(() => true);
        if (!(await Promise.race([drained, env.timers.sleep(100).then(() => false)]))) break;
      }
    }
    assert.ok(written < 64 * 1024 * 1024, "the writer never stopped");
    assert.ok(near.connection.bufferedBytes > 0);
    assert.equal(far.received.length, 0);
    far.connection.resume();
    await near.until(() => near.drains > 0);
    await far.until(() => far.received.length === written);
    await close();
  });

  contract("corked writes wait for the last uncork", async (env) => {
    const { near, far, close } = await pair(env);
    near.connection.cork();
    near.connection.cork();
    near.connection.write(Uint8Array.of(1));
    near.connection.uncork();
    await env.timers.sleep(20);
    assert.deepEqual(far.received, []);
    near.connection.write(Uint8Array.of(2));
    near.connection.uncork();
    await far.until(() => far.received.length === 2);
    await close();
  });

  contract("destroy() closes at once, and nothing is received after close", async (env) => {
    const { near, far, close } = await pair(env);
    near.connection.destroy(new Error("had enough"));
    assert.match((await near.closed)!.message, /had enough/);
    await far.closed;
    far.connection.write(Uint8Array.of(1));
    await env.timers.sleep(20);
    assert.deepEqual(near.received, []);
    await close();
  });

  contract("nothing listening is ECONNREFUSED", async (env) => {
    const listener = await env.network.listen({ host: HOST, port: 0 }, () => undefined);
    await listener.close();
    await assert.rejects(env.network.connect(listener.address), { code: "ECONNREFUSED" });
  });

  contract("a port has one listener; closing it closes its connections and frees the port", async (env) => {
    const { far, near, close } = await pair(env);
    const { port } = far.connection.local;
    await assert.rejects(
      env.network.listen({ host: HOST, port }, () => undefined),
      { code: "EADDRINUSE" },
    );
    await close();
    await Promise.all([near.closed, far.closed]);
    await (await env.network.listen({ host: HOST, port }, () => undefined)).close();
  });

  contract("a connect can be aborted, before and during", async (env) => {
    const listener = await env.network.listen({ host: HOST, port: 0 }, (connection) => void new Probe(connection));
    await assert.rejects(env.network.connect(listener.address, { signal: AbortSignal.abort(new Error("before")) }), /before/);
    const controller = new AbortController();
    const connecting = env.network.connect(listener.address, { signal: controller.signal });
    controller.abort(new Error("during"));
    await assert.rejects(connecting, /during/);
    await listener.close();
  });

  contract("the receiver may change what it got without changing what was sent", async (env) => {
    const { near, far, close } = await pair(env);
    const sent = pattern(1000);
    near.connection.write(sent);
    await far.until(() => far.received.length === 1000);
    assert.deepEqual(sent, pattern(1000));
    await close();
  });
}
