// Turns rows of a batch into record keys and values: from columns to bytes without an object in between when the rows have the topic's
// type, otherwise through the row's object, checked against the type.
import type { Batch } from "../../schema/batch.ts";
import type { Column } from "../../schema/column.ts";
import { fieldColumns, rowAt, valueAt } from "../../schema/columns.ts";
import { EncodeBuffer, encodeUtf8Into } from "../../schema/encode-buffer.ts";
import { fieldValue } from "../../schema/field-value.ts";
import { jsonEncoder, jsonValueEncoder } from "../../schema/json/encoder.ts";
import { checkValue } from "../../schema/mismatch.ts";
import { sameType } from "../../schema/type-names.ts";
import type { TypeInfo } from "../../schema/type-info.ts";
import { KeyEncoder } from "./key-encoder.ts";
import type { RegistryEncoding } from "./registry-encoding.ts";
import type { RecordParts } from "./record-parts.ts";
import type { Topic } from "./topic.ts";

const NOTHING = new Uint8Array(0);

/** Of values and keys whose schemas are in a registry; undefined: JSON, text. */
export interface TopicEncodings {
  readonly value?: RegistryEncoding | undefined;
  readonly key?: RegistryEncoding | undefined;
}

export class RecordEncoder {
  /** The value of the last encoded row is value.bytes[0, value.at). */
  readonly value = new EncodeBuffer(1024);
  /** The key of the last encoded row: keyBytes[keyStart, keyEnd); null: none. */
  keyBytes: Uint8Array | null = null;
  keyStart = 0;
  keyEnd = 0;
  /** What functions say of the last encoded row; undefined: there are none. */
  readonly parts: RecordParts | undefined;
  readonly #type: TypeInfo;
  readonly #keyName: string | undefined;
  readonly #keyIndex: number;
  /** Undefined: keys are text, or not of the row. */
  readonly #keys: KeyEncoder | undefined;
  readonly #keyBuffer = new EncodeBuffer(64);
  readonly #writeRow: (batch: Batch, row: number, out: EncodeBuffer) => void;
  readonly #writeValue: (value: unknown, out: EncodeBuffer) => void;
  readonly #prefix: Uint8Array;
  #lastType: TypeInfo | undefined;
  #columnar = false;

  constructor(topic: Topic<unknown, unknown>, parts?: RecordParts, encodings: TopicEncodings = {}) {
    this.parts = parts;
    this.#type = topic.schema.type;
    const { value, key } = encodings;
    const keys = key === undefined || parts?.hasKey === true ? undefined : new KeyEncoder(this.#type, topic, key);
    this.#keys = keys?.ofRow === true ? keys : undefined;
    this.#keyName = key === undefined ? (topic.key as string | undefined) : undefined;
    this.#keyIndex = this.#keyName === undefined ? -1 : fieldColumns(this.#type).findIndex((field) => field.name === this.#keyName);
    this.#prefix = value?.prefix ?? NOTHING;
    this.#writeRow = value?.row ?? jsonEncoder(this.#type);
    this.#writeValue = value?.value ?? jsonValueEncoder(this.#type);
  }

  /** Call before the rows of a batch. */
  begin(batch: Batch): void {
    if (batch.type !== this.#lastType || batch.type === undefined) {
      this.#lastType = batch.type;
      this.#columnar = sameType(batch.type, this.#type);
    }
    this.#keys?.begin(batch, this.#columnar);
  }

  /** Throws SchemaError when the row does not fit the topic's type or JSON. */
  encode(batch: Batch, row: number): void {
    this.#encodeRow(batch, row);
    const { parts } = this;
    if (parts === undefined) return;
    if (parts.seesRows) parts.of(rowAt(batch, row), this.keyBytes === null ? null : this.keyBytes.slice(this.keyStart, this.keyEnd));
    if (parts.hasKey) {
      this.keyBytes = parts.key;
      this.keyStart = 0;
      this.keyEnd = parts.key?.length ?? 0;
    }
    parts.tellKey(this.keyBytes !== null);
  }

  #encodeRow(batch: Batch, row: number): void {
    const { value } = this;
    value.bytes.set(this.#prefix, 0);
    value.at = this.#prefix.length;
    if (this.#columnar) {
      this.#writeRow(batch, row, value);
      if (this.#keyIndex >= 0) this.#keyOfColumn(batch.columns[this.#keyIndex]!, row);
      else if (this.#keyName !== undefined) this.#keyOfText(String(fieldValue(rowAt(batch, row) as object, this.#keyName)));
      else if (this.#keys !== undefined) this.#keyOfSchema(this.#keys, batch, row, undefined);
      return;
    }
    const object = rowAt(batch, row);
    checkValue(this.#type, object);
    this.#writeValue(object, value);
    if (this.#keyName !== undefined) this.#keyOfText(String(fieldValue(object as object, this.#keyName)));
    else if (this.#keys !== undefined) this.#keyOfSchema(this.#keys, batch, row, object);
  }

  /** `object`: the row, if it was made already. */
  #keyOfSchema(keys: KeyEncoder, batch: Batch, row: number, object: unknown): void {
    if (!keys.encodeRow(row)) keys.encodeObject((object ?? rowAt(batch, row)) as object);
    this.keyBytes = keys.out.bytes;
    this.keyStart = 0;
    this.keyEnd = keys.out.at;
  }

  #keyOfColumn(column: Column, row: number): void {
    if (column.kind === "string" && column.offsets !== undefined) {
      this.keyBytes = column.bytes!;
      this.keyStart = column.offsets[row]!;
      this.keyEnd = column.offsets[row + 1]!;
    } else this.#keyOfText(String(valueAt(column, row)));
  }

  #keyOfText(text: string): void {
    const buffer = this.#keyBuffer;
    buffer.at = 0;
    buffer.ensure(text.length * 3);
    this.keyBytes = buffer.bytes;
    this.keyStart = 0;
    this.keyEnd = encodeUtf8Into(text, buffer.bytes, 0);
  }
}
