// millrace schema gen: TypeScript types from a registry's schemas, and schemas from the types that a module exports; and schema diff.
import { pathToFileURL } from "node:url";
import type { RegisteredSchema } from "../../registry/http/registry-client.ts";
import { avroToType } from "../../schema/avro/avro-to-type.ts";
import type { AvroNamed } from "../../schema/avro/avro-schema.ts";
import { parseAvro } from "../../schema/avro/parse-avro.ts";
import { avroJson } from "../../schema/avro/type-to-avro.ts";
import { SchemaParseError } from "../../schema/incompatibility.ts";
import { BadSchemaError } from "../../schema/schema-error.ts";
import { isSchema } from "../../schema/t.ts";
import type { TypeInfo } from "../../schema/type-info.ts";
import { CliError } from "../cli-error.ts";
import { EXIT } from "../exit-codes.ts";
import { lineDifference, typeScriptOf } from "../schema-source.ts";
import type { Terminal } from "../terminal.ts";
import { asking, type SchemaFlags } from "./schema.ts";

/** What changed from one version (the one before the latest) to another (the latest). */
export async function schemaDiff(
  subject: string,
  from: string | undefined,
  to: string | undefined,
  flags: SchemaFlags,
  terminal: Terminal,
): Promise<void> {
  const [before, after] = await asking(terminal, flags, async (client) => {
    const latest = await client.version(subject, to === undefined ? "latest" : versionNumber(to));
    const first = from === undefined ? latest.version - 1 : versionNumber(from);
    if (first < 1) throw new CliError(EXIT.notFound, `Subject "${subject}" has only one version: there is nothing to compare it with.`);
    return [await client.version(subject, first), latest] as const;
  });
  const lines = lineDifference(readable(before), readable(after));
  const changed = lines.some((line) => !line.startsWith(" "));
  if (flags.json === true)
    return await terminal.out(`${JSON.stringify({ subject, from: before.version, to: after.version, changed, lines })}\n`);
  await terminal.out(`--- ${subject} version ${before.version}\n+++ ${subject} version ${after.version}\n${lines.join("\n")}\n`);
}

function versionNumber(text: string): number {
  if (/^[1-9]\d{0,9}$/.test(text)) return Number(text);
  throw new CliError(EXIT.usage, `"${text}" is not the number of a version: write 1, 2, …`);
}

function readable({ schema, schemaType }: RegisteredSchema): string {
  return schemaType === "PROTOBUF" ? schema.trimEnd() : JSON.stringify(JSON.parse(schema), undefined, 2);
}

/** Prints a module with the type of a subject's values. */
export async function schemaGenTs(subject: string, flags: SchemaFlags, terminal: Terminal): Promise<void> {
  const type = await asking(terminal, flags, async (client) => {
    const found = await client.version(subject, flags.version === undefined ? "latest" : versionNumber(flags.version));
    if (found.schemaType !== "AVRO")
      throw new CliError(EXIT.usage, `Subject "${subject}" is of type ${found.schemaType}; types are made of Avro schemas only.`);
    return avroType(found, await client.referenced(found));
  });
  await terminal.out(typeScriptOf(type, subject));
}

function avroType(schema: RegisteredSchema, references: readonly RegisteredSchema[]): TypeInfo {
  try {
    const known = new Map<string, AvroNamed>();
    for (const each of references)
      for (const [name, named] of parseAvro(each.schema, { known, checkDefaults: false }).named) known.set(name, named);
    return avroToType(parseAvro(schema.schema, { known, checkDefaults: false }).schema);
  } catch (error) {
    if (!(error instanceof BadSchemaError) && !(error instanceof SchemaParseError)) throw error;
    throw new CliError(EXIT.failed, `The schema has no TypeScript type: ${error.message}`, { cause: error });
  }
}

/** Prints the Avro schemas of the types and topics that a module exports; with `name` that one's alone. */
export async function schemaGenAvro(file: string, name: string | undefined, flags: SchemaFlags, terminal: Terminal): Promise<void> {
  const types = exportedTypes((await loaded(file)) as Readonly<Record<string, unknown>>);
  if (types.size === 0) throw new CliError(EXIT.notFound, `${file} exports no type (t.record(…)) and no topic.`);
  if (name !== undefined) {
    const type = types.get(name);
    if (type === undefined)
      throw new CliError(EXIT.notFound, `${file} exports no type "${name}". It has: ${[...types.keys()].join(", ")}.`);
    return await terminal.out(`${JSON.stringify(avroJson(type), undefined, flags.json === true ? 0 : 2)}\n`);
  }
  const all = Object.fromEntries([...types].map(([each, type]) => [each, avroJson(type)]));
  await terminal.out(`${JSON.stringify(all, undefined, flags.json === true ? 0 : 2)}\n`);
}

async function loaded(file: string): Promise<unknown> {
  try {
    return await import(pathToFileURL(file).href);
  } catch (error) {
    throw new CliError(EXIT.failed, `${file} cannot be loaded: ${(error as Error).message}`, { cause: error });
  }
}

/** By the name of the export. A topic counts with the type of its values. */
function exportedTypes(exports: Readonly<Record<string, unknown>>): Map<string, TypeInfo> {
  const types = new Map<string, TypeInfo>();
  for (const [name, value] of Object.entries(exports)) {
    const schema = isSchema(value) ? value : (value as { schema?: unknown } | null | undefined)?.schema;
    if (isSchema(schema)) types.set(name, schema.type);
  }
  return types;
}
