import assert from "node:assert/strict";
import { test } from "node:test";
import { t } from "../../schema/t.ts";
import type { Schema } from "../../schema/type-info.ts";
import type { Sink, Source } from "../../stream/connector.ts";
import { deadLetter } from "../../stream/dead-letter.ts";
import type { StreamGraph } from "../../stream/graph.ts";
import { pipeline, type PipelineBuilder } from "../../stream/pipeline.ts";
import { boundedOutOfOrderness } from "../../stream/watermarks.ts";
import { HandDriver } from "./fixtures/hand-driver.ts";
import { OperatorError } from "./operator-error.ts";

const Tx = t.record("Tx", { id: t.string(), amount: t.double(), at: t.timestamp() });
const create = (): never => assert.fail("the driver creates no connectors");
const source = <T>(schema: Schema<T>): Source<T> => ({ connector: "fake", type: schema.type, describe: () => null, create });
const sink = <T>(name = "s"): Sink<T> => ({ connector: "fake", type: undefined, describe: () => name, create });
const time = { eventTime: (e: { at: number }) => e.at, watermarks: boundedOutOfOrderness("5ms") };
const graphOf = (build: (p: PipelineBuilder) => undefined): StreamGraph => pipeline("test", build).graph();
const tx = (id: string, amount: number, at: number): { value: object } => ({ value: { id, amount, at } });

