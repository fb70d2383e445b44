// A Protobuf message as a type. What a type cannot say is refused with its place: messages that hold themselves. Oneofs become optional
// fields, messages are optional unless noted otherwise, enums are their names.
import { BadSchemaError, fieldPath } from "../schema-error.ts";
import type { TypeInfo } from "../type-info.ts";
import { checkUnion } from "../union-variants.ts";
import { knownType } from "./known-messages.ts";
import { notedType, plainType, scalarOf } from "./leaf-type.ts";
import {
  FLINK_REQUIRED_META,
  KEY_META,
  NAME_META,
  propertyName,
  REQUIRED_META,
  TYPE_META,
  wrapped,
  WRAPPER_META,
  type FieldSchema,
  type MessageSchema,
  type Meta,
  type ProtoScalar,
  type ValueSchema,
} from "./proto-schema.ts";

/** A few messages that name each other twice would become a tree without end. */
const MAX_NODES = 20_000;

/** Throws BadSchemaError. */
export function protoToType(message: MessageSchema): TypeInfo {
  return new Reader().value(message, undefined, "");
}

class Reader {
  readonly #open = new Set<MessageSchema>();
  #nodes = 0;

  value(value: ValueSchema, meta: Meta | undefined, path: string): TypeInfo {
    if (++this.#nodes > MAX_NODES) throw bad(path, `the schema has more than ${MAX_NODES} parts when written out`);
    if (value.kind === "scalar") return leaf(value.scalar, meta?.get(TYPE_META));
    if (value.kind === "enum") return { kind: "literal", values: [...value.numbers.keys()] };
    const known = knownType(value.name, meta);
    if (known !== undefined) return known;
    const inside = wrapped(value);
    if (inside !== undefined) {
      const type = this.field(inside, path);
      return value.meta.has(WRAPPER_META) || type.kind === "optional" ? type : { kind: "optional", of: type };
    }
    if (this.#open.has(value)) throw bad(path, `message ${value.name} holds itself, which a type cannot`);
    this.#open.add(value);
    try {
      return value.meta.get(WRAPPER_META) === "union" ? this.#union(value, path) : this.#record(value, path);
    } finally {
      this.#open.delete(value);
    }
  }

  field(field: FieldSchema, path: string): TypeInfo {
    const of = this.value(field.value, field.meta, path);
    if (field.shape === "repeated") return { kind: "array", of };
    if (field.shape === "map") return { kind: "map", key: keyType(field), value: of };
    const always = [REQUIRED_META, FLINK_REQUIRED_META].some((key) => field.meta.get(key) === "true");
    return always || !field.presence || field.required || of.kind === "optional" ? of : { kind: "optional", of };
  }

  #record(message: MessageSchema, path: string): TypeInfo {
    const fields = message.fields.map((field) => {
      const name = propertyName(field);
      return { name, type: this.field(field, path === "" ? name : `${path}.${fieldPath(name, "")}`) };
    });
    const name = message.meta.get(NAME_META) ?? message.name;
    const duration = message.meta.get(TYPE_META) === "duration" ? ({ logical: "duration" } as const) : {};
    return { kind: "record", name, fields, ...duration };
  }

  #union(message: MessageSchema, path: string): TypeInfo {
    const of = message.fields.map((field) => this.value(field.value, field.meta, path));
    try {
      checkUnion(of);
    } catch (error) {
      throw bad(path, (error as Error).message.replace(/\.$/, ""));
    }
    return { kind: "union", of };
  }
}

function leaf(scalar: ProtoScalar, text: string | undefined): TypeInfo {
  const noted = notedType(text);
  return noted !== undefined && scalarOf(noted) === scalar ? noted : plainType(scalar);
}

function keyType(field: FieldSchema): TypeInfo {
  const noted = notedType(field.meta.get(KEY_META));
  return noted ?? plainType(field.key!);
}

function bad(path: string, reason: string): BadSchemaError {
  return new BadSchemaError(`The message has no counterpart as a type${path === "" ? "" : ` at ${path}`}: ${reason}.`);
}
