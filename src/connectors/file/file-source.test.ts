// The file source by example, on simulated disks: what is read, what is told about bad lines, and jobs that watch a directory.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { runJob } from "../../engine/run-job.ts";
import type { Env } from "../../env/env.ts";
import { rowAt } from "../../schema/columns.ts";
import { t } from "../../schema/t.ts";
import type { DeadLetter } from "../../stream/graph.ts";
import type { Json, PoisonRecord, Source } from "../../stream/connector.ts";
import { deadLetter } from "../../stream/dead-letter.ts";
import { pipeline } from "../../stream/pipeline.ts";
import { createSimulation } from "../../testing/simulation/simulation.ts";
import { collectSink } from "../memory/collect-sink.ts";
import { csv, type CsvOptions } from "./csv-format.ts";
import { fileSink } from "./file-sink.ts";
import { fileSource } from "./file-source.ts";
import { jsonLines } from "./json-lines-format.ts";
import { lines } from "./lines-format.ts";
import { matchesPattern, parsePathPattern } from "./path-pattern.ts";

const Reading = t.record("Reading", { at: t.timestamp(), value: t.double(), site: t.optional(t.string()) });

async function put(env: Env, path: string, content: string | Uint8Array): Promise<void> {
  const handle = await env.files.open(path, "w+");
  await handle.write([typeof content === "string" ? new TextEncoder().encode(content) : content], 0);
  await handle.close();
}

async function inWorld(body: (env: Env) => Promise<void>): Promise<void> {
  const simulation = createSimulation(3);
  simulation.files.provideDirectory("/data/in");
  await simulation.run(() => body(simulation.env()));
}

interface Read {
  readonly rows: unknown[];
  readonly offsets: number[];
  readonly poison: PoisonRecord[];
  readonly position: Json;
}

async function readAll(env: Env, source: Source<unknown>, position?: Json): Promise<Read> {
  const connector = source.create({ env, job: "job", operator: "in", settings: {} });
  const reader = await connector.open((await connector.discover())[0]!, position);
  const read = { rows: [] as unknown[], offsets: [] as number[], poison: [] as PoisonRecord[] };
  while (!reader.finished) {
    const out = reader.poll(2);
    if (out === undefined) await reader.available();
    for (let row = 0; row < (out?.batch.rows ?? 0); row++) {
      read.rows.push(rowAt(out!.batch, row));
      read.offsets.push(out!.offsets![row]!);
    }
    read.poison.push(...(out?.poison ?? []));
  }
  const result = { ...read, position: reader.position() };
  await connector.close();
  return result;
}

