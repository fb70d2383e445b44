// Loops that read ahead do so only where there are many keys; what comes out must be the same as without.
import assert from "node:assert/strict";
import { test } from "node:test";
import { t } from "../../schema/t.ts";
import { count, sum } from "../../stream/aggregates.ts";
import type { Source } from "../../stream/connector.ts";
import { pipeline } from "../../stream/pipeline.ts";
import { valueState } from "../../stream/state.ts";
import { monotonousTimestamps } from "../../stream/watermarks.ts";
import { session } from "../../stream/windows.ts";
import { HandDriver } from "../subtask/fixtures/hand-driver.ts";

const Event = t.record("Event", { key: t.long(), n: t.int(), at: t.timestamp() });
interface Event {
  readonly key: number;
  readonly n: number;
  readonly at: number;
}
const KEYS = 10_000;
const ROWS = 25_000;
const create = (): never => assert.fail("the driver creates no connectors");
const source: Source<Event> = { connector: "fake", type: Event.type, describe: () => null, create };
const sink = { connector: "fake", type: undefined, describe: () => null, create };
const graph = pipeline("test", (p) => {
  const rows = p.from("in", source, { eventTime: (e) => e.at, watermarks: monotonousTimestamps() }).keyBy("key");
  rows
    .window(session(20))
    .aggregate("sessions", { n: count(), total: sum("n") })
    .to("windows", sink);
  rows
    .process("counting", {
      output: t.record("Count", { key: t.long(), count: t.long() }),
      state: { count: valueState(t.long()) },
      onElement(e, ctx) {
        const counted = (ctx.state.count.get() ?? 0) + 1;
        ctx.state.count.set(counted);
        ctx.emit({ key: e.key, count: counted });
      },
    })
    .to("counts", sink);
  rows
    .intervalJoin("join", rows, { lower: -6, upper: 5, lowerExclusive: true }, (a, b) => ({ key: a.key, of: a.n, with: b.n, at: a.at }))
    .to("pairs", sink);
}).graph();

/** All rows, by sink. */
function results(codegen: "auto" | "off", parallelism: number): string {
  const driver = new HandDriver(graph, { codegen, parallelism });
  driver.split("in", "in-0", "active");
  const rows = Array.from({ length: ROWS }, (_, n) => ({
    value: { key: Math.imul(n, 0x9e3779b1) % KEYS, n: n % 100, at: Math.floor(n / 1000) },
  }));
  for (let from = 0; from < ROWS; from += 1000) driver.feed("in", "in-0", rows.slice(from, from + 1000));
  driver.end();
  return ["windows", "counts", "pairs"]
    .map((name) =>
      JSON.stringify(
        driver
          .rows(name)
          .map((row) => JSON.stringify(row))
          .sort(),
      ),
    )
    .join();
}

test("a loop that reads ahead gives what the interpreter gives, behind a source and behind an exchange", () => {
  const plain = results("off", 1);
  assert.ok(plain.length > ROWS * 30);
  assert.ok(results("auto", 1) === plain);
  assert.ok(results("auto", 2) === plain);
});