for (const codegen of ["auto", "off"] as const) {
  const how = codegen === "auto" ? "generated" : "interpreted";

  test(`${how}: rows pass map, filter and flatMap to a sink with the source's event time`, () => {
    const graph = graphOf((p) => {
      p.from("tx", source(Tx), time)
        .map((e) => ({ id: e.id, amount: e.amount * 2, at: e.at }))
        .filter((e) => e.amount > 3)
        .flatMap((e) => [e.id, `${e.id}!`])
        .to("out", sink());
    });
    const driver = new HandDriver(graph, { codegen });
    driver.feed("tx", "tx-0", [tx("a", 1, 10), tx("b", 2, 11), tx("c", 3, 12)]);
    driver.flush();
    assert.deepEqual(driver.sinks.get("out"), [
      { row: "b", timestamp: 11, watermark: 4 },
      { row: "b!", timestamp: 11, watermark: 4 },
      { row: "c", timestamp: 12, watermark: 5 },
      { row: "c!", timestamp: 12, watermark: 5 },
    ]);
    const { metrics } = driver.subtask(0);
    assert.deepEqual(
      metrics.operators.map((o) => [o.name, o.numRecordsIn, o.numRecordsOut]),
      [
        ["tx", 3, 3],
        ["map-1", 3, 3],
        ["filter-2", 3, 2],
        ["flat-map-3", 2, 4],
      ],
    );
    assert.equal(metrics.numRecordsOut, 4);
    assert.equal(metrics.currentOutputWatermark, 6);
  });

  test(`${how}: a failing lambda ends the frame with operator, split, offset and cause`, () => {
    const graph = graphOf((p) => {
      p.from("tx", source(Tx), time)
        .map((e) => {
          if (e.amount === 2) throw new TypeError("two");
          return e;
        })
        .to("out", sink());
    });
    const driver = new HandDriver(graph, { codegen });
    assert.throws(
      () => driver.feed("tx", "tx-7", [tx("a", 1, 10), tx("b", 2, 11)]),
      (error) =>
        error instanceof OperatorError &&
        error.operator === "map-1" &&
        error.split === "tx-7" &&
        error.offset === 1 &&
        (error.cause as Error).message === "two",
    );
  });

  test(`${how}: skip drops the element that failed and no other, dead-letter sends it on with its origin`, () => {
    const graph = graphOf((p) => {
      const s = p.from("tx", source(Tx), time);
      const bad = (e: { amount: number; id: string }): string => {
        if (e.amount === 2) throw new TypeError("two");
        return e.id;
      };
      s.map(bad, { onError: "skip" }).to("skipped", sink());
      s.map(bad, { onError: deadLetter(sink()), name: "strict" }).to("dead", sink());
    });
    const driver = new HandDriver(graph, { codegen });
    driver.feed("tx", "tx-7", [tx("a", 1, 10), tx("b", 2, 11), tx("c", 3, 12)]);
    driver.flush();
    assert.deepEqual(driver.rows("skipped"), ["a", "c"]);
    assert.deepEqual(driver.rows("dead"), ["a", "c"]);
    const [letter] = driver.rows("strict-dead-letters") as { readonly place: string }[];
    assert.match(letter!.place, /stateless-chain\.test\.ts:\d+:\d+$/);
    assert.deepEqual(driver.rows("strict-dead-letters"), [
      {
        place: letter!.place,
        operator: "strict",
        error: "TypeError: two",
        topic: "tx",
        partition: 7,
        offset: 1,
        timestamp: 11,
        key: "",
        value: '{"id":"b","amount":2,"at":11}',
      },
    ]);
    const { metrics } = driver.subtask(0);
    assert.equal(metrics.numRecordsSkipped, 1);
    assert.equal(metrics.numRecordsDeadLettered, 1);
  });

  test(`${how}: poison records go where the source's policy says, in order`, () => {
    const poison = { row: 1, error: "bad json", topic: "tx", partition: 0, offset: 5, timestamp: 3, key: null, value: Uint8Array.of(0xff) };
    const lenient = graphOf((p) => {
      p.from("tx", source(Tx), { ...time, onError: deadLetter(sink()) }).to("out", sink());
    });
    const driver = new HandDriver(lenient, { codegen });
    driver.feed("tx", "tx-0", [tx("a", 1, 10), tx("b", 2, 11)], 0, [poison]);
    driver.flush();
    assert.deepEqual(driver.rows("out"), [
      { id: "a", amount: 1, at: 10 },
      { id: "b", amount: 2, at: 11 },
    ]);
    assert.deepEqual(driver.sinks.get("tx-dead-letters"), [
      {
        row: {
          operator: "tx",
          error: "bad json",
          topic: "tx",
          partition: 0,
          offset: 5,
          timestamp: 3,
          key: "",
          value: "base64:/w==",
          place: undefined,
        },
        timestamp: 3,
        watermark: 4,
      },
    ]);
    const strict = graphOf((p) => {
      p.from("tx", source(Tx), time).to("out", sink());
    });
    assert.throws(
      () => new HandDriver(strict, { codegen }).feed("tx", "tx-0", [tx("a", 1, 10)], 0, [poison]),
      /tx-0 at offset 5 cannot be decoded: bad json/,
    );
  });

  test(`${how}: the watermark is the minimum over active splits`, () => {
    const graph = graphOf((p) => {
      p.from("tx", source(Tx), time)
        .map((e) => e.id)
        .to("out", sink());
    });
    const driver = new HandDriver(graph, { codegen });
    driver.split("tx", "tx-0", "active");
    driver.split("tx", "tx-1", "active");
    driver.feed("tx", "tx-0", [tx("a", 1, 100)]);
    driver.flush();
    assert.equal(driver.subtask(0).metrics.currentOutputWatermark, -Infinity);
    driver.feed("tx", "tx-1", [tx("b", 1, 50), tx("c", 1, 60)]);
    assert.equal(driver.subtask(0).metrics.currentOutputWatermark, 54);
    driver.split("tx", "tx-1", "idle");
    assert.equal(driver.subtask(0).metrics.currentOutputWatermark, 94);
  });

  test(`${how}: a typed output refuses a row that does not fit, under the policy of the operator that made it`, () => {
    const graph = graphOf((p) => {
      p.from("tx", source(Tx), time)
        .map((e) => (e.amount === 2 ? { id: 3 as unknown as string } : { id: e.id }), { onError: "skip" })
        .returns(t.record("Id", { id: t.string() }))
        .to("out", sink());
    });
    const driver = new HandDriver(graph, { codegen });
    driver.feed("tx", "tx-0", [tx("a", 1, 1), tx("b", 2, 2), tx("c", 3, 3)]);
    driver.flush();
    assert.deepEqual(driver.rows("out"), [{ id: "a" }, { id: "c" }]);
  });
}

test("a source's batch goes to its sink by reference, with the watermarks between its rows", () => {
  const graph = graphOf((p) => {
    p.from("tx", source(Tx), time).to("out", sink());
  });
  const driver = new HandDriver(graph);
  driver.feed("tx", "tx-0", [tx("a", 1, 100), tx("b", 1, 50), tx("c", 1, 120)]);
  assert.deepEqual(
    driver.sinks.get("out")!.map(({ timestamp, watermark }) => [timestamp, watermark]),
    [
      [100, -Infinity],
      [50, 94],
      [120, 94],
    ],
  );
});

test("rows of a rebalanced stream reach every subtask, and none is lost", () => {
  const graph = graphOf((p) => {
    p.from("tx", source(Tx), time)
      .rebalance()
      .map((e) => e.id)
      .to("out", sink());
  });
  const driver = new HandDriver(graph, { parallelism: 3 });
  for (let i = 0; i < 6; i++) driver.feed("tx", "tx-0", [tx(`${i}`, 1, i)]);
  driver.flush();
  assert.deepEqual(driver.rows("out").toSorted(), ["0", "1", "2", "3", "4", "5"]);
  for (let index = 0; index < 3; index++) assert.equal(driver.subtask(1, index).metrics.numRecordsIn, 2);
});
