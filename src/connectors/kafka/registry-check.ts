// What a source asks its registry before the job starts: can the subject's latest schema be read as the topic's type at all? Records of older
// versions are met one by one, when they are read.
import { RegistryClientError, type RegisteredSchema, type RegistryClient } from "../../registry/http/registry-client.ts";
import { BadSchemaError } from "../../schema/schema-error.ts";
import { typeName } from "../../schema/type-names.ts";
import { KafkaConnectorError } from "./kafka-connector-error.ts";
import { latest, ownSchema, refused } from "./registry-encoding.ts";
import type { SchemaFormat } from "./schema-formats.ts";
import type { ConnectorContext } from "../../stream/connector.ts";
import { subjectOf, type RegisteredPart } from "./topic-format.ts";
import { partsOf } from "./union-subjects.ts";

/** Rejects with SCHEMA_REFUSED, or REGISTRY_UNREACHABLE, which is no refusal. */
export async function checkReadable(topic: RegisteredPart, format: SchemaFormat, registry: RegistryClient): Promise<void> {
  for (const part of partsOf(topic)) await checkPart(part, format, registry);
}

async function checkPart(topic: RegisteredPart, format: SchemaFormat, registry: RegistryClient): Promise<void> {
  const { autoRegister, useLatest = false, compatibility } = topic.registry ?? {};
  const subject = subjectOf(topic);
  const mustExist = autoRegister === false || useLatest;
  try {
    if (compatibility !== undefined) await registry.setCompatibility(subject, compatibility);
    let found = await latest(registry, subject);
    if (found === undefined && autoRegister === true && !mustExist) found = await ownSchema(topic, format, registry, subject, true);
    if (found !== undefined) return await readable(topic, format, registry, found, subject);
    if (mustExist) await registry.version(subject);
  } catch (error) {
    if (error instanceof KafkaConnectorError) throw error;
    throw refused(error, topic, subject, mustExist);
  }
}

async function readable(
  topic: RegisteredPart,
  format: SchemaFormat,
  registry: RegistryClient,
  found: RegisteredSchema,
  subject: string,
): Promise<void> {
  const { type } = topic.schema;
  try {
    if (found.schemaType !== format.schemaType) throw new BadSchemaError(`its schema is ${found.schemaType}, not ${format.schemaType}`);
    format.check(type, found, await registry.referenced(found));
  } catch (error) {
    if (error instanceof RegistryClientError) throw error;
    const reason = (error as Error).message.replace(/\.$/, "");
    throw new KafkaConnectorError(
      "SCHEMA_REFUSED",
      `${topic.part === "key" ? "The keys of topic" : "Topic"} "${topic.name}" cannot be read as ${typeName(type)}: subject "${subject}", version ${found.version}: ${reason}. A type that fits: millrace schema gen ts ${subject}`,
      { cause: error },
    );
  }
}

/** The registry has a schema for the topic's keys, and the topic has none: told in the log. Whatever cannot be asked is no matter here. */
export async function hintAtKeys(
  topic: RegisteredPart,
  registry: RegistryClient,
  { env, job, operator }: ConnectorContext,
  use: "read" | "written",
): Promise<void> {
  const subject = `${topic.name}-key`;
  const found = await latest(registry, subject).catch(() => undefined);
  if (found === undefined) return;
  const keyFormat = found.schemaType === "JSON" ? "json-schema" : found.schemaType.toLowerCase();
  const meaning = use === "read" ? "keys are not looked at" : "keys are written as text, which readers with schemas refuse";
  const text = `Subject "${subject}" has a schema, and topic "${topic.name}" no keyFormat: ${meaning}. With a schema: topic("${topic.name}", …, { keyFormat: "${keyFormat}" })`;
  env.logger.log(use === "read" ? "info" : "warn", "key-schema-ignored", { job, operator, text });
}
