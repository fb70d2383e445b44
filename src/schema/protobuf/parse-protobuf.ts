// .proto text → ProtoFile, by way of protobufjs' parser. proto2, proto3 and editions.
import protobuf from "protobufjs";
import { SchemaParseError } from "../incompatibility.ts";
import { parseProtoText, realName } from "./parse-text.ts";
import type { ProtoField, ProtoFile, ProtoType } from "./proto-file.ts";

/** What the text says first, behind comments; proto2 if nothing. */
const SYNTAX = /^(?:\s|\/\/[^\n]*\n|\/\*[^]*?\*\/)*(?:syntax|edition)\s*=\s*["']([^"']*)/;

/** Throws SchemaParseError. */
export function parseProtobuf(text: string): ProtoFile {
  try {
    const { root, package: given, imports, weakImports } = parseProtoText(text, new protobuf.Root());
    const packageName = realName(given ?? "");
    const types = new Map<string, ProtoType>();
    collect(root, packageName, SYNTAX.exec(text)?.[1] ?? "proto2", types);
    if (types.size === 0) throw new SchemaParseError("The .proto text defines neither a message nor an enum.");
    return { package: packageName, imports: [...(imports ?? []), ...(weakImports ?? [])], types };
  } catch (error) {
    if (error instanceof SchemaParseError) throw error;
    throw new SchemaParseError(`The .proto text cannot be read: ${(error as Error).message}.`, { cause: error });
  }
}

function collect(namespace: protobuf.NamespaceBase, packageName: string, syntax: string, into: Map<string, ProtoType>): void {
  for (const each of namespace.nestedArray) {
    const fullName = realName(each.fullName.replace(/^\./, ""));
    const localName = packageName !== "" && fullName.startsWith(`${packageName}.`) ? fullName.slice(packageName.length + 1) : fullName;
    if (each instanceof protobuf.Type)
      into.set(fullName, { kind: "message", fullName, localName, fields: checkedFields(fullName, fieldsOf(each, syntax)) });
    else if (each instanceof protobuf.Enum) into.set(fullName, { kind: "enum", fullName, localName });
    if (each instanceof protobuf.Namespace) collect(each, packageName, syntax, into);
  }
}

function fieldsOf(message: protobuf.Type, syntax: string): ProtoField[] {
  return message.fieldsArray.map((field) => fieldOf(field, syntax));
}

function fieldOf(field: protobuf.Field, syntax: string): ProtoField {
  const oneof = field.partOf;
  const optional = field.options?.["proto3_optional"] === true;
  const synthetic = oneof !== null && oneof.oneof.length === 1 && optional;
  const keyType = field instanceof protobuf.MapField ? field.keyType : undefined;
  const plain = oneof === null && keyType === undefined;
  return {
    name: realName(field.name),
    tag: field.id,
    label: field.repeated ? "repeated" : field.rule === "required" || field.required ? "required" : "optional",
    labelled: field.repeated || optional || (syntax === "proto2" && plain),
    type: realName(field.type),
    keyType,
    oneof: oneof === null || synthetic ? undefined : realName(oneof.name),
  };
}

function checkedFields(message: string, fields: readonly ProtoField[]): readonly ProtoField[] {
  const tags = new Set<number>();
  for (const { tag, name } of fields) {
    if (tags.has(tag)) throw new SchemaParseError(`Message "${message}" has the tag ${tag} twice, the second time for "${name}".`);
    tags.add(tag);
  }
  return fields;
}
