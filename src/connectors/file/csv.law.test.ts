// CSV against a naive model: rows written and read again are the same rows, however the text is cut into pieces; text that a person would
// write is read as a parser of whole strings reads it.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { MAX_BATCH_ROWS } from "../../schema/batch.ts";
import { BatchBuilder } from "../../schema/batch-builder.ts";
import { rowAt } from "../../schema/columns.ts";
import { EncodeBuffer } from "../../schema/encode-buffer.ts";
import { t } from "../../schema/t.ts";
import type { ConnectorContext } from "../../stream/connector.ts";
import { createSimulation } from "../../testing/simulation/simulation.ts";
import { csv, type CsvOptions } from "./csv-format.ts";
import { fileSource } from "./file-source.ts";

const seed = process.env["MILLRACE_SEED"] === undefined ? {} : { seed: Number(process.env["MILLRACE_SEED"]) };
const Row = t.record("Row", {
  id: t.int(),
  name: t.string(),
  note: t.optional(t.string()),
  big: t.optional(t.bigint()),
  size: t.double(),
  count: t.optional(t.long()),
  at: t.timestamp(),
  ok: t.boolean(),
  kind: t.literal("a", "b,c", 'd"e'),
});
const text = fc.oneof(
  fc.string({ maxLength: 12 }),
  fc.stringMatching(/^[ab,;"'\r\n\u00e9\u4e16]{0,8}$/),
  fc.constantFrom("", "NULL", " ", "\n", '"', ",", "\r\n"),
);
const row = fc.record(
  {
    id: fc.integer(),
    name: text.map((value) => value.toWellFormed()),
    note: fc.option(
      text.map((value) => value.toWellFormed()),
      { nil: undefined },
    ),
    big: fc.option(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), { nil: undefined }),
    size: fc.double({ noNaN: true, noDefaultInfinity: true }),
    count: fc.option(fc.maxSafeInteger(), { nil: undefined }),
    at: fc.oneof(fc.integer({ min: -62_167_219_200_000, max: 253_402_300_799_999 }), fc.maxSafeInteger()),
    ok: fc.boolean(),
    kind: fc.constantFrom("a" as const, "b,c" as const, 'd"e' as const),
  },
  { noNullPrototype: true },
);
const options: fc.Arbitrary<CsvOptions> = fc.record({
  delimiter: fc.constantFrom(",", ";", "\t", "|"),
  quote: fc.constantFrom('"', "'"),
  header: fc.boolean(),
  nullText: fc.constantFrom("", "NULL", "\\N"),
  timestamps: fc.constantFrom("iso" as const, "epoch-ms" as const),
});

async function read(bytes: Uint8Array, format: ReturnType<typeof csv>, maxRows: number): Promise<{ rows: unknown[]; errors: string[] }> {
  const simulation = createSimulation(1);
  simulation.files.provideDirectory("/data");
  return await simulation.run(async () => {
    const env = simulation.env();
    const handle = await env.files.open("/data/rows.csv", "w+");
    await handle.write([bytes], 0);
    await handle.close();
    const context: ConnectorContext = { env, job: "job", operator: "in", settings: {} };
    const connector = fileSource("/data/rows.csv", format).create(context);
    const reader = await connector.open((await connector.discover())[0]!, undefined);
    const rows: unknown[] = [];
    const errors: string[] = [];
    while (!reader.finished) {
      const out = reader.poll(maxRows);
      if (out === undefined) await reader.available();
      for (let index = 0; index < (out?.batch.rows ?? 0); index++) rows.push(rowAt(out!.batch, index));
      errors.push(...(out?.poison ?? []).map(({ error }) => error));
    }
    await connector.close();
    return { rows, errors };
  });
}

test("rows that were written are read again, whatever the delimiter, the quote, the header and the text for nothing", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(row, { maxLength: 20 }), options, fc.integer({ min: 1, max: 7 }), async (rows, settings, maxRows) => {
      const format = csv(Row, settings);
      const builder = new BatchBuilder(format.type, MAX_BATCH_ROWS);
      for (const each of rows) builder.append(each, 0);
      const batch = builder.finish();
      const out = new EncodeBuffer();
      const encoder = format.encoder();
      encoder.header(out);
      for (let index = 0; index < rows.length; index++) encoder.encode(batch, index, out);
      const found = await read(out.copy(), format, maxRows);
      assert.deepEqual(found.errors, []);
      assert.deepEqual(
        found.rows,
        rows.map((each) => ({ ...each })),
      );
    }),
    { numRuns: 120, ...seed },
  );
});

/** RFC 4180 by a state machine over characters. */
function naive(whole: string): string[][] {
  const records: string[][] = [];
  let cells: string[] = [];
  let cell = "";
  let quoted = false;
  for (let at = 0; at < whole.length; at++) {
    const character = whole[at]!;
    if (quoted) {
      if (character !== '"') cell += character;
      else if (whole[at + 1] === '"') cell += whole[++at]!;
      else quoted = false;
    } else if (character === '"' && cell === "") quoted = true;
    else if (character === ",") {
      cells.push(cell);
      cell = "";
    } else if (character === "\n") {
      records.push([...cells, cell]);
      cells = [];
      cell = "";
    } else cell += character;
  }
  return records;
}

test("cells with quotes, delimiters and line breaks are cut as a parser of the whole text cuts them", async () => {
  const Pair = t.record("Pair", { a: t.string(), b: t.string() });
  const cell = fc.oneof(
    fc.stringMatching(/^[xyz ]{0,5}$/),
    fc.stringMatching(/^[xyz ,\n"]{0,8}$/).map((value) => `"${value.replaceAll('"', '""')}"`),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(cell, cell), { minLength: 1, maxLength: 30 }), async (pairs) => {
      const whole = pairs.map((pair) => `${pair.join(",")}\n`).join("");
      const expected = naive(whole).map(([a, b]) => ({ a, b }));
      const found = await read(new TextEncoder().encode(whole), csv(Pair, { header: false }) as never, 5);
      assert.deepEqual(found, { rows: expected, errors: [] });
    }),
    { numRuns: 150, ...seed },
  );
});