describe("fileSource", () => {
  test("reads columns by the names of the header, times in ISO 8601 or epoch ms, and text offsets", () =>
    inWorld(async (env) => {
      await put(env, "/data/in/a.csv", "site,at,extra,value\nn,2026-01-31 08:30:00,x,1.5\n,1000,y,-2e3\n");
      const { rows, offsets, position } = await readAll(env, fileSource("/data/in/a.csv", csv(Reading)));
      assert.deepEqual(rows, [
        { at: Date.UTC(2026, 0, 31, 8, 30), value: 1.5, site: "n" },
        { at: 1000, value: -2000, site: undefined },
      ]);
      assert.deepEqual(offsets, [20, 48]);
      assert.deepEqual(position, { offset: 61, line: 4, done: true });
    }));

  test("tells of malformed lines the file, the line, the text offset and the field, and keeps the text", () =>
    inWorld(async (env) => {
      const text = 'at,value\n1,2\nx,3\n4,"5\n6"\n7\n"8,9\n10,11';
      await put(env, "/data/in/a.csv", text);
      const { rows, poison } = await readAll(env, fileSource("/data/in", csv(Reading)));
      assert.deepEqual(rows, [
        { at: 1, value: 2, site: undefined },
        { at: 10, value: 11, site: undefined },
      ]);
      assert.deepEqual(
        poison.map(({ topic, offset, value, error }) => [topic, offset, new TextDecoder().decode(value!), error]),
        [
          ["a.csv", 13, "x,3", "line 3: at: expected timestamp, got a cell of 1 bytes (at byte 0)"],
          ["a.csv", 17, '4,"5\n6"', "line 4: value: expected double, got a cell of 3 bytes (at byte 2)"],
          ["a.csv", 25, "7", "line 6: expected 2 cells, got 1"],
          ["a.csv", 27, '"8,9', "line 7: expected a quote at the end of a cell within 1000 lines and 1048576 bytes, got none"],
        ],
      );
    }));

  test("a header that lacks a required column fails with the columns that are there", () =>
    inWorld(async (env) => {
      await put(env, "/data/in/a.csv", "at,valu\n1,2\n");
      await assert.rejects(readAll(env, fileSource("/data/in/a.csv", csv(Reading))), {
        code: "BAD_HEADER",
        message: 'The first line of /data/in/a.csv does not name the columns: value: expected a column "value", got the columns at, valu.',
      });
    }));

  test("a line that is longer than allowed is malformed, and the next one is read", () =>
    inWorld(async (env) => {
      await put(env, "/data/in/a.txt", `short\n${"x".repeat(25)}\nnext`);
      const { rows, poison } = await readAll(env, fileSource("/data/in/a.txt", lines(), { maxRecordBytes: 10 }));
      assert.deepEqual(rows, ["short", "next"]);
      assert.deepEqual(
        poison.map(({ offset, value, error }) => [offset, value!.length, error]),
        [[6, 25, "line 2: expected a record of at most 10 bytes, got 25"]],
      );
    }));

  test("a file that shrank, and one that is gone, fail instead of skipping", () =>
    inWorld(async (env) => {
      await put(env, "/data/in/a.txt", "one\ntwo\n");
      const source = fileSource("/data/in/a.txt", lines());
      await assert.rejects(readAll(env, source, { offset: 100, line: 9 }), { code: "FILE_SHRUNK" });
      await env.files.remove("/data/in/a.txt");
      await assert.rejects(readAll(env, source), { code: "NO_FILES" });
    }));

  test("options that cannot be are refused where they are written", () => {
    const nested = t.record("Nested", { list: t.array(t.int()) });
    assert.throws(() => csv(nested), { code: "BAD_FORMAT", message: /field "list" is a array|field "list" is an? / });
    assert.throws(() => csv(t.string() as never), { code: "BAD_FORMAT" });
    assert.throws(() => csv(Reading, { delimiter: ";;" }), { code: "BAD_FORMAT" });
    assert.throws(() => csv(Reading, { delimiter: '"' } satisfies CsvOptions), { code: "BAD_FORMAT" });
    assert.throws(() => fileSource("", lines()), { code: "BAD_OPTION" });
    assert.throws(() => fileSource("x", lines(), { watch: "soon" as never }), { code: "BAD_DURATION" });
    const misspelt = (): never => ({ wacth: "1s" }) as never;
    assert.throws(() => fileSource("x", lines(), misspelt()), {
      code: "BAD_OPTION",
      message: /no option "wacth": did you mean "watch"\?$/,
    });
    const roll = { roll: { evry: "1s" } } as never;
    assert.throws(() => fileSink("x", lines(), roll), {
      code: "BAD_OPTION",
      message: /roll: there is no option "evry": did you mean "every"\?$/,
    });
    assert.throws(() => fileSink("x", lines(), { partitionby: "a" } as never), {
      code: "BAD_OPTION",
      message: /did you mean "partitionBy"\?$/,
    });
    assert.throws(() => csv(Reading, { delimeter: ";" } as never), { code: "BAD_FORMAT", message: /did you mean "delimiter"\?$/ });
    assert.throws(() => csv(Reading, { colour: ";" } as never), {
      message: /no option "colour"; the options are delimiter, quote, header/,
    });
  });
});

test("patterns match names as they say", () => {
  const matches = (pattern: string, path: string): boolean => matchesPattern(parsePathPattern(`/data/${pattern}`), path.split("/"));
  for (const [pattern, yes, no] of [
    ["*.csv", ["a.csv", ".csv".slice(1) + ".csv"], ["a.csv.gz", "sub/a.csv", ".a.csv", "_a.csv"]],
    ["**/*.{csv,txt}", ["a.csv", "x/a.txt", "x/y/a.csv"], ["a.gz", ".x/a.csv", "x/_y/a.csv"]],
    ["day=*/part-?.csv", ["day=1/part-0.csv"], ["day=1/part-10.csv", "part-0.csv"]],
    ["**", ["a", "a/b"], [".a", "a/.b"]],
    [".h*/a", [".hidden/a"], ["hidden/a", "_h/a"]],
  ] as const) {
    for (const path of yes) assert.ok(matches(pattern, path), `${pattern} matches ${path}`);
    for (const path of no) assert.ok(!matches(pattern, path), `${pattern} does not match ${path}`);
  }
});

