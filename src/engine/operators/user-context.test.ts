// The context is valid during a call only: afterwards nothing in it may hit the key of the last one.
import assert from "node:assert/strict";
import { test } from "node:test";
import { t } from "../../schema/t.ts";
import type { Sink, Source } from "../../stream/connector.ts";
import { pipeline } from "../../stream/pipeline.ts";
import { listState, mapState, valueState } from "../../stream/state.ts";
import { noWatermarks } from "../../stream/watermarks.ts";
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

for (const codegen of ["auto", "off"] as const)
  test(`timers of fractions fire at the next whole millisecond, once, and what is no time is refused (code generation ${codegen})`, () => {
    const refused: string[] = [];
    const graph = pipeline("timers", (p) => {
      const words = p.from("in", source, { watermarks: noWatermarks() });
      const fired = words
        .keyBy((word) => word)
        .process("op", {
          output: t.double(),
          onElement(_word, { timers }) {
            timers.setEventTime(10.2);
            timers.setEventTime(11);
            timers.setEventTime(20.5);
            timers.deleteEventTime(20.7);
            timers.setProcessingTime(30.5);
            for (const at of [Number.NaN, Infinity, -Infinity, 2 ** 53, "5", 5n, new Date(5), undefined])
              for (const use of [timers.setEventTime, timers.setProcessingTime, timers.deleteEventTime, timers.deleteProcessingTime])
                try {
                  use(at as never);
                } catch (error) {
                  refused.push((error as Error).message);
                }
          },
          onTimer: (at, { emit }) => emit(at),
        });
      fired.to("out", sink);
    }).graph();
    const driver = new HandDriver(graph, { codegen });
    driver.split("in", "in-0", "active");
    driver.feed("in", "in-0", [{ value: "a" }]);
    driver.flush();
    driver.tick(30);
    assert.deepEqual(driver.rows("out"), []);
    driver.tick(31);
    driver.end();
    assert.deepEqual(driver.rows("out"), [31, 11]);
    assert.equal(refused.length, 8 * 4);
    assert.equal(refused[0], "A timer's time must be milliseconds since 1970, not NaN.");
    for (const message of refused) assert.match(message, /^A timer's time must be milliseconds since 1970, not /);
  });
