// How values of a type become bytes of a message: fields in the order of their numbers. Decided once; what a message has no room for is
// refused then, not when a value comes.
import { EncodeBuffer } from "../encode-buffer.ts";
import { BadSchemaError, fieldPath } from "../schema-error.ts";
import type { TypeInfo } from "../type-info.ts";
import { typeName } from "../type-names.ts";
import { jsonShape } from "../union-variants.ts";
import { unitsPerSecond } from "./instant.ts";
import { knownWriter } from "./known-messages.ts";
import { WIRE } from "./proto-cursor.ts";
import {
  asMap,
  describeProto,
  propertyName,
  TIMESTAMP,
  wrapped,
  WRAPPER_META,
  type FieldSchema,
  type MessageSchema,
  type ProtoScalar,
  type ValueSchema,
} from "./proto-schema.ts";
import { leafPlan, wireOf } from "./read-leaf.ts";

export type WriteElement =
  | { readonly op: "leaf"; readonly wire: number; readonly scalar: ProtoScalar; readonly type: TypeInfo }
  | { readonly op: "enum"; readonly wire: number; readonly numbers: ReadonlyMap<string, number>; readonly type: TypeInfo }
  | { readonly op: "instant"; readonly wire: number; readonly units: number; readonly type: TypeInfo }
  /** Another message that stands for one value: what `write` appends for one that fits the type. */
  | { readonly op: "known"; readonly wire: number; readonly write: (out: EncodeBuffer, value: unknown) => void; readonly type: TypeInfo }
  /** A message around one value. */
  | { readonly op: "wrapper"; readonly wire: number; readonly field: WriteField; readonly type: TypeInfo }
  /** By the member of the union. */
  | {
      readonly op: "union";
      readonly wire: number;
      readonly fields: readonly WriteField[];
      readonly type: TypeInfo & { readonly kind: "union" };
    }
  | { readonly op: "record"; readonly wire: number; readonly fields: readonly WriteField[]; readonly type: TypeInfo };

export interface WriteField {
  /** The property, and the column. */
  readonly name: string;
  readonly slot: number;
  readonly number: number;
  readonly tag: Uint8Array;
  /** The mark at the end of a group. */
  readonly endTag: Uint8Array | undefined;
  readonly shape: "one" | "repeated" | "map";
  readonly element: WriteElement;
  readonly key: (WriteElement & { readonly op: "leaf" }) | undefined;
  /** undefined is allowed, and not written. */
  readonly optional: boolean;
  /** The zero of its type is not written. */
  readonly implicit: boolean;
  readonly packed: boolean;
  readonly type: TypeInfo;
}

/** Throws BadSchemaError with a path when values of the type, or parts of them, have no place in the message. */
export function writePlan(type: TypeInfo, message: MessageSchema): WriteElement {
  const plan = elementOf(type, message, "");
  if (plan.op === "leaf" || plan.op === "enum") throw refuse("", type, message);
  return plan;
}

function refuse(path: string, type: TypeInfo, value: ValueSchema, more = ""): BadSchemaError {
  return new BadSchemaError(`${path === "" ? "" : `${path}: `}${typeName(type)} cannot be written as ${describeProto(value)}${more}.`);
}

function bare(type: TypeInfo): TypeInfo {
  return type.kind === "optional" ? type.of : type;
}

function elementOf(type: TypeInfo, value: ValueSchema, path: string): WriteElement {
  if (value.kind === "scalar") {
    if (type.kind === "optional" || leafPlan(type, value.scalar) === undefined) throw refuse(path, type, value);
    return { op: "leaf", wire: wireOf(value.scalar), scalar: value.scalar, type };
  }
  if (value.kind === "enum") {
    if (type.kind !== "literal") throw refuse(path, type, value);
    const unknown = type.values.find((each) => !value.numbers.has(each));
    if (unknown !== undefined) throw refuse(path, type, value, `, which has no "${unknown}"`);
    return { op: "enum", wire: WIRE.varint, numbers: value.numbers, type };
  }
  const wire = WIRE.bytes;
  const units = value.name === TIMESTAMP ? unitsPerSecond(type) : undefined;
  if (units !== undefined) return { op: "instant", wire, units, type };
  const write = knownWriter(value.name, type);
  if (write !== undefined) return { op: "known", wire, write, type };
  const inside = wrapped(value);
  if (inside !== undefined && type.kind !== "record") {
    const of = value.meta.has(WRAPPER_META) ? type : bare(type);
    return { op: "wrapper", wire, field: fieldOf("value", 0, of, inside, path), type };
  }
  if (type.kind === "record") return { op: "record", wire, fields: recordFields(type, value, path), type };
  if (type.kind !== "union" || value.meta.get(WRAPPER_META) !== "union") throw refuse(path, type, value);
  return { op: "union", wire, fields: type.of.map((member) => memberField(member, value, path)), type };
}

