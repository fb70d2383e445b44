// What the emitters work on: every message of a table as structs with parsed fields, the versions in which each occurs, and checks that
// names are unique and safe. A struct that is used twice in a file must be the same struct.
import { type Field, parseFields } from "../../src/protocol/tables/field.ts";
import type { Api, Fields, Message, MessageOptions } from "../../src/protocol/tables/table.ts";
import { hull, includes, intersect, parseOptionalVersions, parseVersions, type Versions } from "../../src/protocol/tables/versions.ts";
import { condition } from "./terms.ts";

export interface StructModel {
  readonly name: string;
  readonly source: Fields;
  readonly fields: readonly Field[];
  /** The message versions in which the struct can occur. */
  versions: Versions;
  readonly flexible: Versions | undefined;
  /** A message itself, not a struct inside one. */
  readonly isMessage: boolean;
  asList: boolean;
  asNullableList: boolean;
}

export interface ModuleModel {
  readonly name: string;
  readonly key: number | undefined;
  readonly versions: Versions;
  readonly flexible: Versions | undefined;
  readonly latestUnstable: boolean;
  /** Every struct after those it contains. */
  readonly structs: readonly StructModel[];
}

const RESERVED = new Set([
  "r",
  "w",
  "m",
  "version",
  "flexible",
  "tags",
  "tag",
  "end",
  "set",
  "default",
  "delete",
  "new",
  "in",
  "for",
  "with",
]);

export function modelOfApi(api: Api): ModuleModel {
  return build(api.name, api.key, api, [
    [`${api.name}Request`, api.request],
    [`${api.name}Response`, api.response],
  ]);
}

export function modelOfMessage(message: Message): ModuleModel {
  return build(message.name, undefined, message, [[message.name, message.fields]]);
}

function build(name: string, key: number | undefined, options: MessageOptions, messages: [string, Fields][]): ModuleModel {
  const versions = parseVersions(options.versions);
  const flexible = parseOptionalVersions(options.flexible);
  const structs = new Map<string, StructModel>();
  for (const [messageName, fields] of messages) collect(structs, messageName, fields, versions, flexible, true);
  return { name, key, versions, flexible, latestUnstable: options.latestUnstable ?? false, structs: [...structs.values()] };
}

function collect(
  structs: Map<string, StructModel>,
  name: string,
  source: Fields,
  versions: Versions,
  flexible: Versions | undefined,
  isMessage = false,
): StructModel {
  const fields = parseFields(source).filter((field) => intersect(field.versions, versions) !== undefined);
  for (const field of fields) {
    checkField(name, field);
    if (field.fields === undefined) continue;
    const inner = collect(structs, field.structName!, field.fields, intersect(field.versions, versions)!, flexible);
    if (field.many) {
      const present = intersect(field.versions, versions)!;
      if (field.nullable !== undefined) inner.asNullableList = true;
      if (condition(field.nullable, present) !== "true") inner.asList = true;
    }
  }
  const known = structs.get(name);
  if (known === undefined) {
    const model = { name, source, fields, versions, flexible, isMessage, asList: false, asNullableList: false };
    structs.set(name, model);
    return model;
  }
  if (known.source !== source) throw new Error(`Two different structs are called ${name}.`);
  known.versions = hull(known.versions, versions);
  return known;
}

function checkField(owner: string, field: Field): void {
  if (!/^[a-z][A-Za-z0-9]*$/.test(field.name) || RESERVED.has(field.name)) throw new Error(`${owner}.${field.name}: not a usable name.`);
  if (field.tag !== undefined && field.type === "struct" && !field.many && field.nullable) {
    throw new Error(`${owner}.${field.name}: a tagged struct is null when absent and cannot be nullable besides.`);
  }
}

/** The fewest bytes an element of this struct takes in any version. */
export function minSizeOf(struct: StructModel, structs: ReadonlyMap<string, StructModel>): number {
  let smallest = Infinity;
  for (let version = struct.versions.from; version <= struct.versions.to; version++) {
    smallest = Math.min(smallest, minSizeIn(struct, version, structs));
  }
  if (smallest < 1) throw new Error(`${struct.name} may take no bytes at all: its lists cannot be checked.`);
  return smallest;
}

function minSizeIn(struct: StructModel, version: number, structs: ReadonlyMap<string, StructModel>): number {
  const flexible = includes(struct.flexible, version);
  let size = flexible ? 1 : 0;
  for (const field of struct.fields) {
    if (field.tag !== undefined || !includes(field.versions, version)) continue;
    if (field.many) size += flexible ? 1 : 4;
    else if (field.type === "struct") size += field.nullable ? 1 : minSizeIn(structs.get(field.structName!)!, version, structs);
    else size += minSizeOfScalar(field.type, flexible);
  }
  return size;
}

function minSizeOfScalar(type: string, flexible: boolean): number {
  const fixed: Record<string, number> = { bool: 1, int8: 1, int16: 2, uint16: 2, int32: 4, int64: 8, uuid: 16 };
  return fixed[type] ?? (flexible ? 1 : type === "string" ? 2 : 4);
}
