// The group coordinator's decisions by example: joins, generations, sessions, static members, offset commits.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ErrorCode } from "../../../protocol/errors.ts";
import { GroupScript, utf8 } from "./group-script.ts";
import { nextGroupDeadline } from "./state.ts";
import { checkCommit } from "./validate.ts";

describe("joining", () => {
  it("makes a first member the leader of generation 1 at once when there is no initial delay", () => {
    const group = new GroupScript();
    const reply = group.join("", { fresh: "a" });
    assert.equal(reply?.error, ErrorCode.NONE);
    assert.deepEqual([reply.generation, reply.leader, reply.memberId, reply.protocol], [1, "a", "a", "range"]);
    assert.deepEqual(
      reply.members.map((member) => member.memberId),
      ["a"],
    );
    assert.equal(group.state.phase, "CompletingRebalance");
  });

  it("waits for the initial delay and extends it while newcomers arrive, at most to the rebalance timeout", () => {
    const group = new GroupScript({ initialRebalanceDelayMs: 3000 });
    assert.equal(group.join("", { fresh: "a", rebalanceTimeoutMs: 7000 }), undefined);
    group.advance(2000);
    assert.equal(group.join("", { fresh: "b", rebalanceTimeoutMs: 7000 }), undefined);
    group.advance(1000);
    assert.equal(group.state.phase, "PreparingRebalance");
    group.advance(3000);
    assert.equal(group.state.phase, "CompletingRebalance");
    assert.equal(group.state.members.size, 2);
    assert.equal(group.lastJoin("a")?.members.length, 2);
    assert.equal(group.lastJoin("b")?.members.length, 0);
  });

  it("asks a member to come back with its id before it counts", () => {
    const group = new GroupScript();
    const first = group.join("", { fresh: "a", known: true });
    assert.deepEqual([first?.error, first?.memberId], [ErrorCode.MEMBER_ID_REQUIRED, "a"]);
    assert.equal(group.state.members.size, 0);
    assert.equal(group.join("a")?.generation, 1);
  });

  it("forgets a member id that never comes back", () => {
    const group = new GroupScript();
    group.join("", { fresh: "a", known: true, sessionTimeoutMs: 5000 });
    group.advance(5000);
    assert.equal(group.join("a")?.error, ErrorCode.UNKNOWN_MEMBER_ID);
  });

  it("refuses session timeouts outside the limits and protocols nobody shares", () => {
    const group = new GroupScript();
    assert.equal(group.join("", { sessionTimeoutMs: 10 })?.error, ErrorCode.INVALID_SESSION_TIMEOUT);
    assert.equal(group.join("", { protocols: [] })?.error, ErrorCode.INCONSISTENT_GROUP_PROTOCOL);
    group.join("", { fresh: "a", protocols: ["range"] });
    assert.equal(group.join("", { protocols: ["sticky"] })?.error, ErrorCode.INCONSISTENT_GROUP_PROTOCOL);
  });

  it("refuses members beyond group.max.size but takes back those it knows", () => {
    const group = new GroupScript({ maxSize: 1 });
    group.stable("a");
    assert.equal(group.join("", { fresh: "b" })?.error, ErrorCode.GROUP_MAX_SIZE_REACHED);
    assert.equal(group.join("a")?.error, ErrorCode.NONE);
  });

  it("chooses the protocol most members prefer among those all support", () => {
    const group = new GroupScript();
    group.join("", { fresh: "a", protocols: ["x", "range", "sticky"] });
    group.join("", { fresh: "b", protocols: ["sticky", "range"] });
    group.join("a", { protocols: ["x", "sticky", "range"] });
    assert.equal(group.state.protocol, "sticky");
  });

  it("repeats the present generation to a follower whose answer got lost, without a rebalance", () => {
    const group = new GroupScript();
    group.stable("a", "b");
    const again = group.join("b");
    assert.deepEqual([again?.error, again?.generation, group.state.phase], [ErrorCode.NONE, group.state.generation, "Stable"]);
  });

  it("answers a superseded join of the same member instead of leaving it hanging", () => {
    const group = new GroupScript();
    group.stable("a", "b");
    group.join("a", { metadata: "new" });
    const waiting = group.lastRequest;
    group.join("a", { metadata: "newer" });
    assert.equal(group.replyTo(waiting)?.error, ErrorCode.REBALANCE_IN_PROGRESS);
  });
});

