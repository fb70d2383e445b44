// The key of a topic's records: the text of a field, or a value with a schema of its own in the registry: a field, several fields as a record,
// or a type that is given. Frozen data; how it is written is in key-encoder.ts, how it is read in key-check.ts.
import { fieldColumns } from "../../schema/columns.ts";
import { schemaGiven } from "../../schema/foreign/foreign-schema.ts";
import type { AnySchema, TypeOf } from "../../schema/foreign/foreign-types.ts";
import { misfit } from "../../schema/misfit.ts";
import { fieldPath } from "../../schema/schema-error.ts";
import { schemaOf } from "../../schema/t.ts";
import type { Schema, TypeInfo } from "../../schema/type-info.ts";
import { badFormat, badStrategy, oneOf, type RegisteredFormat, type RegisteredPart, type SchemaOptions } from "./topic-format.ts";

/** What a key without a schema is: text (as UTF-8), or bytes. */
export type TextKey = string | Uint8Array;

export type KeyFormat = "text" | RegisteredFormat;

/** Names of the fields of `V` that can be a record key: always present, and a string, number, bigint or boolean. */
export type KeyField<V> = V extends string | number | bigint | boolean | null | undefined
  ? never
  : { readonly [F in keyof V]-?: [V[F]] extends [string | number | bigint | boolean] ? F : never }[keyof V] & string;

export interface KeyOptions<V, K = KeyField<V> | readonly KeyField<V>[], S = AnySchema, F extends KeyFormat = KeyFormat> {
  /**
   * The record key: the text of this field as UTF-8; with keyFormat its value, or a record of several fields. The murmur2 hash of its bytes
   * chooses the partition, as in every Kafka client.
   */
  readonly key?: K;
  /** With keyFormat: the key's type, instead of that of the fields. Those of a record are read from the row's fields of the same names. */
  readonly keyType?: S;
  /** How keys are written: "text" (default), or "avro", "protobuf" or "json-schema" with schemas of a registry, under the subject "<topic>-key". */
  readonly keyFormat?: F;
  /** With keyFormat: what is other for keys than `registry` says. */
  readonly keyRegistry?: SchemaOptions;
}

export type AnyKeyOptions = KeyOptions<unknown, unknown, unknown>;

/** What a key function of a sink gives, beside null. */
export type KeyOf<V, K, S, F> = [F] extends ["text"]
  ? TextKey
  : [S] extends [never]
    ? [K] extends [readonly (infer N)[]]
      ? Pick<V, N & keyof V>
      : [F] extends ["protobuf"]
        ? Pick<V, K & keyof V>
        : V[K & keyof V]
    : TypeOf<S>;

export interface TopicKey<out K = TextKey> {
  /** Records with equal keys keep their order (they share a partition). Undefined: records have no key, or one of `keySchema` alone. */
  readonly key: string | readonly string[] | undefined;
  /** Undefined: the key is text. */
  readonly keyFormat?: RegisteredFormat;
  /** With keyFormat: what a key is. */
  readonly keySchema?: Schema<K>;
  /** With keyFormat: `registry`, with what is other for keys. */
  readonly keyRegistry?: SchemaOptions;
}

/** How a row makes the key. */
export interface KeyParts {
  readonly type: TypeInfo;
  /** Fields of the row, in the order of the key's. */
  readonly fields: readonly string[];
  /** The key is a record of the fields; otherwise it is the value of the only one. */
  readonly isRecord: boolean;
}

const KEY_FORMATS: readonly string[] = ["text", "avro", "protobuf", "json-schema"] satisfies KeyFormat[];
const KEY_KINDS = new Set(["string", "literal", "decimal", "int", "long", "bigint", "double", "timestamp", "boolean"]);

export const KEY_OPTIONS = ["key", "keyType", "keyFormat", "keyRegistry"] satisfies (keyof KeyOptions<unknown>)[];

