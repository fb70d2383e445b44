// A Protobuf message as the codec sees it: fields by number with what decides their bytes, types resolved, features of its edition applied.
// Plain data, cyclic where messages hold themselves. Made by read-proto-schema.ts.

export type ProtoScalar =
  | "double"
  | "float"
  | "int32"
  | "int64"
  | "uint32"
  | "uint64"
  | "sint32"
  | "sint64"
  | "fixed32"
  | "fixed64"
  | "sfixed32"
  | "sfixed64"
  | "bool"
  | "string"
  | "bytes";

export interface ScalarSchema {
  readonly kind: "scalar";
  readonly scalar: ProtoScalar;
  /** Of strings: others may write what is no UTF-8 (proto2, features.utf8_validation = NONE). */
  readonly loose?: boolean;
}

export interface EnumSchema {
  readonly kind: "enum";
  readonly name: string;
  readonly numbers: ReadonlyMap<string, number>;
  /** The first name of a number. */
  readonly names: ReadonlyMap<number, string>;
  /** proto2: numbers without a name are unknown fields. */
  readonly closed: boolean;
}

export interface MessageSchema {
  readonly kind: "message";
  /** In full, without a leading dot. */
  readonly name: string;
  /** By number. */
  readonly fields: readonly FieldSchema[];
  readonly meta: Meta;
}

export type ValueSchema = ScalarSchema | EnumSchema | MessageSchema;

export interface FieldSchema {
  readonly name: string;
  readonly number: number;
  readonly shape: "one" | "repeated" | "map";
  readonly value: ValueSchema;
  /** Of maps. */
  readonly key: ProtoScalar | undefined;
  /** Whether absent and default are told apart. */
  readonly presence: boolean;
  readonly required: boolean;
  /** How it is written; both are read. */
  readonly packed: boolean;
  /** A group: its end is marked, its length is not. */
  readonly delimited: boolean;
  /** proto2: what stands for an absent field; undefined: the zero of its type. Of an enum its number. */
  readonly default: unknown;
  /** A real one. */
  readonly oneof: string | undefined;
  readonly meta: Meta;
}

/** Parameters of confluent.field_meta and confluent.message_meta. */
export type Meta = ReadonlyMap<string, string>;

/** What a field or message is really called, where Protobuf's rules allow only another name. */
export const NAME_META = "millrace.name";
/** The type of a field, or of the items of a repeated one, that its scalar alone does not say; JSON. */
export const TYPE_META = "millrace.type";
/** The same of a map's keys. */
export const KEY_META = "millrace.key";
/** "true": a field that has presence, and is always there. */
export const REQUIRED_META = "millrace.required";
/** Of a message: it only stands around a value ("value") or around one of several ("union"). */
export const WRAPPER_META = "millrace.wrapper";

/** Confluent's and Flink's notes beside confluent.type.Decimal, google.protobuf.Timestamp and messages that are always there. */
export const PRECISION_META = "precision";
export const SCALE_META = "scale";
export const FLINK_PRECISION_META = "flink.precision";
export const FLINK_TYPE_META = "flink.type";
export const FLINK_REQUIRED_META = "flink.notNull";

export const TIMESTAMP = "google.protobuf.Timestamp";

const WRAPPED = new Set(
  "DoubleValue FloatValue Int64Value UInt64Value Int32Value UInt32Value BoolValue StringValue BytesValue"
    .split(" ")
    .map((name) => `google.protobuf.${name}`),
);

/** The field inside of a message that only stands around a value. */
export function wrapped(value: ValueSchema): FieldSchema | undefined {
  if (value.kind !== "message" || value.fields.length !== 1) return undefined;
  return WRAPPED.has(value.name) || value.meta.get(WRAPPER_META) === "value" ? value.fields[0] : undefined;
}

const KEYS: ReadonlySet<ProtoScalar> = new Set(
  "int32 int64 uint32 uint64 sint32 sint64 fixed32 fixed64 sfixed32 sfixed64 bool string".split(" ") as ProtoScalar[],
);

/** A repeated field as the map that its bytes are, where its messages are pairs of a key and a value; undefined: they are none. */
export function asMap(field: FieldSchema): FieldSchema | undefined {
  if (field.shape === "map") return field;
  if (field.shape !== "repeated" || field.delimited || field.value.kind !== "message" || field.value.fields.length !== 2) return undefined;
  const [key, value] = field.value.fields as readonly [FieldSchema, FieldSchema];
  const isPair = key.name === "key" && key.number === 1 && value.name === "value" && value.number === 2;
  if (!isPair || key.shape !== "one" || value.shape !== "one" || value.delimited) return undefined;
  if (key.value.kind !== "scalar" || !KEYS.has(key.value.scalar)) return undefined;
  return { ...field, shape: "map", key: key.value.scalar, value: value.value };
}

export function propertyName(field: FieldSchema): string {
  return field.meta.get(NAME_META) ?? field.name;
}

export function describeProto(value: ValueSchema): string {
  return value.kind === "scalar" ? value.scalar : `${value.kind} ${value.name}`;
}
