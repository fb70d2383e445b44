// Decides how a writer's message is read as a type: fields by name, numbers and forms as the writer has them. Scalars that were not written
// are their defaults; what has presence and is not there is undefined where the type is optional, and an error where it is not.
import { BadSchemaError, fieldPath, SchemaError } from "../schema-error.ts";
import type { TypeInfo } from "../type-info.ts";
import { typeName } from "../type-names.ts";
import { isKnownMessage, knownPlan } from "./known-messages.ts";
import { enumPlan, leafPlan } from "./read-leaf.ts";
import {
  asMap,
  describeProto,
  propertyName,
  wrapped,
  WRAPPER_META,
  type FieldSchema,
  type MessageSchema,
  type ValueSchema,
} from "./proto-schema.ts";
import type { ElementPlan, FieldPlan, LeafPlan, MessagePlan, SlotPlan } from "./read-plan.ts";

const nothing = (): undefined => undefined;

/** Throws BadSchemaError with a path when the type cannot be read from the message. */
export function resolveProto(writer: MessageSchema, type: TypeInfo): MessagePlan {
  if (type.kind === "record") return recordPlan(type, writer, "");
  const plan = elementPlan(type, writer, "");
  if (plan?.op === "message") return plan;
  throw refuse("", type, writer);
}

function refuse(path: string, type: TypeInfo, writer: ValueSchema, more = ""): BadSchemaError {
  return new BadSchemaError(
    `${path === "" ? "" : `${path}: `}${typeName(type)} cannot be read from ${describeProto(writer)}${more === "" ? "" : ` ${more}`}.`,
  );
}

/** undefined: the type has no such values. Throws BadSchemaError for what lies deeper. */
function elementPlan(type: TypeInfo, writer: ValueSchema, path: string): ElementPlan | undefined {
  if (writer.kind === "scalar") return leafPlan(bare(type), writer.scalar, writer.loose);
  if (writer.kind === "enum") return enumPlan(bare(type), writer);
  if (isKnownMessage(writer.name) && bare(type).kind !== "record") return knownPlan(writer.name, bare(type));
  const inside = wrapped(writer);
  if (inside !== undefined && (writer.meta.has(WRAPPER_META) ? type : bare(type)).kind !== "record")
    return wrapperPlan(type, writer, inside, path);
  if (type.kind === "optional") return elementPlan(type.of, writer, path);
  if (type.kind === "record") return recordPlan(type, writer, path);
  return type.kind === "union" ? unionPlan(type, writer, path) : undefined;
}

function bare(type: TypeInfo): TypeInfo {
  return type.kind === "optional" ? type.of : type;
}

/** A message with one field, whose value it is. */
function wrapperPlan(type: TypeInfo, writer: MessageSchema, inside: FieldSchema, path: string): MessagePlan {
  const of = writer.meta.has(WRAPPER_META) ? type : bare(type);
  const field = fieldPlan(of, inside, 0, path);
  const slot: SlotPlan = { name: "value", absent: absence(of, inside) };
  return { op: "message", name: typeName(type), slots: [slot], fields: new Map([[inside.number, field]]), make: (values) => values[0] };
}

function unionPlan(type: TypeInfo & { readonly kind: "union" }, writer: MessageSchema, path: string): MessagePlan | undefined {
  if (writer.meta.get(WRAPPER_META) !== "union") return undefined;
  const fields = new Map<number, FieldPlan>();
  for (const field of writer.fields) {
    const member = type.of.find((each) => isNamed(each, field.value)) ?? type.of.find((each) => tryElement(each, field.value, path));
    if (member !== undefined) fields.set(field.number, { ...fieldPlan(member, field, 0, path), name: "" });
  }
  const expected = typeName(type);
  const absent = (): never => {
    throw new SchemaError({ path: "", expected, got: "none of them, or one that the type does not have" });
  };
  return { op: "message", name: expected, slots: [{ name: "", absent }], fields, make: (values) => values[0] };
}

function isNamed(type: TypeInfo, value: ValueSchema): boolean {
  return type.kind === "record" && value.kind === "message" && shortName(type.name) === shortName(value.name);
}

function shortName(name: string): string {
  return name.slice(name.lastIndexOf(".") + 1);
}

function tryElement(type: TypeInfo, value: ValueSchema, path: string): boolean {
  try {
    return elementPlan(type, value, path) !== undefined;
  } catch (error) {
    if (error instanceof BadSchemaError) return false;
    throw error;
  }
}

function recordPlan(type: TypeInfo & { readonly kind: "record" }, writer: MessageSchema, path: string): MessagePlan {
  const byName = new Map(writer.fields.map((field) => [propertyName(field), field]));
  const fields = new Map<number, FieldPlan>();
  const oneofs = new Map<string, number[]>();
  const slots = type.fields.map(({ name, type: of }, slot): SlotPlan => {
    const field = byName.get(name);
    const at = path === "" ? fieldPath(name, "") : `${path}.${fieldPath(name, "")}`;
    if (field === undefined) return { name, absent: missing(of, writer, at) };
    const clears: number[] = field.oneof === undefined ? [] : (oneofs.get(field.oneof) ?? []);
    if (field.oneof !== undefined) oneofs.set(field.oneof, clears);
    clears.push(slot);
    fields.set(field.number, { ...fieldPlan(of, field, slot, at), clears });
    return { name, absent: absence(of, field) };
  });
  return { op: "message", name: type.name, slots, fields, make: undefined };
}

