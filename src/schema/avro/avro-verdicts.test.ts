// The table of fixtures/avro-verdicts.ts, which the registry's lane holds to Apache Avro, too.
import assert from "node:assert/strict";
import { test } from "node:test";
import { AVRO_VERDICTS } from "../fixtures/avro-verdicts.ts";
import { avroIncompatibilities } from "./avro-compatibility.ts";
import { parseAvro } from "./parse-avro.ts";

const parse = (schema: unknown) => parseAvro(JSON.stringify(schema)).schema;
const found = (reader: unknown, writer: unknown): string =>
  avroIncompatibilities(parse(reader), parse(writer))
    .map(({ type, path }) => `${type} ${path}`)
    .join(", ");

for (const [what, before, after, backward, forward] of AVRO_VERDICTS) {
  test(`${what}: backward ${backward || "compatible"}`, () => assert.equal(found(after, before), backward));
  test(`${what}: forward ${forward || "compatible"}`, () => assert.equal(found(before, after), forward));
}
