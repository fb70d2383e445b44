// How a topic's values are written: JSON, or Avro, Protobuf or JSON with schemas of a registry. What the registry is asked, and when, is in
// registry-values.ts and registry-encoding.ts.
import { KafkaConnectorError } from "./kafka-connector-error.ts";
import type { Topic } from "./topic.ts";

export type TopicFormat = "json" | "avro" | "protobuf" | "json-schema";

/** Confluent's subject names: "<topic>-value", the record's full name, "<topic>-<record>". */
export type SubjectStrategy = "topic" | "record" | "topic-record";

export interface SchemaOptions {
  /** Default: the job's setting "schema.registry.url": SCHEMA_REGISTRY_URL, or the registry of the server that runs the job. */
  readonly url?: string;
  /** Default "topic". */
  readonly subject?: SubjectStrategy;
  /**
   * When the job starts, the schema of the type is registered. Default true for a sink, which else finds it or does not start. A source
   * registers only when this is said, and only where its subject has no schema: whoever writes knows better. false: a schema must be there.
   */
  readonly autoRegister?: boolean;
  /** A sink writes the subject's latest schema, which must have room for every field of the type. Default false. A source reads any. */
  readonly useLatest?: boolean;
  /** Set for the subject before anything is registered, such as "BACKWARD" or "FULL_TRANSITIVE". */
  readonly compatibility?: string;
  /** Where a sink writes which schema it is: the id before the value (default), the GUID before it, or the GUID in a header. Sources read all. */
  readonly ids?: "prefix" | "guid" | "header";
}

const FORMATS: readonly string[] = ["json", "avro", "protobuf", "json-schema"] satisfies TopicFormat[];
const SUBJECTS: readonly string[] = ["topic", "record", "topic-record"] satisfies SubjectStrategy[];
const IDS: readonly string[] = ["prefix", "guid", "header"];
const LEVELS = ["NONE", "BACKWARD", "BACKWARD_TRANSITIVE", "FORWARD", "FORWARD_TRANSITIVE", "FULL", "FULL_TRANSITIVE"];

export function checkFormat(topic: string, format: unknown, schema: SchemaOptions | undefined): void {
  if (!FORMATS.includes(format as string)) throw bad(topic, `format is one of ${FORMATS.join(", ")}, not ${JSON.stringify(format)}`);
  if (schema === undefined) return;
  if (format === "json") throw bad(topic, 'registry options are for format: "avro", "protobuf" or "json-schema"');
  if (schema.subject !== undefined && !SUBJECTS.includes(schema.subject)) throw bad(topic, `subject is one of ${SUBJECTS.join(", ")}`);
  if (schema.ids !== undefined && !IDS.includes(schema.ids)) throw bad(topic, `ids is one of ${IDS.join(", ")}`);
  if (schema.compatibility !== undefined && !LEVELS.includes(schema.compatibility))
    throw bad(topic, `compatibility is one of ${LEVELS.join(", ")}`);
}

/** Of the topic's values. */
export function subjectOf({ name, schema: { type }, registry }: Pick<Topic<unknown>, "name" | "schema" | "registry">): string {
  const record = type.kind === "record" ? type.name : "value";
  if (registry?.subject === "record") return record;
  return registry?.subject === "topic-record" ? `${name}-${record}` : `${name}-value`;
}

function bad(topic: string, reason: string): KafkaConnectorError {
  return new KafkaConnectorError("BAD_TOPIC", `topic(${JSON.stringify(topic)}): ${reason}.`);
}