test("a watched directory: new files and new lines are read by the running job, malformed ones become dead letters, and draining ends it", () =>
  inWorld(async (env) => {
    const out = collectSink(Reading);
    const bad = collectSink<DeadLetter>();
    const watching = pipeline("watching", (p) => {
      p.from("in", fileSource("/data/in/*.jsonl*", jsonLines(Reading), { watch: "100ms" }), { onError: deadLetter(bad) }).to("out", out);
    });
    const line = (at: number): string => `${JSON.stringify({ at, value: at })}\n`;
    await put(env, "/data/in/a.jsonl", line(1));
    const job = await runJob(env, { graph: watching.graph(), checkpoints: { dir: "/data/checkpoints", everyMs: 50 }, parallelism: 2 });
    const until = async (rows: number): Promise<void> => {
      while (out.rows.length < rows) await env.timers.sleep(10);
    };
    await until(1);
    await put(env, "/data/in/b.jsonl.gz", await env.compression.compress("gzip", new TextEncoder().encode(line(2) + line(3))));
    await until(3);
    await put(env, "/data/in/a.jsonl", `${line(1)}oops\n${line(4).slice(0, -3)}`);
    await env.timers.sleep(500);
    assert.equal(out.rows.length, 3, "half a line is not read");
    await put(env, "/data/in/a.jsonl", `${line(1)}oops\n${line(4)}${line(5).trimEnd()}`);
    await until(4);
    await job.stop({ drain: true });
    assert.deepEqual(
      out.rows.map(({ at }) => at).toSorted((a, b) => a - b),
      [1, 2, 3, 4, 5],
    );
    assert.deepEqual(
      bad.rows.map(({ topic, partition, offset, value }) => ({ topic, partition, offset, value })),
      [{ topic: "a.jsonl", partition: -1, offset: line(1).length, value: "oops" }],
    );
  }));

test("more files than are open at a time are all read, and a job that is killed goes on inside them at another parallelism", async () => {
  const simulation = createSimulation(9);
  simulation.files.provideDirectory("/data/in");
  const out = collectSink<string>();
  const all = Array.from({ length: 40 * 50 }, (_, index) => `line ${index}`);
  const reading = pipeline("reading", (p) => {
    p.from("in", fileSource("/data/in", lines()), { onError: "skip" }).to("out", out);
  });
  let finished = false;
  const first = simulation.env();
  await simulation.run(async () => {
    for (let file = 0; file < 40; file++) {
      const text = all.slice(file * 50, file * 50 + 50).join("\n");
      const bytes = new TextEncoder().encode(text);
      await put(
        first,
        `/data/in/f${file}.txt${file % 2 === 0 ? ".zst" : ""}`,
        file % 2 === 0 ? await first.compression.compress("zstd", bytes) : bytes,
      );
    }
  });
  for (let life = 0; !finished && life < 200; life++) {
    const env = simulation.env();
    await simulation.run(async () => {
      const job = await runJob(env, {
        graph: reading.graph(),
        checkpoints: { dir: "/data/checkpoints", everyMs: 3 },
        restart: { kind: "none" },
        parallelism: 1 + (life % 3),
      });
      const ended = job.finished.then(() => {
        finished = true;
      });
      ended.catch(() => {});
      await Promise.race([ended, env.timers.sleep(life < 20 ? simulation.random.between(5, 30) : 10_000)]);
    });
    simulation.kill();
  }
  assert.deepEqual(out.rows.toSorted(), all.toSorted());
});

test("a row that a function fails on becomes a dead letter that names its file and its place there", () =>
  inWorld(async (env) => {
    const bad = collectSink<DeadLetter>();
    const out = collectSink(Reading);
    await put(env, "/data/in/a.csv", "at,value\n1,2\n3,-4\n");
    const failing = pipeline("failing", (p) => {
      const checked = (row: { value: number }): boolean => {
        if (row.value < 0) throw new RangeError("negative");
        return true;
      };
      p.from("in", fileSource("/data/in/*.csv", csv(Reading)))
        .filter(checked, { onError: deadLetter(bad) })
        .to("out", out);
    });
    await (
      await runJob(env, { graph: failing.graph() })
    ).finished;
    assert.equal(out.rows.length, 1);
    assert.deepEqual(
      bad.rows.map(({ topic, partition, offset }) => ({ topic, partition, offset })),
      [{ topic: "a.csv", partition: -1, offset: 13 }],
    );
  }));
