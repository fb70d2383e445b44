// Every way between two operators against its definition: no row is lost or doubled, each arrives where it should, and rows that take the
// same way keep their order; at every pair of parallelisms, generated and interpreted, and over a kill.
import assert from "node:assert/strict";
import { test } from "node:test";
import { generatorSource } from "../../connectors/memory/generator-source.ts";
import { t } from "../../schema/t.ts";
import type { DataStream } from "../../stream/data-stream.ts";
import { runLives } from "../fixtures/lives.ts";
import { isConnected, reachable, Shuffle } from "./partitioner.ts";

const ROWS = 60;
const SPLITS = 4;
const Row = t.record("Row", { id: t.int(), split: t.int() });
const Sent = t.record("Sent", { id: t.int(), split: t.int(), from: t.int() });
const Got = t.record("Got", { id: t.int(), split: t.int(), from: t.int(), to: t.int() });
interface Got {
  readonly id: number;
  readonly split: number;
  readonly from: number;
  readonly to: number;
}
interface Sent {
  readonly id: number;
  readonly split: number;
  readonly from: number;
}

type Way = (stream: DataStream<Sent>) => DataStream<Sent>;
const WAYS: Readonly<Record<string, { readonly way: Way; readonly goes: (row: Got, up: number, down: number) => boolean }>> = {
  forward: { way: (s) => s.forward(), goes: (row) => row.from === row.to },
  rebalance: { way: (s) => s.rebalance(), goes: () => true },
  rescale: { way: (s) => s.rescale(), goes: (row, up, down) => reachable("rescale", row.from, up, down).includes(row.to) },
  shuffle: { way: (s) => s.shuffle(), goes: () => true },
  global: { way: (s) => s.global(), goes: (row) => row.to === 0 },
  broadcast: { way: (s) => s.broadcast(), goes: () => true },
  custom: { way: (s) => s.partitionCustom((row, n) => row.id % n), goes: (row, _up, down) => row.to === row.id % down },
};

async function run(way: Way, up: number, down: number, lives: readonly number[], codegen: "auto" | "off"): Promise<readonly Got[]> {
  const rows = await runLives(
    (p, out) => {
      const source = generatorSource(Row, {
        count: ROWS,
        splits: SPLITS,
        ratePerSecond: 500,
        row: (index, split) => ({ id: index * SPLITS + split, split }),
      });
      const sent = p
        .from("rows", source)
        .parallelism(up)
        .process("send", { output: Sent, onElement: (row, { emit, subtask }) => emit({ ...row, from: subtask.index }) })
        .parallelism(up);
      way(sent)
        .process("get", { output: Got, onElement: (row, { emit, subtask }) => emit({ ...row, to: subtask.index }) })
        .parallelism(down)
        .to("out", out("out"));
    },
    { parallelism: lives, codegen },
  );
  return rows["out"] as readonly Got[];
}

const ids = (rows: readonly Got[]): number[] => rows.map(({ id }) => id).toSorted((a, b) => a - b);
const all = Array.from({ length: ROWS * SPLITS }, (_, id) => id);

for (const [name, { way, goes }] of Object.entries(WAYS)) {
  test(`${name}: every row arrives where it should, once, in order, at any parallelism and over a kill`, async () => {
    const pairs = name === "forward" ? [[1, 1], [3, 3]] : [[1, 1], [1, 4], [4, 1], [2, 4], [4, 3], [3, 3]]; // prettier-ignore
    for (const [up, down] of pairs as [number, number][]) {
      for (const codegen of ["auto", "off"] as const) {
        const rows = await run(way, up, down, codegen === "auto" ? [2, 1] : [1], codegen);
        const what = `${up} to ${down}, codegen ${codegen}`;
        const copies = name === "broadcast" ? down : 1;
        assert.deepEqual(ids(rows), all.flatMap((id) => Array.from({ length: copies }, () => id)), what); // prettier-ignore
        assert.ok(rows.every((row) => goes(row, up, down)), what); // prettier-ignore
        for (let split = 0; split < SPLITS; split++)
          for (let to = 0; to < down; to++) {
            const way = rows.filter((row) => row.split === split && row.to === to).map(({ id }) => id);
            if (codegen === "off") assert.deepEqual(way, way.toSorted((a, b) => a - b), `${what}: split ${split} to ${to}`); // prettier-ignore
          }
      }
    }
  });
}

test("what is spread arrives everywhere", async () => {
  for (const name of ["rebalance", "shuffle", "rescale"]) {
    const rows = await run(WAYS[name]!.way, 2, 4, [1], "auto");
    assert.equal(new Set(rows.map(({ to }) => to)).size, 4, name);
  }
});

test("watermarks and barriers reach every subtask that rows can reach", () => {
  for (const kind of ["forward", "rebalance", "rescale", "shuffle", "broadcast", "global", "custom", "keyed"] as const)
    for (let up = 1; up <= 6; up++)
      for (let down = 1; down <= 6; down++) {
        const reached = new Set<number>();
        for (let from = 0; from < up; from++)
          for (const to of reachable(kind, from, up, down)) {
            reached.add(to);
            assert.ok(isConnected(kind, from, up, to, down));
          }
        if (kind !== "global") assert.equal(reached.size, down, `${kind} ${up} to ${down}`);
      }
});

test("a shuffle with one seed gives one order, and every number comes", () => {
  const take = (seed: number) =>
    Array.from(
      { length: 200 },
      (
        (shuffle) => () =>
          shuffle.next()
      )(new Shuffle(seed, 5)),
    );
  assert.deepEqual(take(7), take(7));
  assert.notDeepEqual(take(7), take(8));
  assert.deepEqual([...new Set(take(0))].toSorted(), [0, 1, 2, 3, 4]);
});

test("a partition that is no subtask fails the job and says so", async () => {
  await assert.rejects(
    run((s) => s.partitionCustom(() => 4), 1, 4, [1], "auto"),
    /partitionCustom: 4 is no subtask/,
  );
});

test("forward between different parallelisms is refused, with both operators named", async () => {
  await assert.rejects(
    run((s) => s.forward(), 2, 4, [1], "auto"),
    /forward\(\) from 'send' to 'get' needs one parallelism for both, not 2 and 4/,
  );
});
