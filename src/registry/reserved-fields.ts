// Names that a subject keeps free: the metadata property "confluent:reserved" lists them, separated by commas. Where the configuration says
// validateFields, a new version may not take a name out of the list, and none of its top-level fields may have one.
import type { ParsedSchema } from "./parsed-schema.ts";
import type { Metadata } from "./schema-entry.ts";
import type { SubjectConfig } from "./subject-config.ts";

const PROPERTY = "confluent:reserved";

/** Empty: nothing is wrong. `before`: of the latest version. */
export function reservedFieldMessages(
  candidate: ParsedSchema,
  metadata: Metadata | undefined,
  before: Metadata | undefined,
  config: SubjectConfig,
): string[] {
  if (config.validateFields !== true) return [];
  const reserved = reservedNames(metadata);
  const gone = [...reservedNames(before)].filter((name) => !reserved.has(name));
  const taken = [...reserved].filter((name) => candidate.hasTopLevelField(name));
  return [
    ...gone.map(
      (name) => `{errorType:'RESERVED_FIELD_REMOVED', description:'"${name}" was reserved by the version before and is not any more.'}`,
    ),
    ...taken.map((name) => `{errorType:'FIELD_CONFLICTS_WITH_RESERVED_FIELD', description:'The field "${name}" has a reserved name.'}`),
  ];
}

function reservedNames(metadata: Metadata | undefined): ReadonlySet<string> {
  const names = metadata?.properties?.[PROPERTY]?.split(",") ?? [];
  return new Set(names.map((name) => name.trim()).filter((name) => name !== ""));
}
