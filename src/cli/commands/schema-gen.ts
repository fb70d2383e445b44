// millrace schema gen: TypeScript types from a registry's schemas, and schemas from the types that a module exports; and schema diff.
import { existsSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { jsonDocument, parsedAvro } from "../../connectors/kafka/schema-formats.ts";
import { takeImportsForModules } from "../../env-node/module-syntax.ts";
import type { RegisteredSchema, RegistryClient } from "../../registry/http/registry-client.ts";
import { avroToType } from "../../schema/avro/avro-to-type.ts";
import { avroJson } from "../../schema/avro/type-to-avro.ts";
import { SchemaParseError } from "../../schema/incompatibility.ts";
import { BadSchemaError } from "../../schema/schema-error.ts";
import { schemaGiven } from "../../schema/foreign/foreign-schema.ts";
import { jsonSchemaToType } from "../../schema/json-schema/json-schema-to-type.ts";
import { jsonSchemaText } from "../../schema/json-schema/type-to-json-schema.ts";
import { protoToType } from "../../schema/protobuf/proto-to-type.ts";
import type { MessageSchema } from "../../schema/protobuf/proto-schema.ts";
import { readProtoSchema, type ProtoSchema } from "../../schema/protobuf/read-proto-schema.ts";
import { protoText } from "../../schema/protobuf/type-to-proto.ts";
import { isSchema } from "../../schema/t.ts";
import type { TypeInfo } from "../../schema/type-info.ts";
import { CliError } from "../cli-error.ts";
import { EXIT } from "../exit-codes.ts";
import { lineDifference, typeScriptOfAll } from "../schema-source.ts";
import { typeModuleOfAll } from "../type-source.ts";
import type { Terminal } from "../terminal.ts";
import { asking, versionNumber, type SchemaFlags } from "./schema.ts";

/** What changed from one version (the one before the latest) to another (the latest). */
export async function schemaDiff(
  subject: string,
  from: string | undefined,
  to: string | undefined,
  flags: SchemaFlags,
  terminal: Terminal,
): Promise<void> {
  const [before, after] = await asking(
    terminal,
    flags,
    async (client) => {
      const latest = await client.version(subject, to === undefined ? "latest" : versionNumber(to));
      const before = from === undefined ? (await client.versions(subject)).findLast((each) => each < latest.version) : versionNumber(from);
      if (before === undefined)
        throw new CliError(
          EXIT.notFound,
          `Subject "${subject}" has no version before ${latest.version}: there is nothing to compare it with.`,
        );
      return [await client.version(subject, before), latest] as const;
    },
    { subject },
  );
  const lines = lineDifference(readable(before), readable(after));
  const changed = lines.some((line) => !line.startsWith(" "));
  if (flags.json === true)
    return await terminal.out(`${JSON.stringify({ subject, from: before.version, to: after.version, changed, lines })}\n`);
  await terminal.out(`--- ${subject} version ${before.version}\n+++ ${subject} version ${after.version}\n${lines.join("\n")}\n`);
}

function readable({ schema, schemaType }: RegisteredSchema): string {
  return schemaType === "PROTOBUF" ? schema.trimEnd() : JSON.stringify(JSON.parse(schema), undefined, 2);
}

export type Generated = "ts" | "avro" | "proto" | "json-schema";

/** Ends with what modules end with: it is no subject. */
const MODULE = /\.[cm]?[jt]s$/;

/** Prints the type of a subject's values, or the types that a module exports (with `name` that one's), as TypeScript or as a schema. */
export async function schemaGen(
  what: Generated,
  source: string,
  name: string | undefined,
  flags: SchemaFlags & { readonly interface?: boolean },
  terminal: Terminal,
): Promise<void> {
  const types = MODULE.test(source)
    ? await moduleTypes(source, name)
    : new Map([[source, await subjectType(source, name, flags, terminal)]]);
  if (what === "ts")
    return await terminal.out(generated(() => (flags.interface === true ? typeScriptOfAll(types) : typeModuleOfAll(types))));
  if (what === "proto" && flags.json !== true) {
    const [type, ...others] = types.values();
    if (others.length === 0) return await terminal.out(generated(() => protoText(type!)));
    const names = [...types.keys()].join(", ");
    const reason = `${source} exports ${types.size} types, and a .proto file is of one: ${names}`;
    throw new CliError(EXIT.usage, `${reason}. Name one behind the file, or take --json.`);
  }
  const all = [...types].map(([each, type]) => [each, generated(() => schemaOf(what, type))]);
  const printed: unknown = MODULE.test(source) && name === undefined ? Object.fromEntries(all) : all[0]![1];
  await terminal.out(`${JSON.stringify(printed, undefined, flags.json === true ? 0 : 2)}\n`);
}

function schemaOf(what: Exclude<Generated, "ts">, type: TypeInfo): unknown {
  if (what === "proto") return protoText(type);
  return what === "avro" ? avroJson(type) : JSON.parse(jsonSchemaText(type));
}

async function subjectType(subject: string, name: string | undefined, flags: SchemaFlags, terminal: Terminal): Promise<TypeInfo> {
  try {
    return await asking(terminal, flags, (client) => typeInRegistry(client, subject, name, flags), { subject });
  } catch (error) {
    if (!(error instanceof CliError) || error.exitCode !== EXIT.notFound || !existsSync(subject)) throw error;
    const reason = `${subject} is a file, and neither a module nor a subject`;
    throw new CliError(EXIT.notFound, `${reason}. If it holds a schema: millrace schema register SUBJECT ${subject}.`, { cause: error });
  }
}

async function typeInRegistry(client: RegistryClient, subject: string, name: string | undefined, flags: SchemaFlags): Promise<TypeInfo> {
  const found = await client.version(subject, flags.version === undefined ? "latest" : versionNumber(flags.version));
  const references = await client.referenced(found);
  return generated(() => typeOfSchema(found, references, name));
}

/** `name`: of a message that is not the first of its file. */
function typeOfSchema(found: RegisteredSchema, references: readonly RegisteredSchema[], name: string | undefined): TypeInfo {
  if (name !== undefined && found.schemaType !== "PROTOBUF")
    throw new CliError(EXIT.usage, `"${name}": a name chooses one of the messages of a Protobuf schema; this one is ${found.schemaType}.`);
  switch (found.schemaType) {
    case "PROTOBUF": {
      const texts = references.map(({ schema }) => schema);
      return protoToType(messageNamed(readProtoSchema(found.schema, texts), name));
    }
    case "JSON": {
      const { root, others } = jsonDocument(found, references);
      return jsonSchemaToType(root, { others });
    }
    default:
      return avroToType(parsedAvro(found, references));
  }
}

/** By its full name, or without what stands before it; undefined: the first. */
function messageNamed(schema: ProtoSchema, name: string | undefined): MessageSchema {
  if (name === undefined) return schema.messageAt([0]);
  const messages = schema.messages();
  const found = messages.find((each) => each.name === name) ?? messages.find((each) => each.name.endsWith(`.${name}`));
  if (found !== undefined) return found;
  throw new CliError(EXIT.notFound, `The schema has no message "${name}". It has: ${messages.map((each) => each.name).join(", ")}.`);
}

function generated<T>(make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof BadSchemaError) && !(error instanceof SchemaParseError)) throw error;
    throw new CliError(EXIT.failed, `The schema has no counterpart: ${error.message}`, { cause: error });
  }
}

