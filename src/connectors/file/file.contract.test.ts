// The file source and the file sink against the contracts of sources and sinks, on the real file system.
import { appendFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { t } from "../../schema/t.ts";
import { sinkContract, type SinkWorld } from "../../testing/connector-contract/sink-contract.ts";
import { sourceContract, type SourceWorld } from "../../testing/connector-contract/source-contract.ts";
import { csv } from "./csv-format.ts";
import { fileSink, type FileSinkOptions } from "./file-sink.ts";
import { fileSource } from "./file-source.ts";
import { jsonLines } from "./json-lines-format.ts";
import { lines } from "./lines-format.ts";

const Row = t.record("Row", { id: t.int(), name: t.optional(t.string()) });
type RowValue = { id: number; name?: string | undefined };

const rowsFrom = (first: number, count: number): RowValue[] =>
  Array.from({ length: count }, (_, index) => ({ id: first + index, name: index % 3 === 0 ? undefined : `n "${index}",\n${index}` }));
const csvText = (rows: readonly RowValue[]): string =>
  rows.map(({ id, name }) => `${id},${name === undefined ? "" : `"${name.replaceAll('"', '""')}"`}\r\n`).join("");
const jsonText = (rows: readonly RowValue[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join("");

async function directory(): Promise<{ path: string; close: () => Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), "millrace-file-"));
  return { path, close: () => rm(path, { recursive: true, force: true }) };
}

async function csvWorld(): Promise<SourceWorld<RowValue>> {
  const { path, close } = await directory();
  await mkdir(join(path, "sub"));
  await writeFile(
    join(path, "a.csv"),
    `\ufeffname,other,id\r\n${rowsFrom(0, 9)
      .map(({ id, name }) => `${name === undefined ? "" : `"${name.replaceAll('"', '""')}"`},x,${id}\n`)
      .join("")}`,
  );
  await writeFile(join(path, "sub/b.csv.gz"), gzipSync(`id,name\n${csvText(rowsFrom(100, 7))}oops\n`));
  await writeFile(join(path, "c.csv.zst"), zstdCompressSync(`id,name\n${csvText(rowsFrom(200, 4))}205,last`));
  await writeFile(join(path, "empty.csv"), "");
  await writeFile(join(path, "_hidden.csv"), "nothing");
  const rows = [...rowsFrom(0, 9), ...rowsFrom(100, 7), ...rowsFrom(200, 4), { id: 205, name: "last" }];
  return { source: fileSource(path, csv(Row)), rows, malformed: 1, close };
}

async function watchedWorld(): Promise<SourceWorld<RowValue>> {
  const { path, close } = await directory();
  await writeFile(join(path, "a.jsonl"), jsonText(rowsFrom(0, 5)));
  await writeFile(join(path, "b.jsonl.gz"), gzipSync(jsonText(rowsFrom(10, 3))));
  const add = async (): Promise<RowValue[]> => {
    await appendFile(join(path, "a.jsonl"), jsonText(rowsFrom(50, 2)).slice(0, -4));
    setTimeout(() => void appendFile(join(path, "a.jsonl"), jsonText(rowsFrom(50, 2)).slice(-4)), 30);
    await writeFile(join(path, "c.jsonl"), jsonText(rowsFrom(60, 4)));
    return [...rowsFrom(50, 2), ...rowsFrom(60, 4)];
  };
  return {
    source: fileSource(`${path}/*.jsonl{,.gz}`, jsonLines(Row), { watch: "20ms" }),
    rows: [...rowsFrom(0, 5), ...rowsFrom(10, 3)],
    add,
    close,
  };
}

async function largeWorld(): Promise<SourceWorld<string>> {
  const { path, close } = await directory();
  const text = "a line of text that is repeated\n".repeat(300_000);
  await writeFile(join(path, "large.txt"), text);
  return { source: fileSource(join(path, "large.txt"), lines()), rows: [], close };
}

const checks = [
  ...sourceContract({ name: "CSV files", world: csvWorld, largeWorld: largeWorld as never, maxReadAheadBytes: 1 << 20 }),
  ...sourceContract({ name: "a watched directory of JSON lines", world: watchedWorld }),
  ...[
    ["CSV, over many checkpoints", {}],
    ["JSON lines in partitions, by size", { roll: { sizeBytes: 20 }, partitionBy: "name" }],
  ].flatMap(([name, options]) =>
    sinkContract({
      name: `files of ${name as string}`,
      world: () => sinkWorld(options as FileSinkOptions<RowValue>, (name as string).startsWith("CSV")),
    }),
  ),
];
for (const { name, run } of checks) test(name, run);

async function sinkWorld(options: FileSinkOptions<RowValue>, isCsv: boolean): Promise<SinkWorld<RowValue>> {
  const { path, close } = await directory();
  const visible = async (): Promise<RowValue[]> => {
    const entries = await readdir(path, { recursive: true, withFileTypes: true });
    const found = entries.filter((entry) => entry.isFile() && !join(entry.parentPath, entry.name).includes("/."));
    const texts = await Promise.all(found.map((entry) => readFile(join(entry.parentPath, entry.name), "utf8")));
    return texts.flatMap((text) =>
      isCsv
        ? text.trimEnd().split("\n").slice(1).map(fromCsv)
        : text
            .trimEnd()
            .split("\n")
            .map((line) => JSON.parse(line) as RowValue),
    );
  };
  return {
    sink: () => fileSink(path, isCsv ? csv(Row) : jsonLines(Row), options),
    row: (id) => ({ id, name: `name ${id % 2}` }),
    visible,
    close,
  };
}

function fromCsv(line: string): RowValue {
  const [id, name] = line.split(",");
  return { id: Number(id), name: name! };
}
