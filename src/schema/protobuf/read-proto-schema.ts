// .proto text, with the texts that it imports, to the messages that the codec uses; protobufjs parses and resolves, edition features too.
// Only reflection: protobufjs never makes code of it.
import protobuf from "protobufjs";
import { BadSchemaError } from "../schema-error.ts";
import { addKnownFiles } from "./known-files.ts";
import { parseProtobuf } from "./parse-protobuf.ts";
import { parsedName, parseProtoText, realName } from "./parse-text.ts";
import { asMap } from "./proto-schema.ts";
import type { EnumSchema, FieldSchema, MessageSchema, Meta, ProtoScalar, ValueSchema } from "./proto-schema.ts";
import { SCALARS } from "./proto-file.ts";

const MAX_TEXT = 1_000_000;

export interface ProtoSchema {
  /** The message by its positions, as Confluent's framing names it: [0] is the first of the file. Throws BadSchemaError. */
  messageAt(indexes: readonly number[]): MessageSchema;
  /** Of the file itself, nested ones too. */
  messages(): readonly MessageSchema[];
  /** Positions of the message of that full name; undefined: there is none. */
  indexesOf(name: string): readonly number[] | undefined;
}

/** `imported`: the texts of the files it imports, and of those that they import. Throws BadSchemaError. */
export function readProtoSchema(text: string, imported: readonly string[] = []): ProtoSchema {
  if (text.length > MAX_TEXT) throw new BadSchemaError(`The .proto text is longer than ${MAX_TEXT} characters.`);
  try {
    const root = new protobuf.Root();
    const needed = new Set<string>();
    for (const each of [...imported, text]) for (const path of parseProtoText(each, root).imports ?? []) needed.add(path);
    addKnownFiles(root, needed);
    root.resolveAll();
    return new Reader(root, ownMessages(text));
  } catch (error) {
    if (error instanceof BadSchemaError) throw error;
    throw new BadSchemaError(`The .proto text cannot be read: ${(error as Error).message}.`);
  }
}

/** Full names of the file's messages, by positions joined with dots. As with Confluent's Java serialisers groups have none, wherever they stand. */
function ownMessages(text: string): ReadonlyMap<string, string> {
  const paths = new Map<string, string>();
  const count = new Map<string, number>();
  const pathOf = new Map<string, string>();
  for (const each of parseProtobuf(text).types.values()) {
    if (each.kind !== "message" || each.isGroup) continue;
    const { localName, fullName } = each;
    const dot = localName.lastIndexOf(".");
    const outer = dot < 0 ? "" : pathOf.get(localName.slice(0, dot));
    if (outer === undefined) continue;
    const position = count.get(outer) ?? 0;
    count.set(outer, position + 1);
    const path = outer === "" ? String(position) : `${outer}.${position}`;
    pathOf.set(localName, path);
    paths.set(path, fullName);
  }
  return paths;
}

class Reader implements ProtoSchema {
  readonly #root: protobuf.Root;
  readonly #own: ReadonlyMap<string, string>;
  readonly #known = new Map<protobuf.Type, MessageSchema>();

  constructor(root: protobuf.Root, own: ReadonlyMap<string, string>) {
    this.#root = root;
    this.#own = own;
  }

  messageAt(indexes: readonly number[]): MessageSchema {
    const name = this.#own.get(indexes.join("."));
    if (name === undefined) throw new BadSchemaError(`The .proto text has no message at position ${indexes.join(".")}.`);
    return this.#message(this.#root.lookupType(`.${parsedName(name)}`));
  }

