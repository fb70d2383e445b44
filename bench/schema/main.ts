// `npm run bench:schema -- [--jsonl] [--case NAME]`: Avro, ours against avsc on the same records: into objects and out of them, into columns
// and out of them. CPU time of this process, best of five rounds in turn, so that both sides meet the same machine.
import avsc from "avsc";
import { avroJson, typeToAvro } from "../../src/schema/avro/type-to-avro.ts";
import { avroDecoder } from "../../src/schema/avro/decoder.ts";
import { avroEncoder } from "../../src/schema/avro/encoder.ts";
import { avroValueDecoder } from "../../src/schema/avro/value-decoder.ts";
import { avroValueEncoder } from "../../src/schema/avro/value-encoder.ts";
import { BatchBuilder } from "../../src/schema/batch-builder.ts";
import { EncodeBuffer } from "../../src/schema/encode-buffer.ts";
import { benchArguments } from "../arguments.ts";
import { machine } from "../machine.ts";
import { CASES, type SchemaCase } from "./cases.ts";

const ROUNDS = 5;
const SLAB = 32 * 1024;
const GOALS: Readonly<Record<string, number>> = { "decode objects": 1.5, "encode objects": 1.5, "decode columns": 4, "encode columns": 4 };
const { jsonl, only, scale } = benchArguments();
if (!jsonl) console.log(machine());

/** Kept, so that nothing is optimised away. */
const kept: unknown[] = [];

/** Nanoseconds of CPU time per record. */
function cost(records: number, round: () => void): number {
  const times = Math.ceil((300 * scale * 1000) / records);
  const from = process.cpuUsage();
  for (let index = 0; index < times; index++) round();
  const { user, system } = process.cpuUsage(from);
  return ((user + system) * 1000) / (times * records);
}

function measure(name: string, what: string, records: number, theirs: () => void, ours: () => void): void {
  const best = { ours: Infinity, theirs: Infinity };
  for (let round = 0; round < ROUNDS; round++) {
    best.theirs = Math.min(best.theirs, cost(records, theirs));
    best.ours = Math.min(best.ours, cost(records, ours));
  }
  const ratio = best.theirs / best.ours;
  const result = {
    bench: "schema",
    case: `avro ${name}: ${what}`,
    nanos: round(best.ours),
    avscNanos: round(best.theirs),
    ratio: round(ratio),
    goal: GOALS[what],
  };
  console.log(
    jsonl
      ? JSON.stringify(result)
      : `${result.case.padEnd(40)} ${String(result.nanos).padStart(7)} ns  avsc ${String(result.avscNanos).padStart(7)} ns  × ${result.ratio} (goal ${result.goal})`,
  );
}

const round = (value: number): number => Math.round(value * 100) / 100;

function run({ name, type, values }: SchemaCase): void {
  const schema = typeToAvro(type);
  const theirs = avsc.Type.forSchema(avroJson(type) as avsc.Schema, { wrapUnions: false });
  // By way of JSON, so that strings are flat, as they are wherever they come from.
  const records = values.map((value) => JSON.parse(JSON.stringify(value, (_name, each: unknown) => each ?? null)) as object);
  const documents = records.map((record) => theirs.toBuffer(record));
  const size = documents.length;
  const decodeTheirs = (): void => {
    for (let index = 0; index < size; index++) kept[index] = theirs.fromBuffer(documents[index]!);
  };
  const encodeTheirs = (): void => {
    for (let index = 0; index < size; index++) kept[index] = theirs.toBuffer(records[index]);
  };
  const decode = avroValueDecoder(schema);
  measure(name, "decode objects", size, decodeTheirs, () => {
    for (let index = 0; index < size; index++) kept[index] = decode(documents[index]!);
  });
  const encode = avroValueEncoder(schema);
  let out = new EncodeBuffer();
  measure(name, "encode objects", size, encodeTheirs, () => {
    for (let index = 0; index < size; index++) {
      if (out.at > SLAB) out = new EncodeBuffer(2 * SLAB); // bytes that stay, as avsc's
      const from = out.at;
      encode(records[index], out);
      kept[index] = out.bytes.subarray(from, out.at);
    }
  });
  const chunk = Buffer.concat(documents);
  const decoder = avroDecoder(type);
  const builder = new BatchBuilder(type, size, "bytes");
  const fill = (): void => {
    builder.reset();
    let at = 0;
    for (let index = 0; index < size; index++) {
      const end = at + documents[index]!.length;
      decoder.decodeInto(builder, chunk, at, end, 0);
      at = end;
    }
  };
  measure(name, "decode columns", size, decodeTheirs, fill);
  fill();
  const batch = builder.finish();
  const encoder = avroEncoder(type);
  measure(name, "encode columns", size, encodeTheirs, () => {
    for (let row = 0; row < size; row++) {
      out.at = 0;
      encoder.row(batch, row, out);
    }
  });
}

for (const each of CASES) if (only === undefined || each.name.includes(only)) run(each);
