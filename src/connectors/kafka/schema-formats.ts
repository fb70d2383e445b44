// The formats whose schemas a registry keeps: how values of a topic's type are read from what others wrote with their schema, and written with
// the type's own or with one that is registered already.
import type { SchemaType } from "../../registry/schema-entry.ts";
import type { RegisteredSchema } from "../../registry/http/registry-client.ts";
import { avroText } from "../../schema/avro/avro-text.ts";
import type { AvroNamed, AvroSchema } from "../../schema/avro/avro-schema.ts";
import { avroDecoder } from "../../schema/avro/decoder.ts";
import { avroEncoder } from "../../schema/avro/encoder.ts";
import { parseAvro } from "../../schema/avro/parse-avro.ts";
import { typeToAvro } from "../../schema/avro/type-to-avro.ts";
import type { Batch } from "../../schema/batch.ts";
import type { BatchBuilder } from "../../schema/batch-builder.ts";
import type { EncodeBuffer } from "../../schema/encode-buffer.ts";
import { jsonDecoder } from "../../schema/json/decoder.ts";
import { jsonEncoder, jsonValueEncoder } from "../../schema/json/encoder.ts";
import { parseJsonSchema, type SchemaDocument } from "../../schema/json-schema/json-schema-document.ts";
import { jsonMismatch } from "../../schema/json-schema/json-mismatch.ts";
import { jsonSchemaText } from "../../schema/json-schema/type-to-json-schema.ts";
import { protoDecoder, protoValueDecoder } from "../../schema/protobuf/decoder.ts";
import { protoEncoder } from "../../schema/protobuf/encoder.ts";
import { WRAPPER_META, type MessageSchema } from "../../schema/protobuf/proto-schema.ts";
import { readProtoSchema, type ProtoSchema } from "../../schema/protobuf/read-proto-schema.ts";
import { protoText } from "../../schema/protobuf/type-to-proto.ts";
import { BadSchemaError, SchemaError } from "../../schema/schema-error.ts";
import type { TypeInfo } from "../../schema/type-info.ts";
import { messageIndexes, readMessageIndexes } from "../../schema/wire/schema-frame.ts";
import type { TopicFormat } from "./topic-format.ts";

export interface DocumentDecoder {
  decodeInto(builder: BatchBuilder, bytes: Uint8Array, start: number, end: number, timestamp: number): void;
}

/** Of one registered schema. */
export interface DocumentReader extends DocumentDecoder {
  /** What stands between the id and the document; returns where the document begins. Throws SchemaError. */
  select?(bytes: Uint8Array, start: number, end: number): number;
}

export interface DocumentWriter {
  /** Between the id and the document. */
  readonly behindId: Uint8Array;
  /** Appends a row. Throws SchemaError. */
  readonly row: (batch: Batch, row: number, out: EncodeBuffer) => void;
  /** Appends a value. Throws SchemaError. */
  readonly value: (value: unknown, out: EncodeBuffer) => void;
}

export interface SchemaFormat {
  readonly schemaType: SchemaType;
  /** Text of the type's own schema. `before`: the subject's latest, if there is one of this format. */
  text(type: TypeInfo, before: RegisteredSchema | undefined, references: readonly RegisteredSchema[]): string;
  /** Throws BadSchemaError, with a path and both definitions, when no value of it can be read as the type. */
  check(type: TypeInfo, found: RegisteredSchema, references: readonly RegisteredSchema[]): void;
  /** Throws BadSchemaError when the type cannot be read from it. */
  reader(type: TypeInfo, found: RegisteredSchema, references: readonly RegisteredSchema[]): DocumentReader;
  /** Throws BadSchemaError when fields of the type would be lost in it. */
  writer(type: TypeInfo, found: RegisteredSchema, references: readonly RegisteredSchema[]): DocumentWriter;
}

const NOTHING = new Uint8Array(0);

const AVRO: SchemaFormat = {
  schemaType: "AVRO",
  text: (type) => avroText(typeToAvro(type), "plain"),
  check: (type, found, references) => {
    try {
      avroDecoder(type, parsedAvro(found, references));
    } catch (error) {
      if (!(error instanceof BadSchemaError)) throw error;
      throw new BadSchemaError(error.message.replace(/^.*? cannot be read: /, ""), { cause: error });
    }
  },
  reader: (type, found, references) => avroDecoder(type, parsedAvro(found, references)),
  writer: (type, found, references) => {
    const own = typeToAvro(type);
    const schema = found.schema === avroText(own, "plain") ? own : parsedAvro(found, references);
    return { ...avroEncoder(type, schema), behindId: NOTHING };
  },
};

export function parsedAvro(found: RegisteredSchema, references: readonly RegisteredSchema[]): AvroSchema {
  const known = new Map<string, AvroNamed>();
  for (const { schema } of references)
    for (const [name, named] of parseAvro(schema, { known, checkDefaults: false }).named) known.set(name, named);
  return parseAvro(found.schema, { known, checkDefaults: false }).schema;
}

const PROTOBUF: SchemaFormat = {
  schemaType: "PROTOBUF",
  text: (type, before, references) => {
    if (before === undefined) return protoText(type);
    return protoText(type, messageFor(type, parsedProto(before, references)).message);
  },
  check: (type, found, references) => checkMessages(type, parsedProto(found, references)),
  reader: (type, found, references) => new ProtoReader(type, parsedProto(found, references)),
  writer: (type, found, references) => {
    const { message, indexes } = messageFor(type, parsedProto(found, references));
    return { ...protoEncoder(type, message), behindId: messageIndexes(indexes) };
  },
};

