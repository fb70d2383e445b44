// Values that are records of several kinds, under subjects named after records: each kind has its own subject and schema, and a value is written
// with its kind's, as Confluent's serialisers do with the record that they are given (RecordNameStrategy, TopicRecordNameStrategy).
import type { RecordHeader } from "../../protocol/records/batch-writer.ts";
import { valueAt } from "../../schema/columns.ts";
import type { EncodeBuffer } from "../../schema/encode-buffer.ts";
import { describeValue, SchemaError } from "../../schema/schema-error.ts";
import { schemaOf } from "../../schema/t.ts";
import type { TypeInfo } from "../../schema/type-info.ts";
import { typeName } from "../../schema/type-names.ts";
import { variantOfValue } from "../../schema/union-variants.ts";
import type { RegistryEncoding } from "./registry-encoding.ts";
import type { RegisteredPart } from "./topic-format.ts";

type UnionType = TypeInfo & { readonly kind: "union" };

/** Parts with a subject each, in the order of the union's members; a part that has one subject is the only one. */
export function partsOf<P extends RegisteredPart>(part: P): readonly P[] {
  const { schema, registry } = part;
  if (schema.type.kind !== "union" || (registry?.subject ?? "topic") === "topic") return [part];
  return schema.type.of.map((member) => ({ ...part, schema: schemaOf(member) }));
}

/** Encodings of the union's members as one: what is written last says which header it has. */
export class UnionEncoding implements RegistryEncoding {
  readonly prefix = new Uint8Array(0);
  readonly header: undefined;
  readonly row: RegistryEncoding["row"] = (batch, row, out) => this.value(valueAt(batch.columns[0]!, row), out);
  readonly #type: UnionType;
  readonly #members: readonly RegistryEncoding[];
  #last: RegistryEncoding;

  constructor(type: UnionType, members: readonly RegistryEncoding[]) {
    this.#type = type;
    this.#members = members;
    this.#last = members[0]!;
  }

  /** Of the value that was written last. */
  readonly headerNow = (): RecordHeader | undefined => this.#last.header;

  readonly value = (value: unknown, out: EncodeBuffer): void => {
    const member = this.#members[variantOfValue(this.#type, value)];
    if (member === undefined) throw new SchemaError({ path: "", expected: typeName(this.#type), got: describeValue(value) });
    const { prefix } = member;
    const { at } = out;
    out.ensure(prefix.length);
    out.bytes.set(prefix, at);
    out.at = at + prefix.length;
    try {
      member.value(value, out);
    } catch (error) {
      out.at = at;
      throw error;
    }
    this.#last = member;
  };
}
