// Texts to parsed schemas, with their references looked up in the state. A bounded cache spares parsing the same versions again.
import { SchemaParseError } from "../schema/incompatibility.ts";
import { parseAvroSchema, resolvedAvro } from "./avro-format.ts";
import { parseJsonSchemaText } from "./json-schema-format.ts";
import { parseProtobufSchema, protobufWithoutExtensions, serializedProtobuf } from "./protobuf-format.ts";
import type { Checks, ParsedSchema, ResolvedReference } from "./parsed-schema.ts";
import { RegistryError, refuse } from "./registry-error.ts";
import type { RegistryState } from "./registry-state.ts";
import { configInScope, modeInScope } from "./scope.ts";
import { identityOf, shownAs, type SchemaContent, type SchemaEntry, type SchemaType } from "./schema-entry.ts";
import { contextOf, qualified } from "./subject-name.ts";

type Parse = (text: string, references: readonly ResolvedReference[], checks: Checks) => ParsedSchema;

/** The types that can be registered. */
export const FORMATS: Readonly<Partial<Record<SchemaType, Parse>>> = {
  JSON: parseJsonSchemaText,
  PROTOBUF: parseProtobufSchema,
  AVRO: parseAvroSchema,
};

/** What ?format= changes. */
const FORMS: ReadonlyMap<string, (text: string, references: readonly ResolvedReference[]) => string> = new Map([
  ["PROTOBUF serialized", serializedProtobuf],
  ["PROTOBUF ignore_extensions", protobufWithoutExtensions],
  ["AVRO resolved", resolvedAvro],
]);

const CACHED_SCHEMAS = 2000;
const MAX_REFERENCES = 1000;
export const MAX_SCHEMA_CHARS = 1_000_000;

export class SchemaParsing {
  readonly #cache = new Map<string, ParsedSchema>();
  #canonical = new WeakMap<SchemaEntry, string>();

  /** A text from a client: held to all rules. Throws 42201. `subject` (qualified) says where references are looked up. */
  parseNew(state: RegistryState, subject: string, content: SchemaContent): ParsedSchema {
    const { validateNames, validateFields } = configInScope(state, subject);
    // Schemas that are imported were taken elsewhere. Confluent's registry parses the others with their rules.
    const rules = content.schemaType !== "JSON" || modeInScope(state, subject) !== "IMPORT";
    return this.#parse(state, subject, content, { rules, names: validateNames !== false, fields: rules && validateFields === true });
  }

  /** As parseNew, with the refusal as the answer. */
  tryParse(state: RegistryState, subject: string, content: SchemaContent): ParsedSchema | RegistryError {
    try {
      return this.parseNew(state, subject, content);
    } catch (error) {
      if (error instanceof RegistryError) return error;
      throw error;
    }
  }

  /** A version that is stored. Throws 42201 if it cannot be understood any more. */
  parseStored(state: RegistryState, entry: SchemaEntry): ParsedSchema {
    const key = `${contextOf(entry.subject)}\n${entry.identity}`;
    let parsed = this.#cache.get(key);
    if (parsed === undefined) parsed = this.#parse(state, entry.subject, entry, { rules: false, names: false });
    else this.#cache.delete(key);
    this.#cache.set(key, parsed);
    if (this.#cache.size > CACHED_SCHEMAS) this.#cache.delete(this.#cache.keys().next().value!);
    return parsed;
  }

  /** The text of a stored version as it would be stored now: other registries, and older versions of this one, have other forms. */
  canonicalOf(state: RegistryState, entry: SchemaEntry): string {
    let text = this.#canonical.get(entry);
    if (text === undefined) this.#canonical.set(entry, (text = this.#canonicalOf(state, entry)));
    return text;
  }

  #canonicalOf(state: RegistryState, entry: SchemaEntry): string {
    try {
      return this.parseStored(state, entry).canonical;
    } catch (error) {
      if (error instanceof RegistryError) return entry.schema;
      throw error;
    }
  }

  /** After a permanent deletion: what a name and version refer to may change. */
  forget(): void {
    this.#cache.clear();
    this.#canonical = new WeakMap();
  }

  #parse(state: RegistryState, subject: string, content: SchemaContent, checks: Checks): ParsedSchema {
    const parse = FORMATS[content.schemaType];
    if (parse === undefined) throw refuse.invalidSchema(`schemas of type ${content.schemaType} are not supported`);
    if (content.schema.length > MAX_SCHEMA_CHARS) throw refuse.schemaTooLarge(content.schema.length, MAX_SCHEMA_CHARS);
    try {
      return parse(content.schema, resolveReferences(state, subject, content), checks);
    } catch (error) {
      if (!(error instanceof SchemaParseError)) throw error;
      throw refuse.invalidSchema(error.message, error);
    }
  }
}

/** All schemas that `content` refers to, also by way of others; each after those it refers to itself. Throws 42201. */
export function resolveReferences(state: RegistryState, subject: string, content: SchemaContent): ResolvedReference[] {
  const found = new Map<string, ResolvedReference>();
  const visiting = new Set<string>();
  const visit = (owner: string, references: SchemaContent["references"]): void => {
    for (const { name, subject: given, version } of references) {
      if (found.has(name)) continue;
      const target = qualified(contextOf(owner), given);
      const key = `${target}\n${version}`;
      const entry = version === -1 ? state.versions(target).at(-1) : state.version(target, version);
      if (entry === undefined)
        throw refuse.invalidSchema(`the reference "${name}" names version ${version} of subject "${given}", which does not exist`);
      if (visiting.has(key)) throw refuse.invalidSchema(`the reference "${name}" leads back to itself`);
      visiting.add(key);
      visit(target, entry.references);
      visiting.delete(key);
      found.set(name, { name, schema: entry.schema, references: entry.references.map((each) => each.name) });
      if (found.size > MAX_REFERENCES) throw refuse.invalidSchema(`it refers to more than ${MAX_REFERENCES} schemas`);
    }
  };
  visit(subject, content.references);
  return [...found.values()];
}

/** What a new version refers to must not be deleted. Throws 42201. */
export function checkReferencesLive(state: RegistryState, subject: string, { references }: SchemaContent): void {
  for (const { name, subject: given, version } of references) {
    const target = qualified(contextOf(subject), given);
    const entry = version === -1 ? state.versions(target).at(-1) : state.version(target, version);
    if (entry?.deleted === true)
      throw refuse.invalidSchema(`the reference "${name}" names version ${version} of subject "${given}", which is deleted`);
  }
}

/** The content as it is stored: in the form asked for, references with full subject names left as given. */
export function storedContent(
  content: SchemaContent,
  parsed: ParsedSchema,
  normalize: boolean,
): SchemaContent & { readonly identity: string } {
  const references = normalize ? [...content.references].sort((a, b) => (a.name < b.name ? -1 : 1)) : content.references;
  const stored = { ...content, references, schema: normalize ? parsed.normalized() : parsed.canonical };
  return { ...stored, identity: identityOf(stored) };
}

/** ?format= (routes/schemas.ts says which there are); anything else: as it is. Throws 42201. */
export function inFormat(state: RegistryState, entry: SchemaEntry, format: string | null): SchemaEntry {
  const convert = FORMS.get(`${entry.schemaType} ${format}`);
  if (convert === undefined) return entry;
  try {
    return shownAs(entry, { schema: convert(entry.schema, resolveReferences(state, entry.subject, entry)) });
  } catch (error) {
    if (!(error instanceof SchemaParseError)) throw error;
    throw refuse.invalidSchema(error.message, error);
  }
}