async function moduleTypes(file: string, name: string | undefined): Promise<ReadonlyMap<string, TypeInfo>> {
  const types = exportedTypes((await loaded(file)) as Readonly<Record<string, unknown>>);
  if (types.size === 0) throw new CliError(EXIT.notFound, `${file} exports no type (t.record(…)) and no topic.`);
  if (name === undefined) return types;
  const type = types.get(name);
  if (type === undefined) throw new CliError(EXIT.notFound, `${file} exports no type "${name}". It has: ${[...types.keys()].join(", ")}.`);
  return new Map([[name, type]]);
}

async function loaded(file: string): Promise<unknown> {
  if (!existsSync(file)) throw new CliError(EXIT.notFound, `There is no module ${file}.`);
  try {
    takeImportsForModules();
    return await import(pathToFileURL(file).href);
  } catch (error) {
    throw new CliError(EXIT.failed, `${file} cannot be loaded: ${(error as Error).message}`, { cause: error });
  }
}

/** By the name of the export: types, schemas of other libraries, and topics with the type of their values; that of their keys as "<name>Key". */
function exportedTypes(exports: Readonly<Record<string, unknown>>): Map<string, TypeInfo> {
  const types = new Map<string, TypeInfo>();
  for (const [name, value] of Object.entries(exports)) {
    const topic = (value as { schema?: unknown } | null | undefined)?.schema;
    const schema = isSchema(topic) ? topic : generated(() => schemaGiven(value));
    if (schema !== undefined) types.set(name, schema.type);
    const keys = (value as { keySchema?: unknown } | null | undefined)?.keySchema;
    if (isSchema(keys) && !Object.hasOwn(exports, `${name}Key`)) types.set(`${name}Key`, keys.type);
  }
  return types;
}
