// Topics by pattern, as a source sees them: those that are there, and those that appear later. Frozen data.
import { schemaGiven } from "../../schema/foreign/foreign-schema.ts";
import type { AnySchema, TypeOf } from "../../schema/foreign/foreign-types.ts";
import type { Schema } from "../../schema/type-info.ts";
import { KafkaConnectorError } from "./kafka-connector-error.ts";
import { unknownOption } from "./option-names.ts";
import type { SchemaOptions, TopicFormat } from "./topic-format.ts";
import { topicParts, type TopicOptions } from "./topic.ts";
import { KEY_OPTIONS, type KeyField, type KeyFormat, type KeyOf, type TextKey, type TopicKey } from "./topic-key.ts";

export interface TopicPattern<out V, out K = TextKey> extends TopicKey<K> {
  /** Of topic names; matched anywhere in the name unless anchored. */
  readonly pattern: RegExp;
  readonly schema: Schema<V>;
  /** Undefined: JSON. */
  readonly format?: TopicFormat;
  readonly registry?: SchemaOptions;
}

/** As of a topic; a key is for keyFormat alone, since text is not looked at. */
export type TopicPatternOptions<V, K = KeyField<V> | readonly KeyField<V>[], S = AnySchema, F extends KeyFormat = KeyFormat> = TopicOptions<
  V,
  K,
  S,
  F
>;

/** All topics whose names match now or later, with values of one schema; Kafka's internal topics ("__…") never. Throws BAD_TOPIC. */
export function topicPattern<
  S extends AnySchema,
  const K extends KeyField<TypeOf<S>> | readonly KeyField<TypeOf<S>>[] = never,
  KS extends AnySchema = never,
  F extends KeyFormat = "text",
>(pattern: RegExp, given: S, options: TopicPatternOptions<TypeOf<S>, K, KS, F> = {}): TopicPattern<TypeOf<S>, KeyOf<TypeOf<S>, K, KS, F>> {
  if (!(pattern instanceof RegExp)) throw bad(pattern, "the first argument is a regular expression, such as /^orders-/");
  if (pattern.global || pattern.sticky) throw bad(pattern, "the flags g and y have no meaning here");
  const schema = schemaGiven(given) as Schema<TypeOf<S>> | undefined;
  if (schema === undefined) throw bad(pattern, "the second argument is the schema of the values, such as t.record(…)");
  const unknown = unknownOption(options, [...KEY_OPTIONS, "format", "registry"]);
  if (unknown !== undefined) throw bad(pattern, unknown);
  const parts = topicParts(schema, options);
  if (typeof parts === "string") throw bad(pattern, parts);
  if (parts.key !== undefined && parts.keyFormat === undefined)
    throw bad(pattern, "key is for keyFormat: topics of a pattern are only read, and a key that is text is not looked at");
  return Object.freeze({ pattern, schema, ...parts }) as TopicPattern<TypeOf<S>, KeyOf<TypeOf<S>, K, KS, F>>;
}

function bad(pattern: unknown, reason: string): KafkaConnectorError {
  const shown = pattern instanceof RegExp ? String(pattern).slice(0, 120) : "pattern, schema";
  return new KafkaConnectorError("BAD_TOPIC", `topicPattern(${shown}): ${reason}${reason.endsWith("?") ? "" : "."}`);
}