/** What is wrong with the options of a key; otherwise the key. */
export function topicKey(type: TypeInfo, options: AnyKeyOptions, registry: SchemaOptions | undefined): TopicKey<unknown> | string {
  const { key: given, keyFormat = "text", keyType, keyRegistry } = options;
  const key = given as string | readonly string[] | undefined;
  if (!KEY_FORMATS.includes(keyFormat)) return oneOf("keyFormat", KEY_FORMATS, keyFormat);
  const names = key === undefined ? [] : typeof key === "string" ? [key] : key;
  if (!Array.isArray(names) || new Set(names).size !== names.length || (key !== undefined && names.length === 0))
    return "key is the name of a field, or a list of different names";
  const wrong = names.map((name) => badKeyField(type, name)).find((problem) => problem !== undefined);
  if (wrong !== undefined) return wrong;
  if (keyFormat === "text") {
    if (keyType !== undefined) return 'keyType is for keyFormat: "avro", "protobuf" or "json-schema"';
    if (keyRegistry !== undefined) return 'keyRegistry is for keyFormat: "avro", "protobuf" or "json-schema"';
    return typeof key === "object" ? 'a key of several fields has a schema: keyFormat: "avro", "protobuf" or "json-schema"' : { key };
  }
  const schema = keyType === undefined ? ownKeySchema(type, key, names, keyFormat) : schemaGiven(keyType);
  if (schema === undefined)
    return keyType === undefined ? `keyFormat: "${keyFormat}" says how a key is written: which key? Say key or keyType` : "keyType is a schema, such as t.record(…)"; // prettier-ignore
  const ofKeys = keyRegistry === undefined ? registry : { ...registry, ...keyRegistry };
  return (
    badKeyType(type, key, names, schema.type) ??
    badFormat(keyFormat, keyRegistry, "keyRegistry") ??
    badStrategy(schema.type, ofKeys, "key") ??
    Object.freeze({
      key: typeof key === "object" ? Object.freeze([...key]) : key,
      keyFormat,
      keySchema: schema,
      ...(ofKeys === undefined ? {} : { keyRegistry: Object.freeze({ ...ofKeys }) }),
    })
  );
}

/** Undefined: rows do not have what the key's type is made of, and only a function can say it. */
export function keyParts(type: TypeInfo, { key, keySchema }: TopicKey<unknown>): KeyParts | undefined {
  if (keySchema === undefined) return undefined;
  const of = keySchema.type;
  const isRecord = of.kind === "record";
  const fields = isRecord ? of.fields.map(({ name }) => name) : typeof key === "string" ? [key] : [];
  const members = type.kind === "union" ? type.of : [type];
  const isThere = fields.length > 0 && fields.every((name) => members.every((member) => fieldOf(member, name) !== undefined));
  return isThere ? { type: of, fields, isRecord } : undefined;
}

/** What the registry keeps of a topic's keys; undefined: nothing. */
export function keyPart(topic: TopicKey<unknown> & { readonly name: string }): RegisteredPart | undefined {
  const { name, keySchema: schema, keyRegistry: registry } = topic;
  return schema === undefined ? undefined : { name, schema, part: "key", ...(registry === undefined ? {} : { registry }) };
}

/** Of one field its own type, which Protobuf has only inside a message; of several a record. */
function ownKeySchema(
  type: TypeInfo,
  key: string | readonly string[] | undefined,
  names: readonly string[],
  format: RegisteredFormat,
): Schema<unknown> | undefined {
  const record = type.kind === "union" ? type.of[0]! : type;
  const fields = names.map((name) => Object.freeze({ name, type: fieldOf(record, name)! }));
  if (fields.length === 0) return undefined;
  if (typeof key === "string" && format !== "protobuf") return schemaOf(fields[0]!.type);
  const name = type.kind === "record" ? `${type.name}Key` : "Key";
  return schemaOf({ kind: "record", name, fields: Object.freeze(fields) });
}

/** Each record of a union has the key field. */
function badKeyField(type: TypeInfo, name: string): string | undefined {
  if (type.kind === "union") return type.of.map((one) => badKeyField(one, name)).find((problem) => problem !== undefined);
  if (type.kind !== "record") return "only records have a key field";
  const field = fieldColumns(type).find((each) => each.name === name);
  if (field === undefined) return `${type.name} has no field "${String(name)}" that could be its key`;
  return field.optional || !KEY_KINDS.has(field.type!.kind)
    ? `field "${name}" cannot be the key: a key is always there, and a string, number, bigint or boolean`
    : undefined;
}

function badKeyType(
  type: TypeInfo,
  key: string | readonly string[] | undefined,
  names: readonly string[],
  keyType: TypeInfo,
): string | undefined {
  if (keyType.kind === "optional") return "a key that is not there is null, whatever keyType says: it is no optional type";
  if (keyType.kind === "record") {
    const own = keyType.fields.map(({ name }) => name);
    if (key !== undefined && (own.length !== names.length || !names.every((name) => own.includes(name))))
      return `keyType ${keyType.name} has the fields ${own.join(", ")}, and key says ${names.join(", ")}`;
  } else if (typeof key === "object") return "a key of several fields is a record: keyType is a t.record(…)";
  const wanted = keyType.kind === "record" ? keyType.fields : names.map((name) => ({ name, type: keyType }));
  for (const member of type.kind === "union" ? type.of : [type])
    for (const { name, type: to } of wanted) {
      const from = fieldOf(member, name);
      const found = from === undefined ? undefined : misfit(from, to);
      if (found !== undefined)
        return `keyType: ${fieldPath(name, found.path)} is ${found.from} in the topic's type, which is no ${found.to}`;
    }
  return undefined;
}

function fieldOf(type: TypeInfo, name: string): TypeInfo | undefined {
  return type.kind === "record" ? type.fields.find((field) => field.name === name)?.type : undefined;
}
