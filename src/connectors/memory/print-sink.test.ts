import assert from "node:assert/strict";
import { test } from "node:test";
import { runJob } from "../../engine/run-job.ts";
import { t } from "../../schema/t.ts";
import { pipeline } from "../../stream/pipeline.ts";
import { createSimulation } from "../../testing/simulation/simulation.ts";
import { arraySource } from "./array-source.ts";
import { printSink } from "./print-sink.ts";

const Row = t.record("Row", { id: t.int(), name: t.optional(t.string()), big: t.bigint() });

async function printed(parallelism: number, prefix?: string): Promise<string[]> {
  const lines: string[] = [];
  const sink = printSink({ write: (line) => void lines.push(line), ...(prefix === undefined ? {} : { prefix }) });
  const made = pipeline("print", (p) => {
    const rows = p.from("rows", arraySource(Row, [{ id: 1, name: "a", big: 5n }, { id: 2, big: 2n ** 60n }], { splits: parallelism })); // prettier-ignore
    rows.map(({ id }) => [id, `text ${id}`]).to("values", sink);
    rows.to("rows-out", sink);
  });
  const simulation = createSimulation(1);
  await simulation.run(async () => {
    await (
      await runJob(simulation.env(), { graph: made.graph(), parallelism })
    ).finished;
  });
  return lines.toSorted();
}

test("rows are printed as JSON behind the sink's name, with its subtask where there are several", async () => {
  assert.deepEqual(await printed(1), [
    'rows-out> {"id":1,"name":"a","big":5}',
    'rows-out> {"id":2,"big":1152921504606846976}',
    'values> [1,"text 1"]',
    'values> [2,"text 2"]',
  ]);
  assert.deepEqual(await printed(2), [
    'rows-out:0> {"id":1,"name":"a","big":5}',
    'rows-out:1> {"id":2,"big":1152921504606846976}',
    'values:0> [1,"text 1"]',
    'values:1> [2,"text 2"]',
  ]);
  assert.ok((await printed(1, "! ")).every((line) => line.startsWith("! ")));
});
