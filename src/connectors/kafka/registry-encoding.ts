// What a sink writes when its topic's schemas are in a registry: it registers or looks up its schema once, when the job starts.
import type { RecordHeader } from "../../protocol/records/batch-writer.ts";
import { RegistryClientError, type RegisteredSchema, type RegistryClient } from "../../registry/http/registry-client.ts";
import { BadSchemaError } from "../../schema/schema-error.ts";
import { guidFrame, idFrame, schemaHeaderOf } from "../../schema/wire/schema-frame.ts";
import { KafkaConnectorError } from "./kafka-connector-error.ts";
import type { DocumentWriter, SchemaFormat } from "./schema-formats.ts";
import { subjectOf, type RegisteredPart } from "./topic-format.ts";
import { partsOf, UnionEncoding } from "./union-subjects.ts";

/** What a sink writes of values, or of keys: the document, and what says which schema it has. */
export interface RegistryEncoding extends Pick<DocumentWriter, "row" | "value"> {
  readonly prefix: Uint8Array;
  readonly header: RecordHeader | undefined;
  /** Instead of `header`, where records have different ones: that of the last one written. */
  readonly headerNow?: () => RecordHeader | undefined;
}

/** Registers or finds the schemas of a topic's values or keys. Rejects with SCHEMA_REFUSED, or RegistryClientError when the registry cannot be asked. */
export async function registryEncoding(topic: RegisteredPart, format: SchemaFormat, registry: RegistryClient): Promise<RegistryEncoding> {
  const parts = partsOf(topic);
  const encodings: RegistryEncoding[] = [];
  for (const part of parts) encodings.push(await encodingOf(part, format, registry));
  const { type } = topic.schema;
  return parts.length > 1 && type.kind === "union" ? new UnionEncoding(type, encodings) : encodings[0]!;
}

async function encodingOf(topic: RegisteredPart, format: SchemaFormat, registry: RegistryClient): Promise<RegistryEncoding> {
  const { autoRegister = true, useLatest = false, compatibility, ids = "prefix" } = topic.registry ?? {};
  const { type } = topic.schema;
  const subject = subjectOf(topic);
  try {
    if (compatibility !== undefined) await registry.setCompatibility(subject, compatibility);
    const found = useLatest ? await registry.version(subject) : await ownSchema(topic, format, registry, subject, autoRegister);
    if (found.schemaType !== format.schemaType) throw new BadSchemaError(`It is ${found.schemaType}, not ${format.schemaType}.`);
    const { row, value, behindId } = format.writer(type, found, await registry.referenced(found));
    if (ids === "prefix") return { row, value, prefix: joined(idFrame(found.id), behindId), header: undefined };
    const guid = joined(guidFrame(found.guid === "" ? (await registry.byId(found.id)).guid : found.guid), behindId);
    return ids === "guid"
      ? { row, value, prefix: guid, header: undefined }
      : { row, value, prefix: new Uint8Array(0), header: { key: schemaHeaderOf(topic.part), value: guid } };
  } catch (error) {
    throw refused(error, topic, subject, useLatest || !autoRegister);
  }
}

/** The schema of the topic's type as its subject has it; registers it first, or rejects if it is not there. */
export async function ownSchema(
  topic: RegisteredPart,
  format: SchemaFormat,
  registry: RegistryClient,
  subject: string,
  autoRegister: boolean,
): Promise<RegisteredSchema> {
  const found = await latest(registry, subject);
  const before = found?.schemaType === format.schemaType ? found : undefined;
  const text = format.text(topic.schema.type, before, before === undefined ? [] : await registry.referenced(before));
  const { normalize = false } = topic.registry ?? {};
  if (autoRegister) await registry.register(subject, text, format.schemaType, { normalize });
  return { ...(await registry.lookup(subject, text, format.schemaType, { normalize })), schemaType: format.schemaType };
}

/** undefined: there is none. */
export async function latest(registry: RegistryClient, subject: string): Promise<RegisteredSchema | undefined> {
  try {
    return await registry.version(subject);
  } catch (error) {
    if (error instanceof RegistryClientError && error.status === 404) return undefined;
    throw error;
  }
}

function joined(frame: Uint8Array, behind: Uint8Array): Uint8Array {
  return behind.length === 0 ? frame : Uint8Array.of(...frame, ...behind);
}

export function refused(error: unknown, { name, part }: RegisteredPart, subject: string, mustExist: boolean): unknown {
  const of = `${part === "key" ? "the keys of " : ""}topic "${name}"`;
  if (error instanceof RegistryClientError && error.code === "REGISTRY_UNREACHABLE")
    return new RegistryClientError(error.status, error.errorCode, `The schema of ${of} cannot be asked for: ${error.message}`, error);
  const missing = error instanceof RegistryClientError && error.status === 404 && mustExist;
  const reason = missing
    ? "there is no such schema, and autoRegister is off or useLatest is on"
    : (error as Error).message.replace(/\.$/, "");
  const command = missing ? `Register it: millrace schema register ${subject} FILE` : `See: millrace schema check ${subject} FILE`;
  return new KafkaConnectorError("SCHEMA_REFUSED", `The schema of ${of} cannot be used with subject "${subject}": ${reason}. ${command}`, {
    cause: error,
  });
}
