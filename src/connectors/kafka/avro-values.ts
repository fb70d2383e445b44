// Avro values of a topic: readers find the writer's schema by the id in each record and resolve it to the topic's type; a sink registers or
// looks up its schema once, when it starts. A schema is asked for once and kept; while it is asked for, its partition waits.
import type { Clock } from "../../env/clock.ts";
import { RegistryClientError, type RegisteredSchema, type RegistryClient } from "../../registry/http/registry-client.ts";
import type { AvroNamed, AvroSchema } from "../../schema/avro/avro-schema.ts";
import { avroText } from "../../schema/avro/avro-text.ts";
import { avroDecoder, type AvroDecoder } from "../../schema/avro/decoder.ts";
import { avroEncoder, type AvroEncoder } from "../../schema/avro/encoder.ts";
import { parseAvro } from "../../schema/avro/parse-avro.ts";
import { typeToAvro } from "../../schema/avro/type-to-avro.ts";
import type { BatchBuilder } from "../../schema/batch-builder.ts";
import { BadSchemaError, SchemaError } from "../../schema/schema-error.ts";
import type { TypeInfo } from "../../schema/type-info.ts";
import { guidFrame, idFrame, SchemaFrame, VALUE_SCHEMA_HEADER } from "../../schema/wire/schema-frame.ts";
import type { RecordHeader } from "../../protocol/records/batch-writer.ts";
import { KafkaConnectorError } from "./kafka-connector-error.ts";
import type { Topic } from "./topic.ts";
import { subjectOf } from "./topic-format.ts";

/** An id that the registry did not know is asked for again after so long. */
const UNKNOWN_FOR_MS = 10_000;
const MAX_SCHEMAS = 1000;

/** What a partition reader decodes values with. */
export interface ValueDecoder {
  decodeInto(builder: BatchBuilder, bytes: Uint8Array, start: number, end: number, timestamp: number): void;
  /** Before decodeInto: undefined, or what must be waited for first. `headers` undefined: there are none. Throws SchemaError. */
  wait?(bytes: Uint8Array, start: number, end: number, headers: Headers | undefined): Promise<void> | undefined;
}

type Headers = () => readonly RecordHeader[];

type Known = { readonly decoder: AvroDecoder } | { readonly refusal: string; readonly until: number };

export class AvroValues implements ValueDecoder {
  readonly #type: TypeInfo;
  readonly #registry: RegistryClient;
  readonly #clock: Clock;
  readonly #known = new Map<number | string, Known>();
  readonly #frame = new SchemaFrame();
  #decoder: AvroDecoder | undefined;
  #lastId: number | string = "";
  #at = 0;

  constructor(type: TypeInfo, registry: RegistryClient, clock: Clock) {
    this.#type = type;
    this.#registry = registry;
    this.#clock = clock;
  }

