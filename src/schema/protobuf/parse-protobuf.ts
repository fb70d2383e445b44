// .proto text → ProtoFile, by way of protobufjs' parser. proto2, proto3 and editions.
import protobuf from "protobufjs";
import { SchemaParseError } from "../incompatibility.ts";
import { parseProtoText, realName } from "./parse-text.ts";
import type { ProtoField, ProtoFile, ProtoMessage, ProtoType } from "./proto-file.ts";

/** What the text says first, behind comments; proto2 if nothing. */
const SYNTAX = /^(?:\s|\/\/[^\n]*\n|\/\*[^]*?\*\/)*(?:syntax|edition)\s*=\s*["']([^"']*)/;

/** Throws SchemaParseError. */
export function parseProtobuf(text: string): ProtoFile {
  try {
    const { root, package: given, imports, weakImports } = parseProtoText(text, new protobuf.Root());
    const packageName = realName(given ?? "");
    const types = new Map<string, ProtoType>();
    collect(root, "", SYNTAX.exec(text)?.[1] ?? "proto2", types);
    if (types.size === 0 && (imports ?? []).length === 0 && !definesAnything(root))
      throw new SchemaParseError("The .proto text defines nothing.");
    return { package: packageName, imports: [...(imports ?? []), ...(weakImports ?? [])], types };
  } catch (error) {
    if (error instanceof SchemaParseError) throw error;
    throw new SchemaParseError(`The .proto text cannot be read: ${(error as Error).message}.`, { cause: error });
  }
}

/** A file may hold custom options or services alone. */
function definesAnything(namespace: protobuf.NamespaceBase): boolean {
  return namespace.nestedArray.some(
    (each) => !(each instanceof protobuf.Namespace) || each instanceof protobuf.Service || definesAnything(each),
  );
}

/** The types in a namespace of protobufjs', by full name; `syntax` of the file. */
export function typesIn(namespace: protobuf.NamespaceBase, syntax: string): Map<string, ProtoType> {
  const types = new Map<string, ProtoType>();
  collect(namespace, "", syntax, types);
  return types;
}

/** Types are in the package that the nearest namespace around them is. */
function collect(namespace: protobuf.NamespaceBase, packageName: string, syntax: string, into: Map<string, ProtoType>): void {
  for (const each of namespace.nestedArray) {
    const fullName = realName(each.fullName.replace(/^\./, ""));
    const localName = packageName === "" ? fullName : fullName.slice(packageName.length + 1);
    if (each instanceof protobuf.Type) into.set(fullName, messageOf(each, fullName, localName, syntax));
    else if (each instanceof protobuf.Enum) into.set(fullName, { kind: "enum", fullName, localName });
    if (each instanceof protobuf.Namespace) collect(each, each instanceof protobuf.Type ? packageName : fullName, syntax, into);
  }
}

function messageOf(message: protobuf.Type, fullName: string, localName: string, syntax: string): ProtoMessage {
  const ofGroups = new Set(message.nestedArray.filter(isGroup).map(({ name }) => name));
  const all = message.fieldsArray.map((field) => fieldOf(field, syntax));
  checkTags(fullName, all);
  const fields = all.filter(({ type }) => !ofGroups.has(type));
  const oneofs = message.oneofsArray.filter((oneof) => !isSynthetic(oneof)).map(({ name }) => realName(name));
  return { kind: "message", fullName, localName, fields, oneofs, isGroup: isGroup(message), entry: entryOf(message, fields) };
}

function entryOf(message: protobuf.Type, fields: readonly ProtoField[]): readonly [string, string] | undefined {
  const [key, value] = ["key", "value"].map((name) => fields.find((field) => field.name === name)?.type);
  return message.options?.["map_entry"] === true && key !== undefined && value !== undefined ? [key, value] : undefined;
}

function isGroup(part: protobuf.ReflectionObject): boolean {
  return part instanceof protobuf.Type && (part as { readonly group?: boolean }).group === true;
}

/** Around a field that is optional in proto3. */
function isSynthetic(oneof: protobuf.OneOf): boolean {
  return oneof.oneof.length === 1 && oneof.fieldsArray[0]?.options?.["proto3_optional"] === true;
}

function fieldOf(field: protobuf.Field, syntax: string): ProtoField {
  const oneof = field.partOf;
  const optional = field.options?.["proto3_optional"] === true;
  const keyType = field instanceof protobuf.MapField ? field.keyType : undefined;
  const plain = oneof === null && keyType === undefined;
  return {
    name: realName(field.name),
    tag: field.id,
    label: field.repeated ? "repeated" : field.rule === "required" || field.required ? "required" : "optional",
    labelled: field.repeated || optional || (syntax === "proto2" && plain),
    type: realName(field.type),
    keyType,
    oneof: oneof === null || isSynthetic(oneof) ? undefined : realName(oneof.name),
  };
}

function checkTags(message: string, fields: readonly ProtoField[]): void {
  const tags = new Set<number>();
  for (const { tag, name } of fields) {
    if (tags.has(tag)) throw new SchemaParseError(`Message "${message}" has the tag ${tag} twice, the second time for "${name}".`);
    tags.add(tag);
  }
}
