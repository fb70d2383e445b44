// Our Avro codec beside Python's avro and avro-js: random schemas, and random pairs of a writer and what became of its schema. What we write
// they read as it was, and what can be read as another schema is the same value there (MILLRACE_SEED).
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { avroValueDecoder } from "../../src/schema/avro/value-decoder.ts";
import { avroValueEncoder } from "../../src/schema/avro/value-encoder.ts";
import { parseAvro } from "../../src/schema/avro/parse-avro.ts";
import type { AvroSchema } from "../../src/schema/avro/avro-schema.ts";
import { EncodeBuffer } from "../../src/schema/encode-buffer.ts";
import { chooser, draws, evolved, fromAvsc, schemaJson, valueTwin } from "../../src/schema/fixtures/arbitrary-avro.ts";
import { avroJs, missing, pythonAvro } from "./prerequisites.ts";

const CASES = 3000;
const SCRIPT = fileURLToPath(new URL("fixtures/avro_oracle.py", import.meta.url));

interface Case {
  readonly writer: unknown;
  readonly reader: unknown;
  readonly bytes: string;
  readonly readerSchema: AvroSchema;
  /** What we read; otherwise why not: the pair cannot be read, or this value cannot. */
  readonly ours: { readonly value: unknown } | "no such pair" | "no such value";
}

function cases(): Case[] {
  const seed = Number(process.env["MILLRACE_SEED"] ?? 20261123);
  return fc.sample(draws, { numRuns: CASES, seed }).flatMap((numbers, index) => {
    const choose = chooser(numbers);
    const writer = schemaJson(choose);
    const reader = index % 2 === 0 ? writer : evolved(writer, choose);
    try {
      const [written, wanted] = [writer, reader].map((json) => parseAvro(JSON.stringify(json)).schema);
      const out = new EncodeBuffer();
      avroValueEncoder(written!)(valueTwin(written!, choose).ours, out);
      return [{ writer, reader, bytes: Buffer.from(out.copy()).toString("hex"), readerSchema: wanted!, ours: read(wanted!, written!, out.copy()) }]; // prettier-ignore
    } catch (error) {
      if ((error as { code?: string }).code === "INVALID_SCHEMA") return []; // what became of it is no schema
      throw error;
    }
  });
}

function read(reader: AvroSchema, writer: AvroSchema, bytes: Uint8Array): Case["ours"] {
  try {
    return { value: canonical(avroValueDecoder(reader, writer)(bytes)) };
  } catch (error) {
    const { code } = error as { readonly code?: string };
    if (code === "BAD_SCHEMA") return "no such pair";
    if (code === "BAD_DATA") return "no such value";
    throw error;
  }
}

/** As avro_oracle.py has it. */
function canonical(value: unknown): unknown {
  if (value === null || typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number") {
    const bytes = Buffer.alloc(8);
    bytes.writeDoubleBE(value);
    return { n: Number.isNaN(value) ? "nan" : bytes.toString("hex") };
  }
  if (value instanceof Uint8Array) return { b: Buffer.from(value).toString("hex") };
  if (Array.isArray(value)) return value.map(canonical);
  const entries = value instanceof Map ? [...(value as Map<string, unknown>)] : Object.entries(value as object);
  return { o: entries.map(([key, each]) => [key, canonical(each)]).sort(([a], [b]) => ((a as string) < (b as string) ? -1 : 1)) };
}

interface Answer {
  readonly value?: unknown;
  readonly bytes?: string;
  readonly error?: string;
  /** It does not take the schema. */
  readonly schema?: string;
}