  wait(bytes: Uint8Array, start: number, end: number, headers: Headers | undefined): Promise<void> | undefined {
    const frame = this.#frame;
    const header = headers === undefined ? undefined : schemaHeader(headers());
    if (header !== undefined) {
      frame.read(header, 0, header.length);
      this.#at = start;
    } else this.#at = frame.read(bytes, start, end);
    const id = frame.id < 0 ? frame.guid : frame.id;
    if (id === this.#lastId && this.#decoder !== undefined) return undefined;
    const known = this.#known.get(id);
    if (known === undefined || ("refusal" in known && known.until < this.#clock.now())) return this.#ask(id);
    if ("refusal" in known) throw new SchemaError({ path: "", expected: `a value of a known schema`, got: known.refusal });
    this.#lastId = id;
    this.#decoder = known.decoder;
    return undefined;
  }

  decodeInto(builder: BatchBuilder, bytes: Uint8Array, _start: number, end: number, timestamp: number): void {
    try {
      this.#decoder!.decodeInto(builder, bytes, this.#at, end, timestamp);
    } catch (error) {
      if (!(error instanceof SchemaError)) throw error;
      const { path, expected, got, at } = error;
      throw new SchemaError({ path, expected, got: `${got} in a value of schema ${this.#lastId}` }, at);
    }
  }

  /** Rejects when the registry cannot be asked: the job fails, and its restart strategy says when it is tried again. */
  async #ask(id: number | string): Promise<void> {
    if (this.#known.size >= MAX_SCHEMAS) this.#known.clear();
    try {
      const found = await (typeof id === "number" ? this.#registry.byId(id) : this.#registry.byGuid(id));
      const writer = await parseRegistered(this.#registry, found);
      this.#known.set(id, { decoder: avroDecoder(this.#type, writer) });
    } catch (error) {
      const refusal = refusalOf(error, id);
      if (refusal === undefined) throw error;
      this.#known.set(id, { refusal, until: this.#clock.now() + UNKNOWN_FOR_MS });
    }
  }
}

function refusalOf(error: unknown, id: number | string): string | undefined {
  if (error instanceof RegistryClientError) return error.status === 404 ? `schema ${id}, which the registry does not know` : undefined;
  if (error instanceof BadSchemaError || (error as { code?: string }).code === "INVALID_SCHEMA")
    return `schema ${id}: ${(error as Error).message}`;
  return undefined;
}

function schemaHeader(headers: readonly RecordHeader[]): Uint8Array | undefined {
  return headers.find(({ key }) => key === VALUE_SCHEMA_HEADER)?.value ?? undefined;
}

/** Throws BadSchemaError when it is no Avro schema. */
async function parseRegistered(registry: RegistryClient, found: RegisteredSchema): Promise<AvroSchema> {
  if (found.schemaType !== "AVRO") throw new BadSchemaError(`It is ${found.schemaType}, not Avro.`);
  const known = new Map<string, AvroNamed>();
  for (const { schema } of await registry.referenced(found))
    for (const [name, named] of parseAvro(schema, { known, checkDefaults: false }).named) known.set(name, named);
  return parseAvro(found.schema, { known, checkDefaults: false }).schema;
}

/** What a sink writes: the document, and what says which schema it has. */
export interface ValueEncoding extends AvroEncoder {
  readonly prefix: Uint8Array;
  readonly header: RecordHeader | undefined;
}

/** Registers or finds the topic's schema. Rejects with SCHEMA_REFUSED, or RegistryClientError when the registry cannot be asked. */
export async function avroEncoding(topic: Topic<unknown>, registry: RegistryClient): Promise<ValueEncoding> {
  const { autoRegister = true, useLatest = false, compatibility, ids = "prefix" } = topic.registry ?? {};
  const { type } = topic.schema;
  const own = typeToAvro(type);
  const text = avroText(own, "plain");
  const subject = subjectOf(topic.name, type.kind === "record" ? type.name : "value", topic.registry?.subject);
  try {
    if (compatibility !== undefined) await registry.setCompatibility(subject, compatibility);
    let found: RegisteredSchema;
    if (useLatest) found = await registry.version(subject);
    else {
      if (autoRegister) await registry.register(subject, text, "AVRO");
      found = await registry.lookup(subject, text, "AVRO");
    }
    const encoder = avroEncoder(type, useLatest ? await parseRegistered(registry, found) : own);
    if (ids === "prefix") return { ...encoder, prefix: idFrame(found.id), header: undefined };
    const guid = guidFrame(found.guid === "" ? (await registry.byId(found.id)).guid : found.guid);
    return ids === "guid"
      ? { ...encoder, prefix: guid, header: undefined }
      : { ...encoder, prefix: new Uint8Array(0), header: { key: VALUE_SCHEMA_HEADER, value: guid } };
  } catch (error) {
    throw refused(error, topic.name, subject, useLatest || !autoRegister);
  }
}

function refused(error: unknown, topic: string, subject: string, mustExist: boolean): unknown {
  if (error instanceof RegistryClientError && error.status === 0) return error;
  const missing = error instanceof RegistryClientError && error.status === 404 && mustExist;
  const reason = missing
    ? "there is no such schema, and autoRegister is off or useLatest is on"
    : (error as Error).message.replace(/\.$/, "");
  return new KafkaConnectorError(
    "SCHEMA_REFUSED",
    `The schema of topic "${topic}" cannot be used with subject "${subject}": ${reason}. See: millrace schema check ${subject} FILE`,
    { cause: error },
  );
}
