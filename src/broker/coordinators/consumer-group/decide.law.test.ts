// Groups of the new protocol under random members, subscriptions, growth of topics, silence and lost answers: no partition is ever held
// by two, and when the storm is over everybody has an even share of everything.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { ASSIGNORS } from "./assignors.ts";
import { checkMemberEpoch, heartbeat, overdue, without } from "./decide.ts";
import { recordsOf, replayRecord } from "./records.ts";
import { FIRST_EPOCH, LEAVE, LEFT_STATIC, newConsumerGroup, phaseOf, sameSet, type ConsumerGroupState, type TopicsView } from "./state.ts";

const seed = process.env["MILLRACE_SEED"];
const limits = { sessionTimeoutMs: 45_000, assignmentIntervalMs: 0, maxSize: 100 };
/** Sixteen bytes of one letter, as topic ids are written. */
const idOf = (name: string): string => Buffer.alloc(16, name).toString("base64url");

/** One client that does what it is told. */
interface Client {
  epoch: number;
  owned: Set<string>;
  topics: readonly string[];
}

class Group {
  state: ConsumerGroupState = newConsumerGroup("g");
  now = 0;
  readonly sizes = new Map([["a", 3], ["b", 4], ["c", 1]]); // prettier-ignore
  readonly clients = new Map<string, Client>();
  readonly log = new Map<string, ConsumerGroupState>();
  readonly view: TopicsView = {
    byId: (id) => ({ name: id }),
    byName: (name) => {
      const partitions = this.sizes.get(name);
      return partitions === undefined ? undefined : { id: idOf(name), partitions };
    },
    matching: () => [...this.sizes.keys()],
  };

  /** `lost`: the answer does not reach the client. */
  beat(memberId: string, lost = false, assignor: string | null = null): void {
    const client = this.clients.get(memberId)!;
    const { epoch, owned, topics } = client;
    const joins = epoch === 0;
    const identity = { memberId, instanceId: null, rackId: null, clientId: "c", clientHost: "/h" };
    const request = {
      ...identity,
      epoch,
      rebalanceTimeoutMs: 60_000,
      topics,
      regex: null,
      assignor,
      owned: joins ? new Set<string>() : new Set(owned),
    };
    try {
      const decided = heartbeat(this.state, request, this.view, this.now, limits);
      this.become(decided.state);
      if (lost) return;
      client.epoch = decided.reply.epoch;
      if (decided.reply.assignment !== null) client.owned = new Set(decided.reply.assignment);
    } catch {
      client.epoch = 0; // fenced or forgotten: it gives everything up and starts again
      client.owned = new Set();
    }
  }

  become(next: ConsumerGroupState): void {
    for (const { key, value } of recordsOf(this.state, next)) assert.ok(replayRecord(this.log, key, value, this.now + 45_000));
    this.state = next;
  }

  check(): void {
    const holders = new Map<string, string>();
    for (const member of this.state.members.values()) {
      for (const partition of [...member.assigned, ...member.revoking]) {
        assert.ok(!holders.has(partition), `${partition} is held by ${holders.get(partition)} and ${member.memberId}`);
        holders.set(partition, member.memberId);
      }
    }
  }
}

const member = fc.constantFrom("m0", "m1", "m2", "m3");
const topics = fc.constantFrom(["a"], ["a", "b"], ["b", "c"], ["a", "b", "c"], ["missing"]);
const command = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("beat" as const), member, topics, lost: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("subscribe" as const), member, topics, lost: fc.constant(false) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom("leave" as const, "grow" as const, "silence" as const), member, topics, lost: fc.constant(false) }) }, // prettier-ignore
);

it("never gives a partition to two members, and shares everything evenly in the end", () => {
  fc.assert(
    fc.property(fc.array(command, { maxLength: 60 }), fc.constantFrom("uniform", "range"), (commands, assignor) => {
      const group = new Group();
      for (const { kind, member: id, topics: wish, lost } of commands) {
        group.now += 1000;
        const client = group.clients.get(id);
        if (kind === "grow") group.sizes.set(wish[0]!, (group.sizes.get(wish[0]!) ?? 0) + 1);
        else if (kind === "silence") {
          group.now += 46_000;
          group.become(without(group.state, overdue(group.state, group.now), group.view));
        } else if (kind === "leave" && client !== undefined) {
          group.clients.delete(id);
          if (group.state.members.has(id)) {
            const nothing = { instanceId: null, rackId: null, clientId: "", clientHost: "", rebalanceTimeoutMs: -1, topics: null, regex: null, assignor: null, owned: null }; // prettier-ignore
            group.become(heartbeat(group.state, { memberId: id, epoch: LEAVE, ...nothing }, group.view, group.now, limits).state);
          }
        } else if (kind !== "leave") {
          if (client === undefined) group.clients.set(id, { epoch: 0, owned: new Set(), topics: wish });
          else if (kind === "subscribe") client.topics = wish;
          group.beat(id, lost, assignor);
        }
        group.check();
      }
      for (let round = 0; round < 12; round++) for (const id of group.clients.keys()) group.beat(id, false, assignor);
      group.check();
      assert.ok(group.clients.size === 0 || ["Stable", "Empty"].includes(phaseOf(group.state)), phaseOf(group.state));
      for (const [id, client] of group.clients) {
        assert.ok(sameSet(client.owned, group.state.target.get(id)!), `${id} has what it shall have`);
        for (const key of client.owned)
          assert.ok(
            client.topics.some((name) => key.startsWith(`${idOf(name)}:`)),
            `${id} reads ${key}`,
          );
      }
      const wanted = new Set([...group.clients.values()].flatMap((client) => client.topics));
      const expected = [...wanted].reduce((sum, name) => sum + (group.sizes.get(name) ?? 0), 0);
      assert.equal([...group.clients.values()].reduce((sum, { owned }) => sum + owned.size, 0), expected); // prettier-ignore
      const restored = group.log.get("g");
      assert.equal(restored?.epoch ?? FIRST_EPOCH, group.state.epoch);
      for (const [id, kept] of group.state.members) {
        const back = restored!.members.get(id)!;
        assert.deepEqual([back.epoch, back.phase, back.topics, back.assigned, back.since, back.revoking], [kept.epoch, kept.phase, kept.topics, kept.assigned, kept.since, kept.revoking]); // prettier-ignore
      }
    }),
    { numRuns: 200, ...(seed === undefined ? {} : { seed: Number(seed) }) },
  );
});