/** Each answer beside ours; `isKnown`: a difference that is the oracle's. */
function compare(all: readonly Case[], answers: readonly Answer[], isKnown: (one: Case, answer: Answer) => boolean): void {
  const count = { same: 0, resolved: 0, refused: 0 };
  const differences: string[] = [];
  for (const [index, one] of all.entries()) {
    const { writer, reader, ours } = one;
    const answer = answers[index]!;
    const isSame = JSON.stringify(writer) === JSON.stringify(reader);
    // Both know fewer resolutions than the specification: no aliases, no promotion inside of arrays, no enum that lost a symbol.
    const isStricter = !isSame && answer.error !== undefined && typeof ours !== "string";
    if (answer.schema !== undefined || isStricter || isKnown(one, answer)) continue;
    const wanted = typeof ours === "string" ? undefined : ours.value;
    const isRead = JSON.stringify(rounded(answer.value, !isSame)) === JSON.stringify(rounded(wanted, !isSame));
    const isWritten = !isSame || answer.bytes === undefined || hasUnion(writer) || answer.bytes === one.bytes;
    if (!isRead || !isWritten) differences.push(JSON.stringify({ writer, reader, bytes: one.bytes, ours, answer }));
    else if (typeof ours === "string") count.refused++;
    else if (isSame) count.same++;
    else count.resolved++;
  }
  assert.equal(
    differences.length,
    0,
    `${differences.length} differ, such as ${differences
      .toSorted((a, b) => a.length - b.length)
      .slice(0, 12)
      .join("\n")}`,
  );
  assert.ok(count.same > 500 && count.resolved > 200 && count.refused > 20, JSON.stringify(count));
}

/** Python's avro leaves an integer that becomes a float as it is; avro-js reads bytes as the first branch that can have them, be it string. */
function rounded(value: unknown, isResolved: boolean): unknown {
  if (!isResolved || value === undefined) return value;
  return JSON.parse(JSON.stringify(value), (key, each: unknown) => {
    if (key === "n" && typeof each === "string" && each !== "nan") return Math.fround(Buffer.from(each, "hex").readDoubleBE());
    const { b: bytes } = (typeof each === "object" && each !== null ? each : {}) as { readonly b?: unknown };
    return typeof bytes === "string" ? Buffer.from(bytes, "hex").toString() : each;
  });
}

/** Which branch a value goes to is the writer's choice. */
function hasUnion(schema: unknown): boolean {
  return (
    Array.isArray(schema) || (typeof schema === "object" && schema !== null && /"(?:type|items|values)":\[/.test(JSON.stringify(schema)))
  );
}

test("Python's avro", { skip: missing("python3"), timeout: 600_000 }, () => {
  const all = cases();
  const isSame = (one: Case): boolean => JSON.stringify(one.writer) === JSON.stringify(one.reader);
  const line = (one: Case): string =>
    JSON.stringify({ writer: one.writer, reader: one.reader, bytes: one.bytes, write: isSame(one) && !hasUnion(one.writer) });
  const input = all.map((one) => `${line(one)}\n`).join("");
  const { status, stdout, stderr } = spawnSync(pythonAvro(), [SCRIPT], { input, encoding: "utf8", maxBuffer: 1 << 28 });
  assert.equal(status, 0, stderr);
  const answers = stdout.trimEnd().split("\n").map((line) => JSON.parse(line) as Answer); // prettier-ignore
  // It meets what cannot be read only when a value of it comes.
  compare(all, answers, ({ ours }, { value }) => ours === "no such pair" && value !== undefined);
});

interface AvroJsType {
  fromBuffer(bytes: Buffer, resolver?: unknown): unknown;
  toBuffer(value: unknown): Buffer;
  createResolver(writer: AvroJsType): unknown;
}

test("avro-js", { timeout: 600_000 }, () => {
  const require = createRequire(join(avroJs(), "clients.cjs"));
  const { parse } = require("avro-js") as { parse(schema: unknown): AvroJsType };
  const all = cases();
  const answers = all.map(({ writer, reader, bytes, readerSchema }): Answer => {
    let types: readonly AvroJsType[];
    try {
      types = [writer, reader].map((json) => parse(json));
    } catch (error) {
      return { schema: (error as Error).message };
    }
    try {
      const isSame = JSON.stringify(writer) === JSON.stringify(reader);
      const value = types[1]!.fromBuffer(Buffer.from(bytes, "hex"), isSame ? undefined : types[1]!.createResolver(types[0]!));
      const again = isSame ? { bytes: types[0]!.toBuffer(value).toString("hex") } : {};
      return { value: canonical(fromAvsc(readerSchema, value)), ...again };
    } catch (error) {
      return { error: (error as Error).message };
    }
  });
  // Bytes that are no UTF-8 are refused here when they are read as a string.
  compare(all, answers, ({ ours }, { value }) => typeof ours === "string" && JSON.stringify(value ?? null).includes("\ufffd"));
});
