// The schemas of our types, as jobs register them and `schema gen` prints them, are what a registry takes, and read themselves.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { avroText } from "../schema/avro/avro-text.ts";
import { avroJson, typeToAvro } from "../schema/avro/type-to-avro.ts";
import { anyRecord, anyType } from "../schema/fixtures/arbitrary-types.ts";
import { jsonSchemaOf, jsonSchemaText } from "../schema/json-schema/type-to-json-schema.ts";
import { protoText } from "../schema/protobuf/type-to-proto.ts";
import { t } from "../schema/t.ts";
import type { TypeInfo } from "../schema/type-info.ts";
import { FORMATS } from "./schema-parsing.ts";
import type { SchemaType } from "./schema-entry.ts";

const seed = process.env["MILLRACE_SEED"] === undefined ? {} : { seed: Number(process.env["MILLRACE_SEED"]) };
const STRICT = { rules: true, names: true };

function textsOf(type: TypeInfo): (readonly [SchemaType, string])[] {
  return [
    ["AVRO", avroText(typeToAvro(type), "plain")],
    ["AVRO", JSON.stringify(avroJson(type))],
    ["PROTOBUF", protoText(type)],
    ["JSON", jsonSchemaText(type)],
    ["JSON", JSON.stringify(jsonSchemaOf(type))],
    ["JSON", JSON.stringify(jsonSchemaOf(type, "draft-2020-12"))],
  ];
}

function check(type: TypeInfo): void {
  for (const [format, text] of textsOf(type)) {
    const parsed = FORMATS[format]!(text, [], STRICT);
    assert.deepEqual(parsed.incompatibilities(parsed, { policy: "STRICT" }), [], text);
    const again = FORMATS[format]!(parsed.canonical, [], STRICT);
    assert.equal(again.canonical, parsed.canonical);
    FORMATS[format]!(parsed.normalized(), [], STRICT);
  }
}

test("random types", () => {
  fc.assert(
    fc.property(fc.oneof(anyType, anyRecord), ({ type }) => check(type)),
    { numRuns: 100, ...seed },
  );
});

const WORDS =
  "message enum syntax package import option map oneof reserved optional required repeated true inf nan max to string int32 bool bytes " +
  "record array fixed null int long error union namespace class default return $ref $id type properties __proto__ constructor toString a-b 1st ünï 日本";

test("names that the formats mean something by", () => {
  const words = WORDS.split(" ");
  const fields = Object.fromEntries(words.map((word) => [word, t.optional(t.int())]));
  check(t.record("Words", fields).type);
  for (const word of words.filter((each) => /^[\p{L}_][\p{L}\p{N}_.]*$/u.test(each)))
    check(t.record(word, { [word]: t.record(`a.${word}`, { x: t.literal(word, "other word") }), dates: t.array(t.date()), ["Date"]: t.decimal(4, 2) }).type); // prettier-ignore
});
