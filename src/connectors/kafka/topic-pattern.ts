// Topics by pattern, as a source sees them: those that are there, and those that appear later. Frozen data.
import { schemaGiven } from "../../schema/foreign/foreign-schema.ts";
import type { AnySchema, TypeOf } from "../../schema/foreign/foreign-types.ts";
import type { Schema } from "../../schema/type-info.ts";
import { KafkaConnectorError } from "./kafka-connector-error.ts";

export interface TopicPattern<out V> {
  /** Of topic names; matched anywhere in the name unless anchored. */
  readonly pattern: RegExp;
  readonly schema: Schema<V>;
}

/** All topics whose names match now or later, with values of one schema; Kafka's internal topics ("__…") never. Throws BAD_TOPIC. */
export function topicPattern<S extends AnySchema>(pattern: RegExp, given: S): TopicPattern<TypeOf<S>> {
  if (!(pattern instanceof RegExp)) throw bad("the first argument is a regular expression, such as /^orders-/");
  if (pattern.global || pattern.sticky) throw bad("the flags g and y have no meaning here");
  const schema = schemaGiven(given) as Schema<TypeOf<S>> | undefined;
  if (schema === undefined) throw bad("the second argument is the schema of the values, such as t.record(…)");
  return Object.freeze({ pattern, schema });
}

function bad(reason: string): KafkaConnectorError {
  return new KafkaConnectorError("BAD_TOPIC", `topicPattern(pattern, schema): ${reason}.`);
}
