// Tags inside a schema, under Confluent's name "confluent:tags": which records and fields have which, and adding and taking away. A place is
// named as Confluent names it: Avro and Protobuf by full name and field ("shop.Order.customer"), JSON Schema by the way from the root
// ("object.lines.array.object.price"). A dot in front does not matter. In Protobuf they stand in (confluent.message_meta) and
// (confluent.field_meta).
import { textOfDescriptor } from "../schema/protobuf/file-descriptor.ts";
import { parseProtobuf } from "../schema/protobuf/parse-protobuf.ts";
import { taggedPlaces, withTags, type TaggedPlace } from "../schema/protobuf/proto-meta.ts";
import { refuse } from "./registry-error.ts";
import type { SchemaContent } from "./schema-entry.ts";

const TAGS = "confluent:tags";
const AVRO_CONTAINERS = new Set(["record", "error"]);
const SUMS = ["allOf", "anyOf", "oneOf"] as const;

export type EntityType = "sr_record" | "sr_field";

/** As requests and answers have it. */
export interface SchemaTags {
  readonly schemaEntity: { readonly entityPath: string; readonly entityType: EntityType };
  readonly tags: readonly string[];
}

interface Entity {
  readonly path: string;
  readonly type: EntityType;
  /** The JSON object that holds the tags. */
  readonly holder: Record<string, unknown>;
}

/** Throws 42201. */
export function parseTags(value: unknown, name: string): SchemaTags[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw refuse.unprocessable(`${name}: expected an array`);
  return value.map((each: unknown) => {
    const { schemaEntity, tags } = (each ?? {}) as { schemaEntity?: { entityPath?: unknown; entityType?: unknown }; tags?: unknown };
    const path = schemaEntity?.entityPath;
    const entityType = typeof schemaEntity?.entityType === "string" ? schemaEntity.entityType.toLowerCase() : undefined;
    if (typeof path !== "string" || (entityType !== "sr_record" && entityType !== "sr_field"))
      throw refuse.invalidSchema(`${name}: a schemaEntity has an entityPath and an entityType, sr_record or sr_field`);
    if (!Array.isArray(tags) || !tags.every((tag) => typeof tag === "string")) throw refuse.invalidSchema(`${name}: tags are texts`);
    return { schemaEntity: { entityPath: path.replace(/^\./, ""), entityType }, tags };
  });
}

/** The places that have one of these tags; "*" is any. */
export function findTags(content: SchemaContent, wanted: readonly string[]): SchemaTags[] {
  const any = wanted.includes("*");
  const all =
    content.schemaType === "PROTOBUF"
      ? taggedPlaces(content.schema).map((place) => ({ path: place.path, type: entityType(place), tags: place.tags }))
      : entitiesOf(content, JSON.parse(content.schema)).map(({ path, type, holder }) => ({ path, type, tags: tagsOf(holder) }));
  return all.flatMap(({ path, type, tags }) => {
    const found = tags.filter((tag) => any || wanted.includes(tag));
    return found.length === 0 ? [] : [{ schemaEntity: { entityPath: path, entityType: type }, tags: found }];
  });
}

interface TagChanges {
  readonly add: readonly SchemaTags[];
  readonly remove: readonly SchemaTags[];
  readonly lenient?: boolean;
}

/** The content with other tags in its text. `lenient`: places that are not there are passed over. Throws 42201. */
export function changeTags(content: SchemaContent, { add, remove, lenient = false }: TagChanges): SchemaContent {
  if (add.length === 0 && remove.length === 0) return content;
  if (content.schemaType === "PROTOBUF") return { ...content, schema: changedProto(content.schema, { add, remove, lenient }) };
  const root = parseText(content.schema);
  const entities = entitiesOf(content, root);
  const each = (
    changes: readonly SchemaTags[],
    change: (before: readonly string[], tags: readonly string[]) => readonly string[],
  ): void => {
    for (const { schemaEntity, tags } of changes) {
      const found = entities.filter(({ path, type }) => path === schemaEntity.entityPath && type === schemaEntity.entityType);
      if (found.length === 0 && !lenient) throw refuse.invalidSchema(`there is no ${schemaEntity.entityType} "${schemaEntity.entityPath}"`);
      for (const { holder } of found) {
        const after = [...new Set(change(tagsOf(holder), tags))];
        if (after.length === 0) delete holder[TAGS];
        else holder[TAGS] = after;
      }
    }
  };
  each(add, (before, tags) => [...before, ...tags]);
  each(remove, (before, tags) => before.filter((tag) => !tags.includes(tag)));
  return { ...content, schema: JSON.stringify(root) };
}

