// One Protobuf scalar as a value of a type: which pairs there are, and the checks that a narrower type needs.
import { rescale } from "../avro/decimal-bytes.ts";
import { isDecimal } from "../mismatch.ts";
import type { TypeInfo } from "../type-info.ts";
import { typeName } from "../type-names.ts";
import { WIRE, type ProtoCursor } from "./proto-cursor.ts";
import type { EnumSchema, ProtoScalar } from "./proto-schema.ts";
import type { LeafPlan, PlainRead } from "./read-plan.ts";

export function wireOf(scalar: ProtoScalar): number {
  switch (scalar) {
    case "double":
    case "fixed64":
    case "sfixed64":
      return WIRE.fixed64;
    case "float":
    case "fixed32":
    case "sfixed32":
      return WIRE.fixed32;
    case "string":
    case "bytes":
      return WIRE.bytes;
    default:
      return WIRE.varint;
  }
}

type Read = LeafPlan["read"];

/** undefined: the type has no such values. `loose`: bytes of a text that are no UTF-8 are read as U+FFFD, as Protobuf's own readers do. */
export function leafPlan(type: TypeInfo, scalar: ProtoScalar, loose = false): LeafPlan | undefined {
  const wire = wireOf(scalar);
  const found = (read: Read | undefined, plain?: PlainRead): LeafPlan | undefined =>
    read === undefined ? undefined : { op: "leaf", wire, read, plain };
  switch (type.kind) {
    case "string":
      return scalar === "string" ? found(loose ? (cursor) => cursor.looseText() : (cursor) => cursor.text(), "text") : undefined;
    case "literal":
      return scalar === "string" ? { op: "leaf", wire, read: literal(type), plain: undefined, allowed: new Set(type.values) } : undefined;
    case "decimal":
      return scalar === "string" ? found(decimal(type)) : undefined;
    case "boolean":
      return scalar === "bool" ? found((cursor) => cursor.bool(), "bool") : undefined;
    case "bytes":
      return scalar === "bytes" ? found(bytes(type, type.size)) : undefined;
    case "double":
      if (scalar === "double") return found((cursor) => cursor.double(), "double");
      if (scalar === "float") return found((cursor) => cursor.float(), "float");
      return found(integer(scalar));
    case "long":
    case "timestamp":
      return found(integer(scalar), scalar === "int64" ? "long" : narrow(scalar));
    case "int":
      return narrow(scalar) === undefined ? found(checked(integer(scalar))) : found(integer(scalar), narrow(scalar));
    case "bigint":
      return found(big(scalar));
    default:
      return undefined;
  }
}

function narrow(scalar: ProtoScalar): PlainRead | undefined {
  return scalar === "int32" || scalar === "sint32" ? scalar : undefined;
}

/** As a number. */
function integer(scalar: ProtoScalar): Read | undefined {
  switch (scalar) {
    case "int32":
    case "uint32":
    case "sint32":
      return (cursor) => cursor[scalar]();
    case "fixed32":
      return (cursor) => cursor.fixed32();
    case "sfixed32":
      return (cursor) => cursor.fixed32() | 0;
    case "int64":
      return (cursor) => cursor.int64();
    default: {
      const bits = bitsOf(scalar);
      const signed = scalar !== "uint64" && scalar !== "fixed64";
      return bits === undefined ? undefined : (cursor) => (bits(cursor), cursor.safe(signed));
    }
  }
}

function big(scalar: ProtoScalar): Read | undefined {
  const bits = bitsOf(scalar);
  const signed = scalar !== "uint64" && scalar !== "fixed64";
  if (bits !== undefined) return (cursor) => (bits(cursor), cursor.big(signed));
  const read = integer(scalar);
  return read === undefined ? undefined : (cursor) => BigInt(read(cursor) as number);
}

function bitsOf(scalar: ProtoScalar): ((cursor: ProtoCursor) => void) | undefined {
  switch (scalar) {
    case "int64":
    case "uint64":
      return (cursor) => cursor.varint();
    case "sint64":
      return (cursor) => {
        cursor.varint();
        cursor.unzigzag();
      };
    case "fixed64":
    case "sfixed64":
      return (cursor) => cursor.fixed64Bits();
    default:
      return undefined;
  }
}

function checked(read: Read | undefined): Read | undefined {
  if (read === undefined) return undefined;
  return (cursor) => {
    const value = read(cursor) as number;
    return value === (value | 0) ? value : cursor.fail("int", "an integer beyond 32 bits");
  };
}

function literal(type: TypeInfo & { readonly kind: "literal" }): Read {
  const values = new Set(type.values);
  return (cursor) => {
    const text = cursor.text();
    return values.has(text) ? text : cursor.fail(typeName(type), "another text");
  };
}

function decimal(type: TypeInfo & { readonly kind: "decimal" }): Read {
  const { precision, scale } = type;
  return (cursor) => {
    const text = cursor.text();
    if (!isDecimal(text, precision, scale)) cursor.fail(typeName(type), "another text");
    return rescale(text, scale);
  };
}

function bytes(type: TypeInfo, size: number | undefined): Read {
  return (cursor) => {
    const length = cursor.size();
    if (size !== undefined && length !== size) cursor.fail(typeName(type), `${length} bytes`);
    return cursor.fixed(length);
  };
}

/** An enum as its name or its number. undefined: the type has no such values. */
export function enumPlan(type: TypeInfo, of: EnumSchema): LeafPlan | undefined {
  const { names, closed, name } = of;
  const leaf = (read: Read): LeafPlan => ({ op: "leaf", wire: WIRE.varint, read, plain: undefined });
  switch (type.kind) {
    case "string":
      // An open enum may gain names: a number without one is a value, and as text its digits, as in Protobuf's JSON.
      return leaf((cursor) => {
        const number = cursor.int32();
        return names.get(number) ?? (closed ? undefined : String(number));
      });
    case "literal": {
      const values = new Set(type.values);
      return leaf((cursor) => {
        const number = cursor.int32();
        const found = names.get(number);
        if (found === undefined) return closed ? undefined : cursor.fail(`enum ${name}`, `${number}, which has no name`);
        return values.has(found) ? found : cursor.fail(typeName(type), "another name of the enum");
      });
    }
    case "int":
    case "long":
    case "double":
      return leaf((cursor) => {
        const number = cursor.int32();
        return closed && !names.has(number) ? undefined : number;
      });
    default:
      return undefined;
  }
}
