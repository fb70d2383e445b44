// protobufjs' types of descriptors. It makes code to create, write and read them; where the platform disallows that, they get methods that do
// the same by walking their fields. Nothing else of protobufjs makes code here.
import protobuf from "protobufjs";
import descriptor from "protobufjs/ext/descriptor.js";
import { canGenerate } from "../code-generation.ts";

type Values = Record<string, unknown>;

/** Deeper messages are none that protoc makes. */
const MAX_DEPTH = 100;
const FIXED32 = new Set(["fixed32", "sfixed32", "float"]);
const FIXED64 = new Set(["fixed64", "sfixed64", "double"]);
let ready = false;

/** protobufjs' own, fit for use. */
export function descriptorTypes(): typeof descriptor {
  if (!ready && !canGenerate("auto")) visit(descriptor as unknown as protobuf.NamespaceBase);
  ready = true;
  return descriptor;
}

function visit(parent: protobuf.NamespaceBase): void {
  for (const each of parent.nestedArray) {
    if (each instanceof protobuf.Type) interpret(each);
    if (each instanceof protobuf.Namespace) visit(each);
  }
}

function interpret(type: protobuf.Type): void {
  // protobufjs makes what it takes for a constructor into one.
  function Made(this: Values, values?: Values): void {
    for (const field of type.fieldsArray) if (field.repeated) this[field.name] = [];
    for (const [name, value] of Object.entries(values ?? {})) if (value !== undefined && value !== null) this[name] = value;
  }
  type.ctor = Made as unknown as protobuf.Constructor<object>;
  const own = type as unknown as Record<string, unknown>;
  own["encode"] = (message: Values, writer = protobuf.Writer.create()) => encode(type, message, writer);
  own["decode"] = (bytes: Uint8Array) => decode(type, protobuf.Reader.create(bytes), bytes.length, 0);
  own["fromObject"] = (object: Values) => fromObject(type, object);
  own["toObject"] = (message: Values) => message;
}

function encode(type: protobuf.Type, message: Values, writer: protobuf.Writer): protobuf.Writer {
  for (const field of type.fieldsArray.toSorted((a, b) => a.id - b.id)) {
    const { resolvedType, id, type: name } = field.resolve();
    const value = Object.hasOwn(message, field.name) ? message[field.name] : undefined;
    if (value === undefined || value === null) continue;
    for (const each of field.repeated ? (value as readonly unknown[]) : [value]) {
      if (resolvedType instanceof protobuf.Type) encode(resolvedType, each as Values, writer.uint32((id << 3) | 2).fork()).ldelim();
      else if (resolvedType === null) scalar(writer.uint32((id << 3) | wireOf(name)), name)(each);
      else writer.uint32(id << 3).int32(each as number);
    }
  }
  return writer;
}

function scalar(writer: protobuf.Writer, name: string): (value: unknown) => unknown {
  return (writer as unknown as Record<string, (value: unknown) => unknown>)[name]!.bind(writer);
}

function wireOf(name: string): number {
  if (name === "string" || name === "bytes") return 2;
  return FIXED32.has(name) ? 5 : FIXED64.has(name) ? 1 : 0;
}

function decode(type: protobuf.Type, reader: protobuf.Reader, end: number, depth: number): Values {
  if (depth > MAX_DEPTH) throw new Error("it nests too deep");
  const message = new (type.ctor as unknown as new () => Values)();
  while (reader.pos < end) {
    const tag = reader.uint32();
    const field = Object.hasOwn(type.fieldsById, tag >>> 3) ? type.fieldsById[tag >>> 3] : undefined;
    if (field === undefined) {
      reader.skipType(tag & 7);
      continue;
    }
    const isPacked =
      field.repeated && (tag & 7) === 2 && !(field.resolve().resolvedType instanceof protobuf.Type) && wireOf(field.type) !== 2;
    const until = isPacked ? reader.uint32() + reader.pos : reader.pos + 1;
    while (reader.pos < until) {
      const value = readValue(field, reader, depth);
      if (field.repeated) (message[field.name] as unknown[]).push(value);
      else message[field.name] = value;
      if (!isPacked) break;
    }
  }
  return message;
}

function readValue(field: protobuf.Field, reader: protobuf.Reader, depth: number): unknown {
  const { resolvedType, type } = field.resolve();
  if (resolvedType instanceof protobuf.Type) return decode(resolvedType, reader, reader.uint32() + reader.pos, depth + 1);
  if (resolvedType !== null) return reader.int32();
  const value = (reader as unknown as Record<string, () => unknown>)[type]!.call(reader);
  return typeof value === "object" && value !== null && "low" in value ? Number(String(value)) : value;
}

/** Enums by name, as options have them. */
function fromObject(type: protobuf.Type, object: Values): Values {
  const message = new (type.ctor as unknown as new () => Values)();
  for (const field of type.fieldsArray) {
    const { resolvedType } = field.resolve();
    const given = Object.hasOwn(object, field.name) ? object[field.name] : undefined;
    if (given === undefined || given === null) continue;
    const of = (value: unknown): unknown => {
      if (resolvedType instanceof protobuf.Type) return fromObject(resolvedType, value as Values);
      return resolvedType !== null && typeof value === "string" ? resolvedType.values[value] : value;
    };
    message[field.name] = field.repeated ? (given as readonly unknown[]).map(of) : of(given);
  }
  return message;
}
