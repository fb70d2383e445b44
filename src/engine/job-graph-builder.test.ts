import assert from "node:assert/strict";
import { test } from "node:test";
import { t } from "../schema/t.ts";
import type { Sink, Source } from "../stream/connector.ts";
import type { StreamGraph } from "../stream/graph.ts";
import { deadLetter } from "../stream/dead-letter.ts";
import { pipeline, type PipelineBuilder } from "../stream/pipeline.ts";
import { boundedOutOfOrderness } from "../stream/watermarks.ts";
import { buildJobGraph } from "./job-graph-builder.ts";
import type { JobGraph } from "./job-graph.ts";

const Tx = t.record("Tx", { id: t.string(), at: t.timestamp() });
const create = (): never => assert.fail("a graph never creates connectors");
const source: Source<{ id: string; at: number }> = { connector: "fake", type: Tx.type, describe: () => null, create };
const sink = <T>(): Sink<T> => ({ connector: "fake", type: undefined, describe: () => null, create });
const graphOf = (build: (p: PipelineBuilder) => undefined): StreamGraph => pipeline("test", build).graph();
/** Tasks by name, with outputs "operator.output > target". */
const shape = (job: JobGraph): unknown =>
  job.tasks.map((task) => [
    task.name,
    task.parallelism,
    task.outputs.map(
      ({ node, output, target }) =>
        `${node}.${output} > ${target.kind === "sink" ? target.node.name : `task ${target.task}/${target.port}:${target.edge.partitioning.kind}`}`,
    ),
  ]);

test("with parallelism 1 a keyed edge stays inside the chain, so that no batch is built", () => {
  const graph = graphOf((p) => {
    p.from("in", source)
      .keyBy("id")
      .process("count", { output: Tx, onElement: () => undefined })
      .to("out", sink());
  });
  assert.deepEqual(shape(buildJobGraph(graph, { parallelism: 1 })), [["in -> count", 1, ["1.main > out"]]]);
});

test("with more subtasks a keyed edge cuts the chain; side outputs and errors leave where they arise", () => {
  const graph = graphOf((p) => {
    const counted = p
      .from("in", source)
      .map((e) => e, { name: "m" })
      .keyBy("id")
      .process("count", { output: Tx, side: { rest: t.string() }, onElement: () => undefined, onError: deadLetter(sink()) });
    counted.to("out", sink());
    counted.side.rest.to("rest", sink());
  });
  const job = buildJobGraph(graph, { parallelism: 3 });
  assert.deepEqual(shape(job), [
    ["in -> m", 3, ["1.main > task 1/0:keyed"]],
    ["count", 3, ["2.errors > count-dead-letters", "2.main > out", "2.rest > rest"]],
  ]);
  assert.deepEqual(
    job.tasks[1]!.outputs.map(({ type }) => type?.kind),
    ["record", "record", "string"],
  );
});

test("a union's target has one port per input, and mid-stream timestamps begin a task", () => {
  const graph = graphOf((p) => {
    const a = p.from("a", source);
    const b = p.from("b", source);
    a.union(b)
      .map((e) => e, { name: "m" })
      .assignWatermarks({ eventTime: (e) => e.at, watermarks: boundedOutOfOrderness(1) })
      .to("out", sink());
  });
  const job = buildJobGraph(graph, { parallelism: 1 });
  assert.deepEqual(
    job.tasks.map(({ nodes, inputs }) => [nodes[0]!.kind, inputs.map(({ fromTask, fromOutput }) => [fromTask, fromOutput])]),
    [
      ["source", []],
      ["source", []],
      [
        "map",
        [
          [0, 0],
          [1, 0],
        ],
      ],
      ["timestamps", [[2, 0]]],
    ],
  );
  assert.deepEqual(
    job.tasks[2]!.inputs.map(({ type }) => type),
    [Tx.type, Tx.type],
  );
});

test("an operator's own parallelism cuts the chain, and its forward edge becomes a rebalance", () => {
  const graph = graphOf((p) => {
    p.from("in", source)
      .map((e) => e, { name: "m", parallelism: 4 })
      .to("out", sink());
  });
  assert.deepEqual(shape(buildJobGraph(graph, { parallelism: 2 })), [
    ["in", 2, ["0.main > task 1/0:rebalance"]],
    ["m", 4, ["1.main > out"]],
  ]);
});

test("a parallelism beyond the number of key groups is refused", () => {
  const graph = graphOf((p) => {
    p.from("in", source).to("out", sink());
  });
  assert.throws(() => buildJobGraph(graph, { parallelism: 129 }), /from 1 to 128/);
  assert.throws(() => buildJobGraph(graph, { parallelism: 0 }), /from 1 to 128 .*, not 0/);
});

test("chains are cut where the user says so, and a function whose results come later begins one", () => {
  const graph = graphOf((p) => {
    p.from("in", source)
      .map((e) => e, { name: "a" })
      .map((e) => e, { name: "b" })
      .startNewChain()
      .map((e) => e, { name: "c" })
      .map((e) => e, { name: "d" })
      .disableChaining()
      .map((e) => e, { name: "e" })
      .returns(Tx)
      .mapAsync("f", async (e) => e, { capacity: 1, timeout: "1s" })
      .filter(() => true, { name: "g" })
      .to("out", sink());
  });
  const names = (parallelism: number) => buildJobGraph(graph, { parallelism }).tasks.map(({ name }) => name);
  assert.deepEqual(names(1), ["in -> a", "b -> c", "d", "e", "f -> g"]);
  assert.deepEqual(names(3), names(1));
});

test("parallelism(n) and chaining are part of the plan, and are refused where no operator stands before them", () => {
  const plan = (build: (p: PipelineBuilder) => undefined) =>
    graphOf(build).plan as { nodes: { parallelism: unknown; chaining?: unknown }[] };
  const { nodes } = plan((p) => {
    p.from("in", source).parallelism(2).filter(() => true).parallelism(3).disableChaining().to("out", sink()); // prettier-ignore
  });
  assert.deepEqual(nodes.map(({ parallelism, chaining }) => [parallelism, chaining]), [[2, undefined], [3, "never"], [null, undefined]]); // prettier-ignore
  for (const misplaced of [
    (p: PipelineBuilder) => p.from("in", source).rebalance().parallelism(2),
    (p: PipelineBuilder) => p.from("in", source).keyBy("id").startNewChain(),
    (p: PipelineBuilder) => p.from("in", source).union(p.from("more", source)).disableChaining(),
  ])
    assert.throws(() => graphOf((p) => void misplaced(p).to("out", sink())), { code: "BAD_ARGUMENT" });
  assert.throws(() => graphOf((p) => void p.from("in", source).parallelism(0).to("out", sink())), { code: "BAD_ARGUMENT" });
});
