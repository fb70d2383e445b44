// The JSON Schema validator, which walks over schemas, beside ajv, which compiles them into code. No goal of speed: schema text never becomes
// code here. What ajv takes to compile is its own line: a registry meets a schema once.
import { Ajv2020 } from "ajv/dist/2020.js";
import { jsonSchemaValidator } from "../../src/schema/json-schema/json-schema-validator.ts";
import { jsonSchemaText } from "../../src/schema/json-schema/type-to-json-schema.ts";
import type { SchemaCase } from "./cases.ts";
import { compare } from "./rounds.ts";
import { objectsIn } from "./work.ts";

const OPTIONS = { strict: false, validateSchema: false, validateFormats: false, logger: false } as const;
const SCHEMAS = 20;

export function jsonSchema({ name, type, values }: SchemaCase): void {
  const schema = JSON.parse(jsonSchemaText(type)) as object;
  const records = values.map((value) => JSON.parse(JSON.stringify(value, (_name, each: unknown) => each ?? undefined)) as never);
  const each = (what: string, count: number, theirs: () => void, ours: () => void, goal: number, weight = 1): void =>
    compare({ name: `json-schema ${name}: ${what}`, oracle: "ajv", records: count, weight, theirs, ours, goal });
  const theirs = new Ajv2020(OPTIONS).compile(schema);
  const mine = jsonSchemaValidator(schema);
  each("validate", records.length, objectsIn(records, theirs), objectsIn(records, mine), 0);
  const [first] = records;
  const some = Array.from({ length: SCHEMAS }, () => Buffer.from(JSON.stringify(schema)));
  const parsed = (bytes: Buffer): object => JSON.parse(bytes.toString()) as object;
  const compiled = objectsIn(some, (bytes) => new Ajv2020(OPTIONS).compile(parsed(bytes))(first));
  each(
    "first value of a schema",
    SCHEMAS,
    compiled,
    objectsIn(some, (bytes) => jsonSchemaValidator(parsed(bytes))(first)),
    1,
    100,
  );
}