function memberField(member: TypeInfo, union: MessageSchema, path: string): WriteField {
  const named = union.fields.filter(
    ({ value }) => value.kind === "message" && member.kind === "record" && member.name.split(".").at(-1) === value.name.split(".").at(-1),
  );
  for (const field of [...named, ...union.fields]) {
    try {
      return fieldOf("", 0, member, field, path);
    } catch (error) {
      if (!(error instanceof BadSchemaError)) throw error;
    }
  }
  throw refuse(path, member, union, `, a union without such a ${jsonShape(member)}`);
}

function recordFields(type: TypeInfo & { readonly kind: "record" }, message: MessageSchema, path: string): readonly WriteField[] {
  const byName = new Map(message.fields.map((field) => [propertyName(field), field]));
  const fields = type.fields.map(({ name, type: of }, slot) => {
    const at = path === "" ? fieldPath(name, "") : `${path}.${fieldPath(name, "")}`;
    const field = byName.get(name);
    if (field === undefined) throw new BadSchemaError(`${at}: message ${message.name} has no such field, so it would be lost.`);
    return fieldOf(name, slot, of, field, at);
  });
  const lacking = message.fields.find((field) => field.required && !type.fields.some(({ name }) => name === propertyName(field)));
  if (lacking !== undefined)
    throw new BadSchemaError(`Message ${message.name} requires "${lacking.name}", which ${type.name} does not have.`);
  return fields.sort((a, b) => a.number - b.number);
}

function fieldOf(name: string, slot: number, type: TypeInfo, given: FieldSchema, path: string): WriteField {
  const field = (bare(type).kind === "map" ? asMap(given) : undefined) ?? given;
  const { shape, value, number, presence, required, delimited } = field;
  const of = bare(type);
  if (required && type.kind === "optional") throw refuse(path, type, value, " that is required");
  const common = { name, slot, number, shape, key: undefined, optional: type.kind === "optional", endTag: undefined, packed: false, type };
  if (shape === "one") {
    const element = elementOf(of, value, path);
    const wire = delimited && value.kind === "message" ? WIRE.group : element.wire;
    const endTag = wire === WIRE.group ? tagOf(number, WIRE.endGroup) : undefined;
    return { ...common, element, tag: tagOf(number, wire), endTag, implicit: !presence && !required };
  }
  if (shape === "repeated") {
    if (of.kind !== "array") throw refuse(path, type, value, " that is repeated");
    const element = elementOf(of.of, value, `${path}[]`);
    const packed = field.packed && element.wire !== WIRE.bytes;
    const wire = packed ? WIRE.bytes : delimited && value.kind === "message" ? WIRE.group : element.wire;
    const endTag = wire === WIRE.group ? tagOf(number, WIRE.endGroup) : undefined;
    return { ...common, element, packed, tag: tagOf(number, wire), endTag, implicit: true };
  }
  if (of.kind !== "map") throw refuse(path, type, value, " in a map");
  const element = elementOf(of.value, value, `${path}[]`);
  const key = elementOf(of.key, { kind: "scalar", scalar: field.key! }, `${path}[]`) as WriteField["key"];
  return { ...common, element, key, tag: tagOf(number, WIRE.bytes), implicit: true };
}

function tagOf(number: number, wire: number): Uint8Array {
  const out = new EncodeBuffer(5);
  let bits = ((number << 3) | wire) >>> 0;
  for (; bits > 0x7f; bits >>>= 7) out.bytes[out.at++] = (bits & 0x7f) | 0x80;
  out.bytes[out.at++] = bits;
  return out.copy();
}