function parsedProto(found: RegisteredSchema, references: readonly RegisteredSchema[]): ProtoSchema {
  return readProtoSchema(
    found.schema,
    references.map(({ schema }) => schema),
  );
}

/** The message of the type's name, in full or without its package; otherwise the first. */
function messageFor(type: TypeInfo, schema: ProtoSchema): { readonly message: MessageSchema; readonly indexes: readonly number[] } {
  const named = type.kind === "record" ? (schema.indexesOf(type.name) ?? indexesOfShort(type.name, schema)) : undefined;
  const indexes = named ?? [0];
  return { message: schema.messageAt(indexes), indexes };
}

function indexesOfShort(name: string, schema: ProtoSchema): readonly number[] | undefined {
  const found = schema.messages().find((message) => message.name.slice(message.name.lastIndexOf(".") + 1) === name);
  return found === undefined ? undefined : schema.indexesOf(found.name);
}

/** One of the file's messages can be read. Throws BadSchemaError: what is wrong with the one that should be. */
function checkMessages(type: TypeInfo, schema: ProtoSchema): void {
  try {
    messageDecoder(type, messageFor(type, schema).message);
  } catch (error) {
    if (!(error instanceof BadSchemaError)) throw error;
    if (schema.messages().some((message) => isReadable(type, message))) return;
    throw error;
  }
}

function isReadable(type: TypeInfo, message: MessageSchema): boolean {
  try {
    messageDecoder(type, message);
    return true;
  } catch (error) {
    if (error instanceof BadSchemaError) return false;
    throw error;
  }
}

/** One of the records that values may be, under its own name, is read as that record; any other message as the whole type. Throws BadSchemaError. */
function messageDecoder(type: TypeInfo, message: MessageSchema): DocumentDecoder {
  const short = message.name.slice(message.name.lastIndexOf(".") + 1);
  const members =
    type.kind === "union" && message.meta.get(WRAPPER_META) !== "union" ? type.of.filter((member) => member.kind === "record") : [];
  const member = members.find(({ name }) => name === message.name) ?? members.find(({ name }) => name === short);
  if (member === undefined) return protoDecoder(type, message);
  const read = protoValueDecoder(member, message);
  return {
    decodeInto(builder, bytes, start, end, timestamp) {
      builder.setCell(0, read(bytes, start, end));
      builder.endRow(timestamp);
    },
  };
}

class ProtoReader implements DocumentReader {
  readonly #type: TypeInfo;
  readonly #schema: ProtoSchema;
  readonly #decoders = new Map<string, DocumentDecoder>();
  #decoder: DocumentDecoder;

  constructor(type: TypeInfo, schema: ProtoSchema) {
    this.#type = type;
    this.#schema = schema;
    this.#decoder = this.#of([0]);
  }

  select(bytes: Uint8Array, start: number, end: number): number {
    const { indexes, at } = readMessageIndexes(bytes, start, end);
    const name = indexes.join(".");
    let decoder = this.#decoders.get(name);
    if (decoder === undefined) this.#decoders.set(name, (decoder = this.#of(indexes)));
    this.#decoder = decoder;
    return at;
  }

  decodeInto(builder: BatchBuilder, bytes: Uint8Array, start: number, end: number, timestamp: number): void {
    this.#decoder.decodeInto(builder, bytes, start, end, timestamp);
  }

  /** A message that the type cannot be read from refuses its own values, not the other messages'. */
  #of(indexes: readonly number[]): DocumentDecoder {
    try {
      return messageDecoder(this.#type, this.#schema.messageAt(indexes));
    } catch (error) {
      if (!(error instanceof BadSchemaError)) throw error;
      const got = error.message.replace(/\.$/, "");
      return {
        decodeInto() {
          throw new SchemaError({ path: "", expected: "a message that can be read as the topic's type", got });
        },
      };
    }
  }
}

/** A JSON Schema with the documents that it refers to. */
export function jsonDocument(found: RegisteredSchema, references: readonly RegisteredSchema[]): SchemaDocument {
  const others = new Map<string, SchemaDocument>();
  const names = [found, ...references].flatMap((each) => each.references);
  for (const { subject, version, schema } of references) {
    const document = { root: parseJsonSchema(schema), others };
    for (const { name } of names.filter((each) => each.subject === subject && each.version === version)) others.set(name, document);
  }
  return { root: parseJsonSchema(found.schema), others };
}

const JSON_SCHEMA: SchemaFormat = {
  schemaType: "JSON",
  text: (type) => jsonSchemaText(type),
  check: (type, found, references) => {
    const wrong = jsonMismatch(type, jsonDocument(found, references));
    if (wrong !== undefined) throw new BadSchemaError(wrong);
  },
  reader: (type) => jsonDecoder(type),
  writer: (type, found, references) => {
    const wrong = jsonMismatch(type, jsonDocument(found, references), "write");
    if (wrong !== undefined) throw new BadSchemaError(wrong);
    return { row: jsonEncoder(type), value: jsonValueEncoder(type), behindId: NOTHING };
  },
};

export const SCHEMA_FORMATS: Readonly<Record<Exclude<TopicFormat, "json">, SchemaFormat>> = {
  avro: AVRO,
  protobuf: PROTOBUF,
  "json-schema": JSON_SCHEMA,
};
