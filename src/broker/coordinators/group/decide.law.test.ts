// Whatever members do and however time passes, a group answers every request exactly once, hands out generations that only grow, and
// in each generation gives every member the same protocol and leader.
import assert from "node:assert/strict";
import { it } from "node:test";
import fc from "fast-check";
import { ErrorCode } from "../../../protocol/errors.ts";
import { GroupScript } from "./group-script.ts";
import { nextGroupDeadline, type GroupAction } from "./state.ts";

const IDS = ["a", "b", "c", "d"];
const seed = process.env["MILLRACE_SEED"];

const step = fc.oneof(
  fc.record({ do: fc.constant("join" as const), id: fc.constantFrom(...IDS), fresh: fc.boolean(), metadata: fc.constantFrom("m", "n") }),
  fc.record({ do: fc.constant("sync" as const), id: fc.constantFrom(...IDS) }),
  fc.record({ do: fc.constant("heartbeat" as const), id: fc.constantFrom(...IDS) }),
  fc.record({ do: fc.constant("leave" as const), id: fc.constantFrom(...IDS) }),
  fc.record({ do: fc.constant("persisted" as const), ok: fc.boolean() }),
  fc.record({ do: fc.constant("advance" as const), ms: fc.integer({ min: 0, max: 20_000 }) }),
);

class WatchedGroup extends GroupScript {
  readonly answers = new Map<number, number>();
  readonly generations = new Map<number, string>();
  #unpersisted = 0;

  override apply(event: Parameters<GroupScript["apply"]>[0]): readonly GroupAction[] {
    const before = this.state;
    const frozen = JSON.stringify([before.phase, before.generation, [...before.members]]);
    const actions = super.apply(event);
    assert.equal(JSON.stringify([before.phase, before.generation, [...before.members]]), frozen, "the state before was changed");
    assert.ok(this.state.generation >= before.generation, "generations only grow");
    for (const action of actions) {
      if (action.kind === "persist") {
        if (action.answers) this.#unpersisted = action.generation;
        continue;
      }
      this.answers.set(action.request, (this.answers.get(action.request) ?? 0) + 1);
      if (action.kind !== "join-reply" || action.error !== ErrorCode.NONE) continue;
      const told = `${action.protocol} led by ${action.leader}`;
      assert.equal(this.generations.get(action.generation) ?? told, told, `two truths about generation ${action.generation}`);
      this.generations.set(action.generation, told);
    }
    return actions;
  }

  finishPersist(ok: boolean): void {
    const error = ok ? ErrorCode.NONE : ErrorCode.COORDINATOR_NOT_AVAILABLE;
    this.apply({ kind: "persisted", generation: this.#unpersisted, error });
  }
}

it("answers every request exactly once, whatever happens", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), fc.constantFrom(0, 3000), (steps, initialRebalanceDelayMs) => {
      const group = new WatchedGroup({ initialRebalanceDelayMs, maxSize: 3 });
      for (const action of steps) {
        if (action.do === "join")
          group.join(action.fresh && !group.state.members.has(action.id) ? "" : action.id, { fresh: action.id, metadata: action.metadata });
        else if (action.do === "sync") group.sync(action.id, { [action.id]: "p" });
        else if (action.do === "heartbeat") group.heartbeat(action.id);
        else if (action.do === "leave") group.leave(action.id);
        else if (action.do === "persisted") group.finishPersist(action.ok);
        else group.advance(action.ms);
      }
      group.finishPersist(true);
      for (let rounds = 0; nextGroupDeadline(group.state) !== undefined; rounds++) {
        assert.ok(rounds < 100, "the group never comes to rest");
        group.advance(Math.max(0, nextGroupDeadline(group.state)! - group.now));
        group.finishPersist(true);
      }
      for (let request = 0; request <= group.lastRequest; request++) assert.equal(group.answers.get(request), 1, `request ${request}`);
      assert.equal(group.state.members.size, 0);
    }),
    { numRuns: 500, ...(seed === undefined ? {} : { seed: Number(seed) }) },
  );
});
