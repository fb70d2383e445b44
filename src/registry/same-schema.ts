// Which version of a subject a schema is: the one with the same content, or one that differs only in the version that its metadata names, in
// the form in which its text was stored, or in that it refers to others where the schema has all of them in it.
import type { ParsedSchema } from "./parsed-schema.ts";
import type { RegistryState } from "./registry-state.ts";
import { sortedJson, type Metadata, type SchemaContent, type SchemaEntry, type SchemaReference } from "./schema-entry.ts";
import type { SchemaParsing } from "./schema-parsing.ts";

/** The metadata property that holds a version's own number, if somebody asked for a version by number. */
const VERSION_PROPERTY = "confluent:version";

/** `content` is as it would be stored. The latest of `versions` that it is. */
export function findSame(
  state: RegistryState,
  parsing: SchemaParsing,
  parsed: ParsedSchema,
  content: SchemaContent & { readonly identity: string },
  versions: readonly SchemaEntry[],
): SchemaEntry | undefined {
  return (
    versions.findLast(({ identity }) => identity === content.identity) ??
    versions.findLast((entry) => {
      if (entry.schemaType !== content.schemaType || !sameExtras(content, entry)) return false;
      if (sameReferences(content.references, entry.references))
        return entry.schema === content.schema || parsing.canonicalOf(state, entry) === content.schema;
      if (content.references.length > 0 || entry.references.length === 0) return false;
      const resolved = parsed.resolved();
      return resolved !== undefined && parsing.parseStored(state, entry).resolved() === resolved;
    })
  );
}

/** Whatever it is set to: a number is put in its place when the version is registered. */
export function hasVersionProperty(metadata: Metadata | undefined): boolean {
  return (metadata?.properties?.[VERSION_PROPERTY] ?? undefined) !== undefined;
}

export function withVersionProperty(metadata: Metadata | undefined, version: number): Metadata {
  return { ...metadata, properties: { ...metadata?.properties, [VERSION_PROPERTY]: String(version) } };
}

/** Metadata and rules. Who names no version may mean one that does; who names one means the version of this number. */
function sameExtras(wanted: SchemaContent, entry: SchemaEntry): boolean {
  if (textOf(wanted.ruleSet) !== textOf(entry.ruleSet)) return false;
  const mine = versionIn(wanted.metadata);
  const theirs = versionIn(entry.metadata);
  if ((mine === undefined) === (theirs === undefined)) return textOf(wanted.metadata) === textOf(entry.metadata);
  if (mine !== undefined && mine !== entry.version) return false;
  return textOf(withoutVersion(wanted.metadata)) === textOf(withoutVersion(entry.metadata));
}

function versionIn(metadata: Metadata | undefined): number | undefined {
  const text = metadata?.properties?.[VERSION_PROPERTY];
  return typeof text === "string" && /^[+-]?\d+$/.test(text) ? Number(text) : undefined;
}

function withoutVersion(metadata: Metadata | undefined): Metadata {
  const properties = Object.entries(metadata?.properties ?? {}).filter(([name]) => name !== VERSION_PROPERTY);
  return { ...metadata, properties: Object.fromEntries(properties) };
}

/** Empty parts count as none. */
function textOf(extras: object | undefined): string | undefined {
  if (extras === undefined) return undefined;
  return sortedJson(Object.fromEntries(Object.entries(extras).filter(([, part]) => !isEmpty(part))));
}

function isEmpty(part: unknown): boolean {
  return typeof part === "object" && part !== null && Object.keys(part).length === 0;
}

function sameReferences(mine: readonly SchemaReference[], theirs: readonly SchemaReference[]): boolean {
  const sorted = (references: readonly SchemaReference[]): string => sortedJson(references.map((each) => sortedJson(each)).sort());
  return mine.length === theirs.length && (mine.length === 0 || sorted(mine) === sorted(theirs));
}
