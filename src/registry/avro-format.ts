// Avro for the registry: texts with references in, forms and comparison out.
import { avroIncompatibilities } from "../schema/avro/avro-compatibility.ts";
import { avroText } from "../schema/avro/avro-text.ts";
import type { AvroNamed, AvroSchema } from "../schema/avro/avro-schema.ts";
import { parseAvro } from "../schema/avro/parse-avro.ts";
import type { Checks, ParsedSchema, ResolvedReference } from "./parsed-schema.ts";

interface ParsedAvroSchema extends ParsedSchema {
  readonly avro: AvroSchema;
}

/** Throws SchemaParseError. */
export function parseAvroSchema(text: string, references: readonly ResolvedReference[], checks: Checks): ParsedSchema {
  const known = namesOf(references);
  const avro = parseAvro(text, { known, checkDefaults: checks.rules, checkNames: checks.names }).schema;
  const parsed: ParsedAvroSchema = {
    type: "AVRO",
    avro,
    canonical: avroText(avro, "plain", known.keys()),
    normalized: () => avroText(avro, "normalized", known.keys()),
    resolved: () => avroText(avro, "normalized", []),
    hasTopLevelField: (name) => avro.type === "record" && avro.fields.some((field) => field.name === name),
    incompatibilities: (writer) => avroIncompatibilities(avro, (writer as ParsedAvroSchema).avro),
  };
  return parsed;
}

/** The text with what it refers to defined in it. Throws SchemaParseError. */
export function resolvedAvro(text: string, references: readonly ResolvedReference[]): string {
  return avroText(parseAvro(text, { known: namesOf(references), checkDefaults: false, checkNames: false }).schema, "plain", []);
}

function namesOf(references: readonly ResolvedReference[]): Map<string, AvroNamed> {
  const known = new Map<string, AvroNamed>();
  for (const reference of references)
    for (const [name, named] of parseAvro(reference.schema, { known, checkDefaults: false, checkNames: false }).named)
      known.set(name, named);
  return known;
}