it("takes commits of an older epoch for partitions a member has had since then, and no others", () => {
  const group = new Group();
  for (const id of ["m0", "m1"]) group.clients.set(id, { epoch: 0, owned: new Set(), topics: ["b"] });
  group.beat("m0");
  group.beat("m1");
  group.beat("m0");
  group.beat("m0");
  const [kept] = group.clients.get("m0")!.owned;
  group.beat("m1");
  const [got] = group.clients.get("m1")!.owned;
  assert.deepEqual([group.clients.get("m0")!.epoch, group.clients.get("m1")!.epoch], [3, 3]);
  const check = (id: string, epoch: number, partition: string): number => checkMemberEpoch(group.state, id, epoch, [partition]);
  assert.deepEqual([check("m0", 3, kept!), check("m0", 2, kept!), check("m0", 4, kept!)], [0, 0, 113]);
  assert.deepEqual([check("m1", 3, got!), check("m1", 2, got!), check("m0", 2, got!)], [0, 113, 113]);
});

describe("the assignors", () => {
  const subscribe = (memberId: string, names: string[], previous: string[] = []) => ({
    memberId,
    instanceId: null,
    topics: new Set(names),
    previous: new Set(previous),
  });
  const assign = (name: string, ...args: Parameters<NonNullable<ReturnType<typeof ASSIGNORS.get>>>) => Object.fromEntries([...ASSIGNORS.get(name)!(...args)].map(([id, set]) => [id, [...set].sort()])); // prettier-ignore

  it("range gives equal topics equally, so that keys meet", () => {
    const two = [subscribe("y", ["t", "u"]), subscribe("x", ["t", "u"])];
    assert.deepEqual(assign("range", two, new Map([["t", 3], ["u", 3]])), { x: ["t:0", "t:1", "u:0", "u:1"], y: ["t:2", "u:2"] }); // prettier-ignore
  });

  it("uniform is even and moves no more than it must", () => {
    const had = [subscribe("x", ["t"], ["t:0", "t:1", "t:2", "t:3"]), subscribe("y", ["t"])];
    const shared = assign("uniform", had, new Map([["t", 4]]));
    assert.deepEqual([shared["x"]!.length, shared["y"]!.length], [2, 2]);
    assert.ok(shared["x"]!.every((key) => ["t:0", "t:1", "t:2", "t:3"].includes(key)));
    const again = [subscribe("x", ["t"], shared["x"]), subscribe("y", ["t"], shared["y"])];
    assert.deepEqual(assign("uniform", again, new Map([["t", 4]])), shared);
  });

  it("uniform gives a topic to those who read it, however uneven that is", () => {
    const uneven = [subscribe("x", ["t", "u"]), subscribe("y", ["u"])];
    assert.deepEqual(assign("uniform", uneven, new Map([["t", 3], ["u", 2]])), { x: ["t:0", "t:1", "t:2"], y: ["u:0", "u:1"] }); // prettier-ignore
  });
});

describe("a static member", () => {
  const base = { rackId: null, clientId: "c", clientHost: "/h", rebalanceTimeoutMs: 1000, topics: ["a"], regex: null, assignor: null };
  const nothing = new Set<string>();

  it("that leaves for a while is succeeded by whoever comes with its instance id, who gets its partitions at once", () => {
    const { view } = new Group();
    const first = heartbeat(
      newConsumerGroup("g"),
      { ...base, memberId: "one", instanceId: "i", epoch: 0, owned: nothing },
      view,
      0,
      limits,
    );
    assert.throws(() => heartbeat(first.state, { ...base, memberId: "two", instanceId: "i", epoch: 0, owned: nothing }, view, 1, limits), { code: "UNRELEASED_INSTANCE_ID" }); // prettier-ignore
    const away = heartbeat(first.state, { ...base, memberId: "one", instanceId: "i", epoch: LEFT_STATIC, owned: null }, view, 2, limits);
    assert.equal(away.reply.epoch, LEFT_STATIC);
    const second = heartbeat(away.state, { ...base, memberId: "two", instanceId: "i", epoch: 0, owned: nothing }, view, 3, limits);
    assert.deepEqual(second.reply.assignment, first.reply.assignment);
    assert.equal(second.state.epoch, first.state.epoch);
    assert.throws(() => heartbeat(second.state, { ...base, memberId: "one", instanceId: "i", epoch: 2, owned: nothing }, view, 4, limits), { code: "FENCED_INSTANCE_ID" }); // prettier-ignore
  });
});
