// Entries as clients see them: Confluent's member names, absent members left out.
import type { SchemaEntry } from "./schema-entry.ts";
import { guidOf } from "./schema-guid.ts";
import type { SubjectConfig } from "./subject-config.ts";
import type { JsonObject } from "./registry-request.ts";

/** The parts that every answer with a schema has. */
function content({ schemaType, schema, references, metadata, ruleSet }: SchemaEntry): JsonObject {
  return {
    schemaType,
    schema,
    ...(references.length === 0 ? {} : { references }),
    ...(metadata === undefined ? {} : { metadata }),
    ...(ruleSet === undefined ? {} : { ruleSet }),
  };
}

/** When the version was written last, and that it is deleted. */
function history({ timestamp, deleted }: SchemaEntry): JsonObject {
  return { ts: timestamp, deleted };
}

/** Of GET /schemas/ids/ID. */
export function schemaBody(entry: SchemaEntry): JsonObject {
  return { subject: entry.subject, version: entry.version, guid: guidOf(entry.kept ?? entry), ...content(entry), ...history(entry) };
}

/** Of subjects and versions. */
export function versionBody(entry: SchemaEntry): JsonObject {
  const { subject, id, version } = entry;
  return { subject, version, id, guid: guidOf(entry.kept ?? entry), ...content(entry), ...history(entry) };
}

/** Of a registration. */
export function registeredBody(entry: SchemaEntry): JsonObject {
  return { id: entry.id, version: entry.version, guid: guidOf(entry.kept ?? entry), ...content(entry), ...history(entry) };
}

/** GET calls the level compatibilityLevel, PUT compatibility. */
export function configBody({ compatibilityLevel, ...rest }: SubjectConfig, levelName: "compatibilityLevel" | "compatibility"): JsonObject {
  return { ...rest, ...(compatibilityLevel === undefined ? {} : { [levelName]: compatibilityLevel }) };
}
