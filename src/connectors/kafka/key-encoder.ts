// Record keys that have a schema: from the columns of rows, from rows as objects, or from what a key function gives. Invariant: equal keys are
// equal bytes, so that they share a partition, also with what other clients write with the same schema.
import type { Batch } from "../../schema/batch.ts";
import { EncodeBuffer } from "../../schema/encode-buffer.ts";
import { fieldValue, setField } from "../../schema/field-value.ts";
import { checkValue } from "../../schema/mismatch.ts";
import { SchemaError } from "../../schema/schema-error.ts";
import { sameType } from "../../schema/type-names.ts";
import type { TypeInfo } from "../../schema/type-info.ts";
import type { RegistryEncoding } from "./registry-encoding.ts";
import { keyParts, type KeyParts, type TopicKey } from "./topic-key.ts";

export class KeyEncoder {
  /** The last key: out.bytes[0, out.at). */
  readonly out = new EncodeBuffer(64);
  readonly #type: TypeInfo;
  readonly #parts: KeyParts | undefined;
  /** Of the row's columns, in the key's order; undefined: keys are not written from columns. */
  readonly #columns: readonly number[] | undefined;
  readonly #encoding: RegistryEncoding;
  /** The key's columns of the batch that begin() was given. */
  #keys: Batch | undefined;

  /** `type`: of the rows. */
  constructor(type: TypeInfo, key: TopicKey<unknown>, encoding: RegistryEncoding) {
    this.#type = key.keySchema!.type;
    this.#parts = keyParts(type, key);
    this.#columns = this.#parts === undefined ? undefined : columnsOf(type, this.#parts);
    this.#encoding = encoding;
  }

  /** Rows make the key by themselves; otherwise a function must. */
  get ofRow(): boolean {
    return this.#parts !== undefined;
  }

  /** `columnar`: the batch is of the row type. */
  begin(batch: Batch, columnar: boolean): void {
    const columns = this.#columns;
    this.#keys =
      columns !== undefined && columnar
        ? { ...batch, type: this.#type, columns: columns.map((index) => batch.columns[index]!) }
        : undefined;
  }

  /** The key of a row that begin() was told of; false: the row must be given as an object. Throws SchemaError. */
  encodeRow(row: number): boolean {
    if (this.#keys === undefined) return false;
    const { out } = this;
    this.#start();
    try {
      this.#encoding.row(this.#keys, row, out);
    } catch (error) {
      throw ofKey(error);
    }
    return true;
  }

  /** Of a row as an object. Throws SchemaError. */
  encodeObject(row: object): void {
    const { fields, isRecord } = this.#parts!;
    if (!isRecord) return this.encode(fieldValue(row, fields[0]!));
    const key = {};
    for (const name of fields) setField(key, name, fieldValue(row, name));
    this.encode(key);
  }

  /** Throws SchemaError for what is no key. */
  encode(key: unknown): void {
    this.#start();
    try {
      checkValue(this.#type, key);
      this.#encoding.value(key, this.out);
    } catch (error) {
      throw ofKey(error);
    }
  }

  #start(): void {
    const { out } = this;
    const { prefix } = this.#encoding;
    out.at = 0;
    out.ensure(prefix.length);
    out.bytes.set(prefix, 0);
    out.at = prefix.length;
  }
}

/** Undefined: rows are no records, or hold other types than the key. */
function columnsOf(type: TypeInfo, parts: KeyParts): readonly number[] | undefined {
  if (type.kind !== "record") return undefined;
  const columns = parts.fields.map((name) => type.fields.findIndex((field) => field.name === name));
  const wanted = parts.type.kind === "record" && parts.isRecord ? parts.type.fields.map((field) => field.type) : [parts.type];
  return columns.every((column, index) => sameType(type.fields[column]!.type, wanted[index])) ? columns : undefined;
}

/** Tells the key's places from the value's. */
export function ofKey(error: unknown): unknown {
  if (!(error instanceof SchemaError)) return error;
  const { path, expected, got, at } = error;
  return new SchemaError({ path: path === "" ? "the key" : `the key's ${path}`, expected, got }, at);
}