describe("syncing", () => {
  it("gives nobody an assignment before it is in the log", () => {
    const group = new GroupScript();
    group.join("", { fresh: "a" });
    assert.equal(group.sync("a", { a: "p0" }), undefined);
    assert.deepEqual(group.persists, [1]);
    group.persisted();
    assert.deepEqual(group.lastSync("a")?.assignment, utf8("p0"));
    assert.equal(group.state.phase, "Stable");
  });

  it("starts over when the assignment cannot be written", () => {
    const group = new GroupScript();
    group.join("", { fresh: "a" });
    group.sync("a", { a: "p0" });
    group.persisted(ErrorCode.COORDINATOR_NOT_AVAILABLE);
    assert.equal(group.lastSync("a")?.error, ErrorCode.COORDINATOR_NOT_AVAILABLE);
    assert.equal(group.state.phase, "PreparingRebalance");
  });

  it("removes members that do not sync within the rebalance timeout", () => {
    const group = new GroupScript();
    group.stable("a");
    group.join("", { fresh: "b", rebalanceTimeoutMs: 4000, sessionTimeoutMs: 60_000 });
    group.join("a", { rebalanceTimeoutMs: 4000, sessionTimeoutMs: 60_000 });
    group.sync("a", { a: "p0", b: "p1" });
    group.persisted();
    assert.equal(group.state.phase, "Stable");
    group.advance(4000);
    assert.deepEqual([...group.state.members.keys()], ["a"]);
    assert.equal(group.state.phase, "PreparingRebalance");
  });

  it("refuses other generations, protocols and strangers", () => {
    const group = new GroupScript();
    group.stable("a");
    assert.equal(group.sync("a", {}, { generation: 7 })?.error, ErrorCode.ILLEGAL_GENERATION);
    assert.equal(group.sync("z", {})?.error, ErrorCode.UNKNOWN_MEMBER_ID);
    assert.equal(group.sync("a", {}, { protocol: "other" })?.error, ErrorCode.INCONSISTENT_GROUP_PROTOCOL);
  });
});

describe("sessions", () => {
  it("removes a silent member and rebalances the rest", () => {
    const group = new GroupScript();
    group.stable("a", "b");
    group.advance(9000);
    assert.equal(group.heartbeat("b"), ErrorCode.NONE);
    group.advance(1500);
    assert.deepEqual([...group.state.members.keys()], ["b"]);
    assert.equal(group.heartbeat("b"), ErrorCode.REBALANCE_IN_PROGRESS);
    assert.equal(group.heartbeat("a"), ErrorCode.UNKNOWN_MEMBER_ID);
  });

  it("does not expire a member that waits for the others' joins", () => {
    const group = new GroupScript();
    group.stable("a", "b");
    group.join("a", { metadata: "changed" });
    for (let i = 0; i < 4; i++) {
      group.advance(6000);
      assert.equal(group.heartbeat("b"), ErrorCode.REBALANCE_IN_PROGRESS);
    }
    assert.equal(group.state.members.size, 2);
    group.advance(60_000);
    assert.deepEqual([...group.state.members.keys()], ["a"]);
    assert.equal(group.lastJoin("a")?.error, ErrorCode.NONE);
  });

  it("counts an offset commit as a heartbeat", () => {
    const group = new GroupScript();
    group.stable("a");
    group.advance(9000);
    group.apply({ kind: "committed", memberId: "a" });
    group.advance(9000);
    assert.equal(group.state.members.size, 1);
  });

  it("ends empty and waits for nothing when the last member leaves", () => {
    const group = new GroupScript();
    group.stable("a");
    assert.deepEqual(group.leave("a"), [ErrorCode.NONE]);
    assert.deepEqual([group.state.phase, group.state.generation, nextGroupDeadline(group.state)], ["Empty", 2, undefined]);
  });

  it("makes the next member the leader when the leader leaves", () => {
    const group = new GroupScript();
    group.stable("a", "b", "c");
    group.leave("a");
    group.join("b");
    group.join("c");
    assert.equal(group.state.leader, "b");
    assert.equal(group.lastJoin("b")?.members.length, 2);
  });
});