function parseText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw refuse.invalidSchema((error as Error).message, error);
  }
}

function tagsOf(holder: Readonly<Record<string, unknown>>): string[] {
  const tags = holder[TAGS];
  return Array.isArray(tags) ? tags.filter((tag) => typeof tag === "string") : [];
}

function entitiesOf({ schemaType }: SchemaContent, root: unknown): Entity[] {
  const found: Entity[] = [];
  if (schemaType === "AVRO") avroEntities(root, "", found);
  else jsonEntities(root, "", found);
  return found;
}

function entityType({ kind }: TaggedPlace): EntityType {
  return kind === "message" ? "sr_record" : "sr_field";
}

function changedProto(given: string, { add, remove, lenient }: TagChanges): string {
  const text = protoOf(given);
  const known = new Set(taggedPlaces(text).map((place) => `${entityType(place)} ${place.path}`));
  for (const { schemaEntity } of [...add, ...remove])
    if (lenient !== true && !known.has(`${schemaEntity.entityType} ${schemaEntity.entityPath}`))
      throw refuse.invalidSchema(`there is no ${schemaEntity.entityType} "${schemaEntity.entityPath}"`);
  return withTags(text, (place) => {
    const tagsFor = (changes: readonly SchemaTags[]): string[] =>
      changes
        .filter(({ schemaEntity: { entityPath, entityType: type } }) => entityPath === place.path && type === entityType(place))
        .flatMap(({ tags }) => tags);
    const gone = tagsFor(remove);
    return [...new Set([...place.tags, ...tagsFor(add)])].filter((tag) => !gone.includes(tag));
  });
}

/** Of a file descriptor, too. Throws 42201. */
function protoOf(given: string): string {
  const text = textOfDescriptor(given) ?? given;
  try {
    parseProtobuf(text);
    return text;
  } catch (error) {
    throw refuse.invalidSchema((error as Error).message, error);
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function avroEntities(schema: unknown, namespace: string, found: Entity[]): void {
  if (Array.isArray(schema)) for (const branch of schema) avroEntities(branch, namespace, found);
  if (!isObject(schema)) return;
  const { type, name } = schema;
  if (!AVRO_CONTAINERS.has(String(type))) {
    for (const inner of [isObject(type) || Array.isArray(type) ? type : undefined, schema["items"], schema["values"]])
      avroEntities(inner, namespace, found);
    return;
  }
  const inside = typeof schema["namespace"] === "string" ? schema["namespace"] : namespace;
  const fullName = String(name).includes(".") || inside === "" ? String(name) : `${inside}.${String(name)}`;
  found.push({ path: fullName, type: "sr_record", holder: schema });
  const within = fullName.includes(".") ? fullName.slice(0, fullName.lastIndexOf(".")) : "";
  for (const field of Array.isArray(schema["fields"]) ? schema["fields"] : []) {
    if (!isObject(field)) continue;
    found.push({ path: `${fullName}.${String(field["name"])}`, type: "sr_field", holder: field });
    avroEntities(field["type"], within, found);
  }
}

/** `path` names what holds the schema; the schema adds what it is. */
function jsonEntities(schema: unknown, path: string, found: Entity[]): void {
  if (!isObject(schema)) return;
  const below = (part: string): string => (path === "" ? part : `${path}.${part}`);
  for (const sum of SUMS) {
    const branches = schema[sum];
    if (Array.isArray(branches))
      for (const [i, branch] of branches.entries()) jsonEntities(branch, below(`${sum.toLowerCase()}.${i}`), found);
  }
  jsonEntities(schema["not"], below("not"), found);
  const { items, properties } = schema;
  if (Array.isArray(items)) for (const [i, item] of items.entries()) jsonEntities(item, below(`array.${i}`), found);
  else jsonEntities(items, below("array"), found);
  if (!isObject(properties)) return;
  const object = below("object");
  found.push({ path: object, type: "sr_record", holder: schema });
  for (const [name, property] of Object.entries(properties)) {
    if (!isObject(property)) continue;
    found.push({ path: `${object}.${name}`, type: "sr_field", holder: property });
    jsonEntities(property, `${object}.${name}`, found);
  }
}
