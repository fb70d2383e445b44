// Fetch sessions (KIP-227): a client that merges what it is told always knows what a full request would tell; and who gets a session.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { Clock, Random } from "../env/clock.ts";
import { ErrorCode } from "../protocol/errors.ts";
import { newFetchPartition, newFetchRequest, newFetchTopic, newForgottenTopic, newPartitionData } from "../protocol/generated/fetch.gen.ts";
import { FetchSessions, type FetchContext } from "./fetch-sessions.ts";

const seed = process.env["MILLRACE_SEED"];

class World {
  nowMs = 0;
  readonly sessions: FetchSessions;
  #random = 1;

  constructor(slots = 1000) {
    const clock = { monotonicMs: () => this.nowMs } as Clock;
    const random = { uint32: () => (this.#random = (Math.imul(this.#random, 1103515245) + 12345) >>> 0) } as Random;
    this.sessions = new FetchSessions(clock, random, slots);
  }

  ask(sessionId: number, sessionEpoch: number, partitions: readonly number[], forgotten: readonly number[] = []): FetchContext | number {
    const topics =
      partitions.length === 0
        ? []
        : [newFetchTopic({ topic: "t", partitions: partitions.map((partition) => newFetchPartition({ partition })) })];
    const forgottenTopicsData = forgotten.length === 0 ? [] : [newForgottenTopic({ topic: "t", partitions: [...forgotten] })];
    return this.sessions.begin(newFetchRequest({ sessionId, sessionEpoch, topics, forgottenTopicsData }), false);
  }

  open(...partitions: number[]): number {
    return (this.ask(0, 0, partitions) as FetchContext).sessionId;
  }
}

const indexes = (context: FetchContext | number): number[] => (context as FetchContext).items.map(({ request }) => request.partition);

const step = fc.record({
  add: fc.uniqueArray(fc.nat(4), { maxLength: 2 }),
  forget: fc.uniqueArray(fc.nat(4), { maxLength: 2 }),
  moved: fc.array(fc.tuple(fc.nat(4), fc.constantFrom("records", "mark", "start", "error", "mended")), { maxLength: 3 }),
});

it("tells a client that merges the answers all it would be told without a session", () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 12 }), (steps) => {
      const world = new World();
      const truth = Array.from({ length: 5 }, () => ({ highWatermark: 0, logStartOffset: 0, errorCode: 0 }));
      const told = new Map<number, (typeof truth)[number]>();
      const interest = new Set([0]);
      let context = world.ask(0, 0, [0]) as FetchContext;
      let epoch = 1;
      for (const { add, forget, moved } of [{ add: [], forget: [], moved: [] }, ...steps]) {
        const news = new Set<number>();
        for (const [partition, what] of moved) {
          const state = truth[partition]!;
          if (what === "records") news.add(partition);
          else if (what === "mark") state.highWatermark++;
          else if (what === "start") state.logStartOffset++;
          else state.errorCode = what === "error" ? 5 : 0;
        }
        if (interest.size > 0 && epoch > 1) {
          for (const partition of add) interest.add(partition);
          for (const partition of forget) interest.delete(partition);
          for (const partition of forget) told.delete(partition);
          const next = world.ask(context.sessionId, epoch - 1, add, forget);
          assert.notEqual(typeof next, "number");
          context = next as FetchContext;
        }
        epoch++;
        // A request that leaves nothing ends the session, and is answered for itself.
        assert.deepEqual(new Set(indexes(context)), interest.size > 0 ? interest : new Set(add));
        for (const item of context.items) {
          const { partition } = item.request;
          const state = truth[partition]!;
          const answer = newPartitionData({ partitionIndex: partition, ...state, records: new Uint8Array(news.has(partition) ? 1 : 0) });
          const isTold = context.tells(item, answer);
          if (news.has(partition) || state.errorCode !== 0) assert.ok(isTold, `partition ${partition} has news`);
          if (isTold) told.set(partition, { ...state });
        }
        for (const partition of interest) assert.deepEqual(told.get(partition), truth[partition], `partition ${partition}`);
        if (interest.size === 0) return;
      }
    }),
    seed === undefined ? {} : { seed: Number(seed) },
  );
});

describe("a session", () => {
  it("reads the partitions that had records last, so that none starves", () => {
    const world = new World();
    const id = world.open(0, 1, 2);
    const context = world.ask(id, 1, []) as FetchContext;
    for (const item of context.items) {
      const records = new Uint8Array(item.request.partition === 0 ? 9 : 0);
      context.tells(item, newPartitionData({ partitionIndex: item.request.partition, records }));
    }
    assert.deepEqual(indexes(world.ask(id, 2, [])), [1, 2, 0]);
  });

  it("takes each epoch once and in turn", () => {
    const world = new World();
    const id = world.open(0);
    assert.equal(world.ask(id, 2, []), ErrorCode.INVALID_FETCH_SESSION_EPOCH);
    assert.deepEqual(indexes(world.ask(id, 1, [])), [0]);
    assert.equal(world.ask(id, 1, []), ErrorCode.INVALID_FETCH_SESSION_EPOCH);
    assert.equal(world.ask(id + 1, 2, []), ErrorCode.FETCH_SESSION_ID_NOT_FOUND);
  });

  it("ends with a request of epoch -1, with a new one in its place, or with its last partition", () => {
    const world = new World();
    const [first, second, third] = [world.open(0), world.open(0), world.open(0)];
    assert.equal((world.ask(first, -1, [0]) as FetchContext).sessionId, 0);
    const renewed = (world.ask(second, 0, [1]) as FetchContext).sessionId;
    assert.equal((world.ask(third, 1, [], [0]) as FetchContext).sessionId, 0);
    for (const gone of [first, second, third]) assert.equal(world.ask(gone, 2, []), ErrorCode.FETCH_SESSION_ID_NOT_FOUND);
    assert.deepEqual(world.sessions.metrics, { sessions: 1, partitions: 1, evictions: 0 });
    assert.deepEqual(indexes(world.ask(renewed, 1, [])), [1]);
  });

  it("of names is none of ids", () => {
    const world = new World();
    const id = world.open(0);
    assert.equal(world.sessions.begin(newFetchRequest({ sessionId: id, sessionEpoch: 1 }), true), ErrorCode.FETCH_SESSION_TOPIC_ID_ERROR);
  });

  it("makes room for a larger one at once, for any other after two minutes", () => {
    const world = new World(2);
    const [small, large] = [world.open(0), world.open(0, 1, 2)];
    assert.equal(world.open(5), 0);
    const middle = world.open(3, 4);
    assert.notEqual(middle, 0);
    assert.equal(world.ask(small, 1, []), ErrorCode.FETCH_SESSION_ID_NOT_FOUND);
    world.nowMs += 100_000;
    assert.deepEqual(indexes(world.ask(large, 1, [])), [0, 1, 2]);
    world.nowMs += 30_000;
    assert.notEqual(world.open(5), 0);
    assert.equal(world.ask(middle, 1, []), ErrorCode.FETCH_SESSION_ID_NOT_FOUND);
    assert.equal(world.sessions.metrics.evictions, 2);
  });

  it("is not kept where none may be", () => assert.equal(new World(0).open(0), 0));
});