describe("static members", () => {
  it("let a restarted process take over without a rebalance and fence the old one", () => {
    const group = new GroupScript();
    group.stable({ id: "a", instance: "i1" }, "b");
    const generation = group.state.generation;
    const reply = group.join("", { fresh: "a2", instance: "i1", skip: true });
    assert.deepEqual([reply?.error, reply?.generation, reply?.skipAssignment], [ErrorCode.NONE, generation, true]);
    assert.deepEqual([reply?.leader, reply?.members.length, group.state.phase], ["a2", 2, "Stable"]);
    assert.equal(group.heartbeat("a", "i1"), ErrorCode.FENCED_INSTANCE_ID);
    assert.equal(group.heartbeat("a2", "i1"), ErrorCode.NONE);
    assert.deepEqual(group.sync("a2", {}, { instance: "i1" })?.assignment, utf8("for-a"));
  });

  it("are removed by instance id without their member id", () => {
    const group = new GroupScript();
    group.stable({ id: "a", instance: "i1" }, "b");
    assert.deepEqual(group.leave("", "i1"), [ErrorCode.NONE]);
    assert.deepEqual([...group.state.members.keys()], ["b"]);
    assert.deepEqual(group.leave("", "i1"), [ErrorCode.UNKNOWN_MEMBER_ID]);
  });

  it("stay members through a rebalance they miss, until their session ends", () => {
    const group = new GroupScript();
    group.stable({ id: "a", instance: "i1" }, "b");
    group.join("", { fresh: "c", rebalanceTimeoutMs: 5000 });
    group.join("b", { rebalanceTimeoutMs: 5000, sessionTimeoutMs: 60_000 });
    group.advance(5000);
    group.advance(0);
    assert.ok(group.state.members.has("a"));
  });
});

describe("offset commits", () => {
  const anonymous = { memberId: "", instanceId: null, generation: -1 };

  it("are open to anybody while a group has no members, and closed to strangers afterwards", () => {
    const group = new GroupScript();
    assert.equal(checkCommit(undefined, anonymous, false), ErrorCode.NONE);
    assert.equal(checkCommit(undefined, { ...anonymous, generation: 3 }, false), ErrorCode.ILLEGAL_GENERATION);
    group.stable("a");
    assert.equal(checkCommit(group.state, anonymous, false), ErrorCode.UNKNOWN_MEMBER_ID);
    assert.equal(checkCommit(group.state, anonymous, true), ErrorCode.NONE);
  });

  it("need the present generation, and wait while assignments are handed out", () => {
    const group = new GroupScript();
    group.stable("a");
    const caller = { memberId: "a", instanceId: null, generation: group.state.generation };
    assert.equal(checkCommit(group.state, caller, false), ErrorCode.NONE);
    assert.equal(checkCommit(group.state, { ...caller, generation: 0 }, false), ErrorCode.ILLEGAL_GENERATION);
    group.join("", { fresh: "b" });
    assert.equal(checkCommit(group.state, caller, false), ErrorCode.NONE);
    group.join("a");
    assert.equal(checkCommit(group.state, { ...caller, generation: group.state.generation }, false), ErrorCode.REBALANCE_IN_PROGRESS);
  });
});
