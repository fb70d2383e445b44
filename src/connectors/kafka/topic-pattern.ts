// Topics by pattern, as a source sees them: those that are there, and those that appear later. Frozen data.
import { schemaGiven } from "../../schema/foreign/foreign-schema.ts";
import type { AnySchema, TypeOf } from "../../schema/foreign/foreign-types.ts";
import type { Schema } from "../../schema/type-info.ts";
import { KafkaConnectorError } from "./kafka-connector-error.ts";
import { unknownOption } from "./option-names.ts";
import { badFormat, type SchemaOptions, type TopicFormat } from "./topic-format.ts";

export interface TopicPattern<out V> {
  /** Of topic names; matched anywhere in the name unless anchored. */
  readonly pattern: RegExp;
  readonly schema: Schema<V>;
  /** Undefined: JSON. */
  readonly format?: TopicFormat;
  readonly registry?: SchemaOptions;
}

export interface TopicPatternOptions {
  /** How values are written: "json" (default), or "avro", "protobuf" or "json-schema" with schemas of a registry. */
  readonly format?: TopicFormat;
  /** With schemas: which registry, and which subject of each topic. */
  readonly registry?: SchemaOptions;
}

/** All topics whose names match now or later, with values of one schema; Kafka's internal topics ("__…") never. Throws BAD_TOPIC. */
export function topicPattern<S extends AnySchema>(pattern: RegExp, given: S, options: TopicPatternOptions = {}): TopicPattern<TypeOf<S>> {
  if (!(pattern instanceof RegExp)) throw bad(pattern, "the first argument is a regular expression, such as /^orders-/");
  if (pattern.global || pattern.sticky) throw bad(pattern, "the flags g and y have no meaning here");
  const schema = schemaGiven(given) as Schema<TypeOf<S>> | undefined;
  if (schema === undefined) throw bad(pattern, "the second argument is the schema of the values, such as t.record(…)");
  const unknown = unknownOption(options, ["format", "registry"]);
  if (unknown !== undefined) throw bad(pattern, unknown);
  const { format = "json", registry } = options;
  const wrong = badFormat(format, registry);
  if (wrong !== undefined) throw bad(pattern, wrong);
  if (format === "json") return Object.freeze({ pattern, schema });
  return Object.freeze({ pattern, schema, format, ...(registry === undefined ? {} : { registry: Object.freeze({ ...registry }) }) });
}

function bad(pattern: unknown, reason: string): KafkaConnectorError {
  const shown = pattern instanceof RegExp ? String(pattern).slice(0, 120) : "pattern, schema";
  return new KafkaConnectorError("BAD_TOPIC", `topicPattern(${shown}): ${reason}${reason.endsWith("?") ? "" : "."}`);
}