  messages(): readonly MessageSchema[] {
    return [...this.#own.values()].map((name) => this.#message(this.#root.lookupType(`.${parsedName(name)}`)));
  }

  indexesOf(name: string): readonly number[] | undefined {
    for (const [path, each] of this.#own) if (each === name) return path.split(".").map(Number);
    return undefined;
  }

  #message(type: protobuf.Type): MessageSchema {
    const known = this.#known.get(type);
    if (known !== undefined) return known;
    const fields: FieldSchema[] = [];
    const message: MessageSchema = {
      kind: "message",
      name: realName(type.fullName.replace(/^\./, "")),
      fields,
      meta: metaOf(type.parsedOptions, "(confluent.message_meta)"),
    };
    this.#known.set(type, message);
    for (const field of type.fieldsArray) if (!field.name.startsWith(".")) fields.push(this.#field(field)); // "." is of an extension
    fields.sort((a, b) => a.number - b.number);
    return message;
  }

  /** A message with `option map_entry`, which is how descriptors say it, is that of a map, written out. */
  #field(field: protobuf.Field): FieldSchema {
    const own = this.#ownField(field);
    return field.resolvedType?.options?.["map_entry"] === true ? (asMap(own) ?? own) : own;
  }

  #ownField(field: protobuf.Field): FieldSchema {
    const { partOf } = field;
    const synthetic = partOf !== null && field.options?.["proto3_optional"] === true && partOf.oneof.length === 1;
    const shape = field.map ? "map" : field.repeated ? "repeated" : "one";
    return {
      name: realName(field.name),
      number: field.id,
      shape,
      value: this.#value(field),
      key: field instanceof protobuf.MapField ? (field.keyType as ProtoScalar) : undefined,
      presence: shape === "one" && (Boolean(field.hasPresence) || partOf !== null || field.resolvedType instanceof protobuf.Type),
      required: field.required,
      packed: field.packed,
      delimited: field.delimited,
      default: field.options?.["default"] === undefined ? undefined : defaultOf(field.typeDefault),
      oneof: partOf === null || synthetic ? undefined : realName(partOf.name),
      meta: metaOf(field.parsedOptions, "(confluent.field_meta)"),
    };
  }

  #value(field: protobuf.Field): ValueSchema {
    const { resolvedType, type } = field;
    if (resolvedType instanceof protobuf.Type) return this.#message(resolvedType);
    if (resolvedType instanceof protobuf.Enum) return enumOf(resolvedType);
    if (type === "string" && featuresOf(field)["utf8_validation"] === "NONE") return { kind: "scalar", scalar: "string", loose: true };
    if (SCALARS.has(type)) return { kind: "scalar", scalar: type as ProtoScalar };
    throw new BadSchemaError(`Field "${realName(field.name)}" has the type "${realName(type)}", which is not defined.`);
  }
}

function enumOf(of: protobuf.Enum): EnumSchema {
  const numbers = new Map(Object.entries(of.values).map(([name, number]) => [realName(name), number]));
  const names = new Map<number, string>();
  for (const [name, number] of numbers) if (!names.has(number)) names.set(number, name);
  return { kind: "enum", name: realName(of.fullName.replace(/^\./, "")), numbers, names, closed: featuresOf(of)["enum_type"] === "CLOSED" };
}

/** As the edition, the file and all around it say. */
function featuresOf(of: protobuf.ReflectionObject): Readonly<Record<string, unknown>> {
  return (of as unknown as { readonly _features?: Readonly<Record<string, unknown>> })._features ?? {};
}

/** Longs as bigints. */
function defaultOf(value: unknown): unknown {
  if (typeof value === "object" && value !== null && "low" in value && "high" in value) {
    const { low, high } = value as { readonly low: number; readonly high: number };
    return (BigInt(high) << 32n) | BigInt(low >>> 0);
  }
  return value;
}

function metaOf(options: readonly object[] | null | undefined, name: string): Meta {
  const found = (options ?? []).map((option) => (option as Readonly<Record<string, unknown>>)[name]).find((value) => value !== undefined);
  const params = (found as { readonly params?: unknown } | undefined)?.params;
  const meta = new Map<string, string>();
  for (const each of Array.isArray(params) ? params : []) {
    const { key, value } = (each ?? {}) as { readonly key?: unknown; readonly value?: unknown };
    if (typeof key === "string" && typeof value === "string") meta.set(key, value);
  }
  return meta;
}
