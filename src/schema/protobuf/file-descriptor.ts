// .proto text from and to a serialised FileDescriptorProto in base64, the form in which some clients send and ask for Protobuf schemas.
// Custom options and extensions do not survive the way from a descriptor to text.
import protobuf from "protobufjs";
import type descriptor from "protobufjs/ext/descriptor.js";
import { fromBase64, toBase64 } from "../../bytes/base64.ts";
import { SchemaParseError } from "../incompatibility.ts";
import { descriptorTypes } from "./descriptor-types.ts";
import { addKnownFiles } from "./known-files.ts";
import { printDescriptor, type FileDescriptor } from "./print-descriptor.ts";
import { parseProtobuf } from "./parse-protobuf.ts";
import { parsedName, parseProtoText, withRealNames } from "./parse-text.ts";

const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

/** undefined: it is not a descriptor in base64. Throws SchemaParseError if it is one that has no text. */
export function textOfDescriptor(base64: string): string | undefined {
  if (base64.length % 4 !== 0 || !BASE64.test(base64)) return undefined;
  const bytes = fromBase64(base64);
  let file: FileDescriptor;
  try {
    const { FileDescriptorProto } = descriptorTypes();
    const message = FileDescriptorProto.decode(bytes);
    file = FileDescriptorProto.toObject(message, { longs: Number, enums: Number, arrays: true }) as unknown as FileDescriptor;
  } catch (error) {
    throw new SchemaParseError(`The file descriptor cannot be read: ${(error as Error).message}.`, { cause: error });
  }
  return printDescriptor(file);
}

/** `imported`: the texts of the files it imports, and of those that they import. Throws SchemaParseError if a type is not there. */
export function descriptorOfText(text: string, imported: readonly string[]): string {
  const root = new protobuf.Root();
  try {
    const needed = new Set<string>();
    for (const each of imported) for (const path of parseProtoText(each, root).imports ?? []) needed.add(path);
    const { imports, package: given } = parseProtoText(text, root);
    addKnownFiles(root, [...needed, ...(imports ?? [])]);
    root.resolveAll();
    const names = [...parseProtobuf(text).types.values()].map(({ localName }) => localName);
    const own = new Set(names.filter((name) => !name.includes(".")).map(parsedName));
    const scope = given ? (root.lookup(given) as protobuf.Namespace) : root;
    const syntax = /^\s*(?:\/\/[^\n]*\n\s*|\/\*[\s\S]*?\*\/\s*)*syntax\s*=\s*["']proto3["']/.test(text) ? "proto3" : "proto2";
    const parts = scope.nestedArray.filter((part) => own.has(part.name));
    const { FileDescriptorProto } = descriptorTypes();
    const file = FileDescriptorProto.create({
      name: "default.proto",
      package: given ?? "",
      dependency: imports ?? [],
      messageType: parts.filter((part) => part instanceof protobuf.Type).map((part) => messageOf(part, syntax)),
      enumType: parts.filter((part) => part instanceof protobuf.Enum).map((part) => part.toDescriptor()),
      ...(syntax === "proto3" ? { syntax } : {}),
    });
    return toBase64(FileDescriptorProto.encode(withRealNames(file)).finish());
  } catch (error) {
    throw new SchemaParseError(`The .proto text has no descriptor: ${(error as Error).message}.`, { cause: error });
  }
}

/** protobufjs leaves the names of map entries short and ambiguous: they are made what protoc makes them. */
function messageOf(type: protobuf.Type, syntax: string): descriptor.IDescriptorProto {
  const message = type.toDescriptor(syntax) as descriptor.IDescriptorProto;
  const nested = message.nestedType ?? [];
  const entries = nested.filter(({ options }) => options?.mapEntry === true);
  const maps = type.fieldsArray.filter((field) => field instanceof protobuf.MapField);
  for (const [i, field] of maps.entries()) {
    const entry = entries[i]!;
    const name = `${field.name.replace(/(?:^|_)(\w)/g, (_, letter: string) => letter.toUpperCase())}Entry`;
    entry.name = name;
    message.field!.find(({ number }) => number === field.id)!.typeName = `${type.fullName}.${name}`;
  }
  const own = type.nestedArray.filter((each) => each instanceof protobuf.Type).map((each) => messageOf(each, syntax));
  return Object.assign(message, { nestedType: [...entries, ...own] });
}
