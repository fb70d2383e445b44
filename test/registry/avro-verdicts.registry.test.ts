// Verdicts of our Avro compatibility rules beside those of Apache Avro's own SchemaCompatibility, for the table and for random schemas and what
// became of them (MILLRACE_SEED). Confluent's registry uses that class for Avro.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { avroIncompatibilities } from "../../src/schema/avro/avro-compatibility.ts";
import { parseAvro } from "../../src/schema/avro/parse-avro.ts";
import { AVRO_VERDICTS } from "../../src/schema/fixtures/avro-verdicts.ts";
import { chooser, draws, evolved, schemaJson } from "../../src/schema/fixtures/arbitrary-avro.ts";
import { SchemaParseError } from "../../src/schema/incompatibility.ts";
import { avroJars, missing } from "./prerequisites.ts";

const PAIRS = 20_000;
const SOURCE = fileURLToPath(new URL("java/AvroVerdicts.java", import.meta.url));

interface Pair {
  readonly reader: string;
  readonly writer: string;
}

/** Half of them the other way round, some of two schemas that have nothing to do with each other. */
function pairs(): Pair[] {
  const seed = Number(process.env["MILLRACE_SEED"] ?? 20261123);
  const table = AVRO_VERDICTS.map(([, before, after]) => [JSON.stringify(before), JSON.stringify(after)] as const);
  const random = fc.sample(draws, { numRuns: PAIRS, seed }).map((numbers, i) => {
    const choose = chooser(numbers);
    const first = schemaJson(choose);
    const second = i % 10 === 0 ? schemaJson(choose) : evolved(i % 3 === 0 ? evolved(first, choose) : first, choose);
    const [reader, writer] = [JSON.stringify(second), JSON.stringify(first)];
    return i % 2 === 0 ? { reader, writer } : { reader: writer, writer: reader };
  });
  return [...table.flatMap(([a, b]) => [{ reader: a, writer: b }, { reader: b, writer: a }]), ...random]; // prettier-ignore
}

function ours({ reader, writer }: Pair): string {
  try {
    const parsed = [reader, writer].map((text) => parseAvro(text, { known: new Map(), checkDefaults: true }).schema);
    return avroIncompatibilities(parsed[0]!, parsed[1]!).length === 0 ? "compatible" : "incompatible";
  } catch (error) {
    if (!(error instanceof SchemaParseError)) throw error;
    // Apache Avro 1.12 takes a name that is used before it is defined, which Avro's specification and older versions forbid.
    return error.message.includes("there is no type") ? "used before defined" : "refused";
  }
}

function theirs(all: readonly Pair[]): string[] {
  const directory = mkdtempSync(join(tmpdir(), "avro-verdicts-"));
  try {
    const jars = avroJars();
    const compiled = spawnSync("javac", ["-nowarn", "-encoding", "UTF-8", "-d", directory, "-cp", jars, SOURCE], { encoding: "utf8" });
    assert.equal(compiled.status, 0, compiled.stderr);
    const input = all.map(({ reader, writer }) => `${reader}\t${writer}\n`).join("");
    const options = { input, encoding: "utf8", maxBuffer: 1 << 28 } as const;
    const { status, stdout, stderr } = spawnSync("java", ["-Xmx256m", "-cp", `${directory}:${jars}`, "AvroVerdicts"], options);
    assert.equal(status, 0, stderr);
    return stdout.trim().split("\n");
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

test(`${PAIRS} random pairs of Avro schemas: the same verdicts as Apache Avro's`, { skip: missing("java", "javac", "mvn") }, () => {
  const all = pairs();
  const expected = theirs(all);
  assert.equal(expected.length, all.length);
  const counts: Record<string, number> = {};
  const different = all.flatMap((pair, i) => {
    const verdict = ours(pair);
    counts[verdict] = (counts[verdict] ?? 0) + 1;
    return verdict === expected[i] || verdict === "used before defined"
      ? []
      : [`ours ${verdict}, Apache's ${expected[i]}\n  reader ${pair.reader}\n  writer ${pair.writer}`];
  });
  assert.equal(different.length, 0, `${different.length} of ${all.length} differ, such as\n${different.slice(0, 5).join("\n")}`);
  assert.ok((counts["used before defined"] ?? 0) < PAIRS / 20, JSON.stringify(counts));
  assert.ok(counts["compatible"]! > PAIRS / 10 && counts["incompatible"]! > PAIRS / 10, JSON.stringify(counts));
  console.log(`# ${JSON.stringify(counts)}`);
});
