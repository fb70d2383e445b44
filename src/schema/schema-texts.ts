// One type, other systems' schemas: Avro, Protobuf, JSON Schema, Kafka Connect, Flink SQL, and back. Public as millrace/schema. Invariant: what
// from…(to…(schema)) makes is the same type, but for SQL, which knows neither names nor values of literals.
import { avroToType } from "./avro/avro-to-type.ts";
import type { AvroNamed } from "./avro/avro-schema.ts";
import { parseAvro } from "./avro/parse-avro.ts";
import { avroJson } from "./avro/type-to-avro.ts";
import { connectToType, typeToConnect, type ConnectSchema } from "./connect/connect-schema.ts";
import { schemaFrom } from "./foreign/foreign-schema.ts";
import type { AnySchema } from "./foreign/foreign-types.ts";
import { parseJsonSchema, type SchemaDocument } from "./json-schema/json-schema-document.ts";
import { jsonSchemaToType } from "./json-schema/json-schema-to-type.ts";
import { jsonSchemaOf, type Draft } from "./json-schema/type-to-json-schema.ts";
import { protoToType } from "./protobuf/proto-to-type.ts";
import { readProtoSchema } from "./protobuf/read-proto-schema.ts";
import { protoText } from "./protobuf/type-to-proto.ts";
import { BadSchemaError } from "./schema-error.ts";
import { sqlToType, typeToSql } from "./sql/sql-type.ts";
import { schemaOf } from "./t.ts";
import type { Schema } from "./type-info.ts";

/** The Avro schema, as JSON. Throws BadSchemaError. */
export function toAvro(schema: AnySchema): string {
  return JSON.stringify(avroJson(schemaFrom(schema).type));
}

/** `references`: the texts of the schemas whose names it uses, each behind those it needs itself. Throws BadSchemaError for a type that has no counterpart, and SchemaParseError for what is no Avro schema. */
export function fromAvro(text: string, { references = [] }: { readonly references?: readonly string[] } = {}): Schema<unknown> {
  const known = new Map<string, AvroNamed>();
  for (const each of references) for (const [name, named] of parseAvro(each, { known, checkDefaults: false }).named) known.set(name, named);
  return schemaOf(avroToType(parseAvro(text, { known }).schema));
}

/** A .proto file. Throws BadSchemaError. */
export function toProtobuf(schema: AnySchema): string {
  return protoText(schemaFrom(schema).type);
}

export interface ProtobufReading {
  /** Full name of the message; default: the first of the file. */
  readonly message?: string;
  /** The texts of the files it imports, and of those that they import. */
  readonly imports?: readonly string[];
}

/** Throws BadSchemaError. */
export function fromProtobuf(text: string, { message, imports = [] }: ProtobufReading = {}): Schema<unknown> {
  const file = readProtoSchema(text, imports);
  const indexes = message === undefined ? [0] : file.indexesOf(message);
  if (indexes === undefined) throw new BadSchemaError(`The .proto text has no message "${message}".`);
  return schemaOf(protoToType(file.messageAt(indexes)));
}

/** The JSON Schema, as JSON, with the keywords "connect.…" and "millrace.…" for what JSON does not say. Throws BadSchemaError. */
export function toJsonSchema(schema: AnySchema, draft: Draft = "draft-07"): string {
  return JSON.stringify(jsonSchemaOf(schemaFrom(schema).type, draft));
}

/**
 * `references`: the texts of the documents that it refers to, by the name that it uses. Throws BadSchemaError for a type that has no
 * counterpart, and SchemaParseError for what is no JSON Schema.
 */
export function fromJsonSchema(
  text: string,
  { references = {} }: { readonly references?: Readonly<Record<string, string>> } = {},
): Schema<unknown> {
  const others: SchemaDocument["others"] = new Map();
  for (const [name, each] of Object.entries(references)) others.set(name, { root: parseJsonSchema(each), others });
  return schemaOf(jsonSchemaToType(parseJsonSchema(text), { others }));
}

/** What Kafka Connect calls the schema of a value. Throws BadSchemaError. */
export function toConnect(schema: AnySchema): ConnectSchema {
  return typeToConnect(schemaFrom(schema).type);
}

/** Throws BadSchemaError. */
export function fromConnect(schema: ConnectSchema): Schema<unknown> {
  return schemaOf(connectToType(schema));
}

/** A type of Flink SQL, such as "ROW<`id` STRING NOT NULL> NOT NULL". Throws BadSchemaError. */
export function toSql(schema: AnySchema): string {
  return typeToSql(schemaFrom(schema).type);
}

/** `name`: of the record that a row becomes. Throws BadSchemaError. */
export function fromSql(text: string, name = "Value"): Schema<unknown> {
  return schemaOf(sqlToType(text, name));
}
