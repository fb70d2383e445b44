// The context is valid during a call only: afterwards nothing in it may hit the key of the last one.
import assert from "node:assert/strict";
import { test } from "node:test";
import { t } from "../../schema/t.ts";
import type { Sink, Source } from "../../stream/connector.ts";
import { pipeline } from "../../stream/pipeline.ts";
import { listState, mapState, valueState } from "../../stream/state.ts";
import { HandDriver } from "../subtask/fixtures/hand-driver.ts";

const create = (): never => assert.fail("the driver creates no connectors");
const source: Source<string> = { connector: "fake", type: t.string().type, describe: () => null, create };
const sink: Sink<unknown> = { connector: "fake", type: undefined, describe: () => null, create };

/** What a user function may keep by mistake, after it has seen two keys. */
function escaped(codegen: "auto" | "off", ttl: { ttl?: number }): readonly (readonly [string, () => unknown])[] {
  let uses: readonly (readonly [string, () => unknown])[] = [];
  const graph = pipeline("escape", (p) => {
    const kept = p
      .from("in", source)
      .keyBy((word) => word)
      .process("op", {
        output: t.string(),
        side: { other: t.string() },
        state: {
          number: valueState(t.int(), ttl),
          flag: valueState(t.boolean(), ttl),
          text: valueState(t.string(), ttl),
          list: listState(t.int(), ttl),
          map: mapState(t.int(), t.int(), ttl),
        },
        onElement(word, { state, emit, side, timers }) {
          state.number.set(1);
          emit(word);
          const { number, flag, text, list, map } = state;
          uses = [
            ...[number, flag, text].flatMap((value, index) => [
              [`get ${index}`, (): unknown => value.get()] as const,
              [`set ${index}`, (): unknown => value.set((index === 0 ? 1 : index === 1 ? true : "x") as never)] as const,
              [`clear ${index}`, (): unknown => value.clear()] as const,
            ]),
            ["list.get", () => list.get()],
            ["list.add", () => list.add(1)],
            ["list.update", () => list.update([1])],
            ["list.clear", () => list.clear()],
            ["map.get", () => map.get(1)],
            ["map.has", () => map.has(1)],
            ["map.set", () => map.set(1, 1)],
            ["map.delete", () => map.delete(1)],
            ["map.size", () => map.size],
            ["map.entries", () => [...map.entries()]],
            ["map.keys", () => [...map.keys()]],
            ["map.clear", () => map.clear()],
            ["emit", () => emit("late")],
            ["side", () => side.other("late")],
            ["timer", () => timers.setEventTime(1)],
          ];
        },
      });
    kept.to("out", sink);
    kept.side.other.to("other", sink);
  }).graph();
  const driver = new HandDriver(graph, { codegen });
  driver.split("in", "in-0", "active");
  driver.feed("in", "in-0", [{ value: "a" }, { value: "b" }]);
  driver.flush();
  const checked = uses.map(([name, use]) => [name, use] as const);
  driver.end();
  assert.deepEqual(driver.rows("out"), ["a", "b"]);
  return checked;
}

for (const codegen of ["auto", "off"] as const) {
  test(`state, outputs and timers used after the call throw (code generation ${codegen})`, () => {
    for (const ttl of [{}, { ttl: 1000 }]) {
      for (const [name, use] of escaped(codegen, ttl)) assert.throws(use, { name: "ContextError", code: "NO_CURRENT_KEY" }, name);
    }
  });
}
