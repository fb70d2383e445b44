// A topic as a pipeline sees it: a name, the type of its values, how they are written, and which field is the record key. Frozen data.
import { fieldColumns } from "../../schema/columns.ts";
import { schemaGiven } from "../../schema/foreign/foreign-schema.ts";
import type { AnySchema, TypeOf } from "../../schema/foreign/foreign-types.ts";
import type { Schema, TypeInfo } from "../../schema/type-info.ts";
import { KafkaConnectorError } from "./kafka-connector-error.ts";
import { unknownOption } from "./option-names.ts";
import { badFormat, type SchemaOptions, type TopicFormat } from "./topic-format.ts";

export interface Topic<out V> {
  readonly name: string;
  readonly schema: Schema<V>;
  /** Records with equal keys keep their order (they share a partition). Undefined: records have no key. */
  readonly key: string | undefined;
  /** Undefined: JSON. */
  readonly format?: TopicFormat;
  readonly registry?: SchemaOptions;
}

/** Names of the fields of `V` that can be a record key: always present, and a string, number, bigint or boolean. */
export type KeyField<V> = V extends string | number | bigint | boolean | null | undefined
  ? never
  : { readonly [F in keyof V]-?: [V[F]] extends [string | number | bigint | boolean] ? F : never }[keyof V] & string;

export interface TopicOptions<V> {
  /** The record key is the text of this field as UTF-8; its murmur2 hash chooses the partition, as every Kafka client does. */
  readonly key?: KeyField<V>;
  /** How values are written: "json" (default), or "avro", "protobuf" or "json-schema" with schemas of a registry. */
  readonly format?: TopicFormat;
  /** With schemas: which registry and subject, and how the schema gets there. */
  readonly registry?: SchemaOptions;
}

/** Kafka's own rule. */
const TOPIC_NAME = /^[A-Za-z0-9._-]{1,249}$/;
const KEY_KINDS = new Set(["string", "literal", "decimal", "int", "long", "bigint", "double", "timestamp", "boolean"]);

/**
 * `given` is made by `t`, or by Zod, Valibot, ArkType, Effect or TypeBox. Throws BAD_TOPIC for a name that Kafka refuses, no schema, or a key
 * field that cannot be one; BadSchemaError for a schema that has no counterpart.
 */
export function topic<S extends AnySchema>(name: string, given: S, options: TopicOptions<TypeOf<S>> = {}): Topic<TypeOf<S>> {
  if (typeof name !== "string" || !TOPIC_NAME.test(name) || name === "." || name === "..")
    throw bad(name, 'a topic name is 1 to 249 letters, digits, ".", "_" and "-"');
  const schema = schemaGiven(given) as Schema<TypeOf<S>> | undefined;
  if (schema === undefined) throw bad(name, "the second argument is the schema of its values, such as t.record(…)");
  const unknown = unknownOption(options, ["key", "format", "registry"]);
  if (unknown !== undefined) throw bad(name, unknown);
  const key = options.key as string | undefined;
  if (key !== undefined) checkKey(name, schema.type, key);
  const { format = "json", registry } = options;
  const wrong = badFormat(format, registry);
  if (wrong !== undefined) throw bad(name, wrong);
  if (format === "json") return Object.freeze({ name, schema, key });
  return Object.freeze({ name, schema, key, format, ...(registry === undefined ? {} : { registry: Object.freeze({ ...registry }) }) });
}

/** Throws BAD_TOPIC for what is no topic, its name say. */
export function checkTopic(given: unknown, what: string): void {
  if (typeof given === "object" && given !== null && "schema" in given) return;
  const shown = typeof given === "string" ? JSON.stringify(given) : String(given);
  const name = typeof given === "string" ? shown : '"payments"';
  throw new KafkaConnectorError("BAD_TOPIC", `${what}: a topic with a schema is wanted, such as topic(${name}, Payment), not ${shown}.`);
}

/** Each record of a union has the key field. */
function checkKey(name: string, type: TypeInfo, key: string): void {
  if (type.kind === "union") {
    for (const one of type.of) checkKey(name, one, key);
    return;
  }
  if (type.kind !== "record") throw bad(name, "only records have a key field");
  const field = fieldColumns(type).find((each) => each.name === key);
  if (field === undefined) throw bad(name, `${type.name} has no field "${String(key)}" that could be its key`);
  if (field.optional || !KEY_KINDS.has(field.type!.kind))
    throw bad(name, `field "${key}" cannot be the key: a key is always there, and a string, number, bigint or boolean`);
}

function bad(name: unknown, reason: string): KafkaConnectorError {
  return new KafkaConnectorError("BAD_TOPIC", `topic(${JSON.stringify(name)?.slice(0, 120)}): ${reason}${reason.endsWith("?") ? "" : "."}`);
}
