// Avro beside avsc: the same records into objects and out of them, into columns and out of them.
import avsc from "avsc";
import { avroDecoder } from "../../src/schema/avro/decoder.ts";
import { avroEncoder } from "../../src/schema/avro/encoder.ts";
import { avroJson, typeToAvro } from "../../src/schema/avro/type-to-avro.ts";
import { avroValueDecoder } from "../../src/schema/avro/value-decoder.ts";
import { avroValueEncoder } from "../../src/schema/avro/value-encoder.ts";
import type { SchemaCase } from "./cases.ts";
import { columnsIn, columnsOut, objectsIn, objectsOut } from "./work.ts";
import { compare } from "./rounds.ts";

const OBJECTS = 1.5;
const COLUMNS = 4;

export function avro({ name, type, values }: SchemaCase): void {
  const schema = typeToAvro(type);
  const theirs = avsc.Type.forSchema(avroJson(type) as avsc.Schema, { wrapUnions: false });
  // By way of JSON, so that strings are flat, as they are wherever they come from.
  const records = values.map((value) => JSON.parse(JSON.stringify(value, (_name, each: unknown) => each ?? null)) as object);
  const documents = records.map((record) => theirs.toBuffer(record));
  const each = (what: string, goal: number, other: () => void, ours: () => void): void =>
    compare({ name: `avro ${name}: ${what}`, oracle: "avsc", records: documents.length, theirs: other, ours, goal });
  const decode = objectsIn(documents, (bytes) => theirs.fromBuffer(bytes));
  const encode = objectsOut(records, (record) => theirs.toBuffer(record));
  each("decode objects", OBJECTS, decode, objectsIn(documents, avroValueDecoder(schema)));
  each("encode objects", OBJECTS, encode, objectsOut(records, avroValueEncoder(schema)));
  const columns = columnsIn(type, documents, avroDecoder(type));
  each("decode columns", COLUMNS, decode, columns.run);
  each("encode columns", COLUMNS, encode, columnsOut(columns.batch(), avroEncoder(type).row));
}
