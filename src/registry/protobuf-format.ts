// Protobuf for the registry: texts with references in, forms and comparison out. A reference's name is the path that the text imports.
import { descriptorOfText, textOfDescriptor } from "../schema/protobuf/file-descriptor.ts";
import { SchemaParseError } from "../schema/incompatibility.ts";
import { typesOfKnownFiles } from "../schema/protobuf/known-files.ts";
import { parseProtobuf } from "../schema/protobuf/parse-protobuf.ts";
import { normalizedTree, protoNames } from "../schema/protobuf/normalize-proto-tree.ts";
import { withoutExtensions } from "../schema/protobuf/proto-extensions.ts";
import { printProtoTree } from "../schema/protobuf/print-proto-tree.ts";
import { MAX_TAG, type ProtoTree } from "../schema/protobuf/proto-tree.ts";
import { readProtoTree } from "../schema/protobuf/read-proto-tree.ts";
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
  const known = new Map<string, ProtoType>(typesOfKnownFiles());
  for (const reference of references) for (const [name, type] of parseProtobuf(reference.schema).types) known.set(name, type);
  for (const [name, type] of file.types) known.set(name, type);
  const world: ProtoWorld = { file, known };
  const forms = formsOf(checks.rules ? readProtoTree(text) : treeOf(text), text, references, known);
  if (checks.rules) {
    checkTypes(world, references);
    forms.normalized();
  }
  const parsed: ParsedProtobuf = {
    type: "PROTOBUF",
    world,
    ...forms,
    resolved: () => undefined,
    hasTopLevelField: (name) =>
      [...file.types.values()].some(
        (type) => type.kind === "message" && !type.localName.includes(".") && type.fields.some((field) => field.name === name),
      ),
    incompatibilities: (writer) => protobufIncompatibilities(world, (writer as ParsedProtobuf).world),
  };
  return parsed;
}

/** As Confluent's registry prints them; a stored text that its parser would not take in one layout. */
function formsOf(
  tree: ProtoTree | undefined,
  text: string,
  references: readonly ResolvedReference[],
  known: ReadonlyMap<string, ProtoType>,
): Pick<ParsedSchema, "canonical" | "normalized"> {
  if (tree === undefined) {
    const canonical = protoLayout(text);
    return { canonical, normalized: () => normalizedProto(canonical) };
  }
  const imported = (): ProtoTree[] => references.flatMap(({ schema }) => treeOf(schema) ?? []);
  return {
    canonical: printProtoTree(tree),
    normalized: () => printProtoTree(normalizedTree(tree, protoNames([tree, ...imported()], known.keys()))),
  };
}

function treeOf(text: string): ProtoTree | undefined {
  try {
    return readProtoTree(text);
  } catch (error) {
    if (error instanceof SchemaParseError) return undefined;
    throw error;
  }
}

/** Types lead somewhere, and fields have numbers that Protobuf can write. An import that nothing needs may lead nowhere, as on Confluent's registry. */
function checkTypes(world: ProtoWorld, references: readonly ResolvedReference[]): void {
  for (const message of world.file.types.values()) {
    if (message.kind !== "message") continue;
    for (const { type, name, tag } of message.fields) {
      if (tag < 1 || tag > MAX_TAG)
        throw new SchemaParseError(`Field "${name}" of message "${message.fullName}" has the number ${tag}: expected 1 to ${MAX_TAG}.`);
      if (SCALARS.has(type) || resolveType(world, message.fullName, type) !== undefined) continue;
      const absent = world.file.imports.filter((path) => !BUILT_IN.test(path) && !references.some((reference) => reference.name === path));
      const hint =
        absent.length === 0 ? "" : `: no reference is called ${absent.map((path) => `"${path}"`).join(" or ")}, which it imports`;
      throw new SchemaParseError(`Field "${name}" of message "${message.fullName}" has the type "${type}", which is not defined${hint}.`);
    }
  }
}

/** The schema without its extensions and custom options; Confluent's own stay. */
export function protobufWithoutExtensions(text: string): string {
  const tree = treeOf(text);
  return tree === undefined ? text : printProtoTree(withoutExtensions(tree));
}

/** The schema as a serialised FileDescriptorProto in base64. Throws SchemaParseError. */
export function serializedProtobuf(text: string, references: readonly ResolvedReference[]): string {
  return descriptorOfText(
    text,
    references.map(({ schema }) => schema),
  );
}