/** The writer has no such field: as with one of its own that it never wrote. */
function missing(type: TypeInfo, writer: MessageSchema, path: string): () => unknown {
  if (type.kind === "optional") return nothing;
  if (type.kind === "array") return () => [];
  if (type.kind === "map") return () => new Map();
  throw new BadSchemaError(`${path}: message ${writer.name} has no such field, and the type is not t.optional(…).`);
}

function fieldPlan(type: TypeInfo, given: FieldSchema, slot: number, path: string): FieldPlan {
  const field = (bare(type).kind === "map" ? asMap(given) : undefined) ?? given;
  const { number, shape, delimited, value } = field;
  const name = propertyName(field);
  const common = { number, slot, name, shape, delimited, clears: [], key: undefined, zeroKey: undefined, zero: nothing };
  if (shape === "one") {
    const element = elementPlan(type, value, path);
    if (element === undefined) throw refuse(path, type, value);
    return { ...common, element };
  }
  const of = bare(type);
  if (shape === "repeated") {
    const element = of.kind === "array" ? elementPlan(of.of, value, `${path}[]`) : undefined;
    if (element === undefined) throw refuse(path, type, value, "that is repeated");
    return { ...common, element };
  }
  const element = of.kind === "map" ? elementPlan(of.value, value, `${path}[]`) : undefined;
  const key = of.kind === "map" ? (leafPlan(of.key, field.key!) as LeafPlan | undefined) : undefined;
  if (of.kind !== "map" || element === undefined || key === undefined) throw refuse(path, type, value, `by ${field.key}`);
  return { ...common, element, key, zeroKey: zeroOf(of.key), zero: zeroElement(of.value, value, element) };
}

/** The value of an entry that was not written. */
function zeroElement(type: TypeInfo, value: ValueSchema, element: ElementPlan): () => unknown {
  if (element.op === "message") return () => emptyMessage(element);
  const zero = defaultValue(bare(type), undefined, value);
  return () => copyOf(zero);
}

/** What a message without any field is. Throws SchemaError. */
export function emptyMessage(plan: MessagePlan): unknown {
  const values = plan.slots.map(({ absent }) => absent());
  return plan.make === undefined ? Object.fromEntries(plan.slots.map(({ name }, slot) => [name, values[slot]])) : plan.make(values);
}

/** What a field is when it was not written. */
function absence(type: TypeInfo, field: FieldSchema): () => unknown {
  const of = bare(type);
  if (field.shape === "repeated") return of.kind === "map" ? () => new Map() : () => [];
  if (field.shape === "map") return () => new Map();
  if (type.kind === "optional" && field.presence) return nothing;
  const expected = typeName(of);
  const lacking = (): never => {
    throw new SchemaError({ path: "", expected, got: "nothing" });
  };
  if (field.value.kind === "message" || field.required) return lacking;
  const value = defaultValue(of, field.default, field.value);
  return value === undefined ? lacking : () => copyOf(value);
}

/** Nobody shares an array of bytes. */
function copyOf(value: unknown): unknown {
  return value instanceof Uint8Array ? value.slice() : value;
}

/** undefined: the type has no such value. */
function defaultValue(type: TypeInfo, given: unknown, writer: ValueSchema): unknown {
  if (writer.kind === "enum") {
    const number = typeof given === "number" ? given : writer.closed ? writer.names.keys().next().value! : 0;
    if (type.kind === "int" || type.kind === "long" || type.kind === "double") return number;
    const name = writer.names.get(number);
    return name !== undefined && type.kind === "literal" && !type.values.includes(name) ? undefined : name;
  }
  if (given === undefined) return zeroOf(type);
  if (type.kind === "bigint") return BigInt(given as number | bigint);
  if (typeof given === "bigint") return Number.isSafeInteger(Number(given)) ? Number(given) : undefined;
  if (type.kind === "bytes") return Uint8Array.from(given as Uint8Array);
  if (type.kind === "literal") return type.values.includes(given as string) ? given : undefined;
  return given;
}

/** The zero of a scalar as a value of the type. */
function zeroOf(type: TypeInfo): unknown {
  switch (type.kind) {
    case "string":
      return "";
    case "boolean":
      return false;
    case "bigint":
      return 0n;
    case "decimal":
      return type.scale === 0 ? "0" : `0.${"0".repeat(type.scale)}`;
    case "bytes":
      return type.size === undefined ? new Uint8Array(0) : undefined;
    case "literal":
      return type.values.includes("") ? "" : undefined;
    case "int":
    case "long":
    case "double":
    case "timestamp":
      return 0;
    default:
      return undefined;
  }
}
