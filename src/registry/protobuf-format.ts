// Protobuf for the registry: texts with references in, forms and comparison out. A reference's name is the path that the text imports.
import { descriptorOfText, textOfDescriptor } from "../schema/protobuf/file-descriptor.ts";
import { SchemaParseError } from "../schema/incompatibility.ts";
import { parseProtobuf } from "../schema/protobuf/parse-protobuf.ts";
import { normalizedProto, protoLayout } from "../schema/protobuf/proto-text.ts";
import { resolveType, SCALARS, type ProtoType, type ProtoWorld } from "../schema/protobuf/proto-file.ts";
import { protobufIncompatibilities } from "../schema/protobuf/protobuf-compatibility.ts";
import type { Checks, ParsedSchema, ResolvedReference } from "./parsed-schema.ts";

interface ParsedProtobuf extends ParsedSchema {
  readonly world: ProtoWorld;
}

/** Files that every Protobuf compiler brings, or Confluent's. */
const BUILT_IN = /^(google\/(protobuf|type|api)|confluent)\//;

/** Throws SchemaParseError. */
export function parseProtobufSchema(given: string, references: readonly ResolvedReference[], checks: Checks): ParsedSchema {
  const text = textOfDescriptor(given) ?? given;
  const file = parseProtobuf(text);
  const known = new Map<string, ProtoType>(file.types);
  for (const reference of references) for (const [name, type] of parseProtobuf(reference.schema).types) known.set(name, type);
  const world: ProtoWorld = { file, known };
  if (checks.rules) checkImports(world, references);
  const canonical = protoLayout(text);
  const parsed: ParsedProtobuf = {
    type: "PROTOBUF",
    world,
    canonical,
    normalized: () => normalizedProto(canonical),
    resolved: () => undefined,
    hasTopLevelField: (name) => {
      const first = [...file.types.values()].find((type) => type.kind === "message");
      return first?.kind === "message" && first.fields.some((field) => field.name === name);
    },
    incompatibilities: (writer) => protobufIncompatibilities(world, (writer as ParsedProtobuf).world),
  };
  return parsed;
}

function checkImports(world: ProtoWorld, references: readonly ResolvedReference[]): void {
  for (const path of world.file.imports)
    if (!BUILT_IN.test(path) && !references.some(({ name }) => name === path))
      throw new SchemaParseError(`The .proto text imports "${path}", and no reference has that name.`);
  const hasBuiltIn = world.file.imports.some((path) => BUILT_IN.test(path));
  for (const message of world.file.types.values()) {
    if (message.kind !== "message") continue;
    for (const { type, name } of message.fields) {
      if (SCALARS.has(type) || resolveType(world, message.fullName, type) !== undefined) continue;
      if (hasBuiltIn && /^\.?(google|confluent)\./.test(type)) continue;
      throw new SchemaParseError(`Field "${name}" of message "${message.fullName}" has the type "${type}", which is not defined.`);
    }
  }
}

/** The schema as a serialised FileDescriptorProto in base64. Throws SchemaParseError. */
export function serializedProtobuf(text: string, references: readonly ResolvedReference[]): string {
  return descriptorOfText(
    text,
    references.map(({ schema }) => schema),
  );
}
