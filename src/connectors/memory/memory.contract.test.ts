// The sources and sinks of this folder against the contracts of sources and sinks.
import { test } from "node:test";
import { t } from "../../schema/t.ts";
import { sinkContract } from "../../testing/connector-contract/sink-contract.ts";
import { sourceContract } from "../../testing/connector-contract/source-contract.ts";
import { arraySource } from "./array-source.ts";
import { collectSink } from "./collect-sink.ts";
import { functionSink } from "./function-sink.ts";
import { generatorSource } from "./generator-source.ts";

const Row = t.record("Row", { id: t.int(), name: t.optional(t.string()) });
const row = (id: number): { id: number; name?: string | undefined } => ({ id, name: id % 2 === 0 ? undefined : `n${id}` });
const rows = Array.from({ length: 20 }, (_, id) => row(id));

const checks = [
  ...sourceContract({ name: "an array in three splits", world: async () => ({ source: arraySource(Row, rows, { splits: 3 }), rows }) }),
  ...sourceContract({
    name: "a generator in two splits",
    world: async () => ({ source: generatorSource(Row, { count: 10, splits: 2, row: (index, split) => row(index * 2 + split) }), rows }),
  }),
  ...sinkContract({
    name: "an array",
    world: async () => {
      const sink = collectSink(Row);
      return { sink: () => sink, row, visible: async () => sink.rows };
    },
  }),
  ...sinkContract({
    name: "a function",
    delivery: "at-least-once",
    world: async () => {
      const taken: unknown[] = [];
      const sink = functionSink((value) => void taken.push(value), Row);
      return { sink: () => sink, row, visible: async () => taken as (typeof rows)[number][] };
    },
  }),
];
for (const { name, run } of checks) test(name, run);
