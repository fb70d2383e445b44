// One version of a subject as it is kept, and the parts of it that make two schemas the same: text, type, references, metadata, rules.

export const SCHEMA_TYPES = ["JSON", "PROTOBUF", "AVRO"] as const;
export type SchemaType = (typeof SCHEMA_TYPES)[number];

export interface SchemaReference {
  /** What the schema's text calls it: a full name (Avro), an import path (Protobuf), a URI (JSON Schema). */
  readonly name: string;
  readonly subject: string;
  readonly version: number;
}

/** Tags, properties and names of sensitive properties: stored and returned. */
export interface Metadata {
  readonly tags?: Readonly<Record<string, readonly string[]>> | null;
  readonly properties?: Readonly<Record<string, string>> | null;
  readonly sensitive?: readonly string[] | null;
}

/** Stored and returned; clients run the rules. */
export interface RuleSet {
  readonly migrationRules?: readonly unknown[] | null;
  readonly domainRules?: readonly unknown[] | null;
  readonly encodingRules?: readonly unknown[] | null;
  readonly enableAt?: string | null;
}

export interface SchemaContent {
  readonly schema: string;
  readonly schemaType: SchemaType;
  readonly references: readonly SchemaReference[];
  readonly metadata: Metadata | undefined;
  readonly ruleSet: RuleSet | undefined;
}

export interface SchemaEntry extends SchemaContent {
  /** Qualified. */
  readonly subject: string;
  readonly version: number;
  readonly id: number;
  readonly deleted: boolean;
  /** See identityOf. */
  readonly identity: string;
  /** Epoch ms of the record that wrote it last. */
  readonly timestamp: number;
  /** What is stored, where a client sees it in another form. */
  readonly kept?: SchemaContent;
}

/** The entry in another form, for an answer. */
export function shownAs(entry: SchemaEntry, form: Partial<Pick<SchemaContent, "schema" | "references">>): SchemaEntry {
  return { ...entry, ...form, kept: entry.kept ?? entry };
}

/** A text that is equal for equal content, in every context. The schema itself, if there is nothing else: no copy. */
export function identityOf(content: SchemaContent): string {
  let text = content.schemaType === "AVRO" ? content.schema : `${content.schemaType}\n${content.schema}`;
  for (const { name, subject, version } of content.references) text += `\n${JSON.stringify([name, subject, version])}`;
  if (content.metadata !== undefined) text += `\nmetadata ${sortedJson(content.metadata)}`;
  if (content.ruleSet !== undefined) text += `\nrules ${sortedJson(content.ruleSet)}`;
  return text;
}

/** JSON with sorted names and without nulls: equal for values that mean the same. */
export function sortedJson(value: unknown): string {
  return JSON.stringify(value, (_name, each: unknown) => {
    if (typeof each !== "object" || each === null || Array.isArray(each)) return each;
    return Object.fromEntries(
      Object.entries(each)
        .filter(([, inner]) => inner !== null && inner !== undefined)
        .sort(([a], [b]) => (a < b ? -1 : 1)),
    );
  });
}
