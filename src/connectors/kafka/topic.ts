// A topic as a pipeline sees it: a name, the type of its values, how they are written, and which field is the record key. Frozen data.
import { schemaGiven } from "../../schema/foreign/foreign-schema.ts";
import type { AnySchema, TypeOf } from "../../schema/foreign/foreign-types.ts";
import type { Schema } from "../../schema/type-info.ts";
import { KafkaConnectorError } from "./kafka-connector-error.ts";
import { unknownOption } from "./option-names.ts";
import { badFormat, badStrategy, type SchemaOptions, type TopicFormat } from "./topic-format.ts";
import {
  KEY_OPTIONS,
  topicKey,
  type KeyField,
  type KeyFormat,
  type KeyOf,
  type KeyOptions,
  type TextKey,
  type TopicKey,
} from "./topic-key.ts";

/** `V`: its values; `K`: what a key function of a sink gives. `Topic<V, unknown>` is any topic of these values, whatever its keys are. */
export interface Topic<out V, out K = TextKey> extends TopicKey<K> {
  readonly name: string;
  readonly schema: Schema<V>;
  /** Undefined: JSON. */
  readonly format?: TopicFormat;
  readonly registry?: SchemaOptions;
}

export interface TopicOptions<
  V,
  K = KeyField<V> | readonly KeyField<V>[],
  S = AnySchema,
  F extends KeyFormat = KeyFormat,
> extends KeyOptions<V, K, S, F> {
  /** How values are written: "json" (default), or "avro", "protobuf" or "json-schema" with schemas of a registry. */
  readonly format?: TopicFormat;
  /** With schemas: which registry and subject, and how the schema gets there. Also for keys that have one. */
  readonly registry?: SchemaOptions;
}

/** Kafka's own rule. */
const TOPIC_NAME = /^[A-Za-z0-9._-]{1,249}$/;

/**
 * `given` is made by `t`, or by Zod, Valibot, ArkType, Effect or TypeBox. Throws BAD_TOPIC for a name that Kafka refuses, no schema, or a key
 * field that cannot be one; BadSchemaError for a schema that has no counterpart.
 */
export function topic<
  S extends AnySchema,
  const K extends KeyField<TypeOf<S>> | readonly KeyField<TypeOf<S>>[] = never,
  KS extends AnySchema = never,
  F extends KeyFormat = "text",
>(name: string, given: S, options: TopicOptions<TypeOf<S>, K, KS, F> = {}): Topic<TypeOf<S>, KeyOf<TypeOf<S>, K, KS, F>> {
  if (typeof name !== "string" || !TOPIC_NAME.test(name) || name === "." || name === "..")
    throw bad(name, 'a topic name is 1 to 249 letters, digits, ".", "_" and "-"');
  const schema = schemaGiven(given) as Schema<TypeOf<S>> | undefined;
  if (schema === undefined) throw bad(name, "the second argument is the schema of its values, such as t.record(…)");
  const unknown = unknownOption(options, [...KEY_OPTIONS, "format", "registry"]);
  if (unknown !== undefined) throw bad(name, unknown);
  const parts = topicParts(schema, options);
  if (typeof parts === "string") throw bad(name, parts);
  return Object.freeze({ name, schema, ...parts }) as Topic<TypeOf<S>, KeyOf<TypeOf<S>, K, KS, F>>;
}

/** What is wrong with the options; otherwise what a topic, or a pattern of topics, has of them. */
export function topicParts(
  schema: Schema<unknown>,
  options: TopicOptions<unknown, unknown, unknown>,
): (TopicKey<unknown> & Pick<Topic<unknown>, "format" | "registry">) | string {
  const { format = "json", registry } = options;
  const key = topicKey(schema.type, options, registry);
  if (typeof key === "string") return key;
  const wrong = badFormat(format === "json" && key.keyFormat !== undefined ? key.keyFormat : format, registry);
  if (wrong !== undefined) return wrong;
  if (format === "json") return key;
  const unnamed = badStrategy(schema.type, registry, "value");
  if (unnamed !== undefined) return unnamed;
  return { ...key, format, ...(registry === undefined ? {} : { registry: Object.freeze({ ...registry }) }) };
}

/** Throws BAD_TOPIC for what is no topic, its name say. */
export function checkTopic(given: unknown, what: string): void {
  if (typeof given === "object" && given !== null && "schema" in given) return;
  const shown = typeof given === "string" ? JSON.stringify(given) : String(given);
  const name = typeof given === "string" ? shown : '"payments"';
  throw new KafkaConnectorError("BAD_TOPIC", `${what}: a topic with a schema is wanted, such as topic(${name}, Payment), not ${shown}.`);
}

function bad(name: unknown, reason: string): KafkaConnectorError {
  return new KafkaConnectorError("BAD_TOPIC", `topic(${JSON.stringify(name)?.slice(0, 120)}): ${reason}${reason.endsWith("?") ? "" : "."}`);
}
