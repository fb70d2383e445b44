// Documents that are scalars, of other writers too, in columns: generated code gives what the interpreter gives, rows and errors.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { BatchBuilder } from "../batch-builder.ts";
import { rowAt } from "../columns.ts";
import { EncodeBuffer } from "../encode-buffer.ts";
import { scalarType, valueOf } from "../fixtures/arbitrary-types.ts";
import { BadSchemaError, SchemaError } from "../schema-error.ts";
import type { TypeInfo } from "../type-info.ts";
import { avroDecoder, type AvroDecoder } from "./decoder.ts";
import { avroEncoder } from "./encoder.ts";
import { typeToAvro } from "./type-to-avro.ts";

const seed = process.env["MILLRACE_SEED"] === undefined ? {} : { seed: Number(process.env["MILLRACE_SEED"]) };

const drawn = fc
  .record({ type: scalarType, writer: scalarType, same: fc.boolean() })
  .chain(({ type: { type }, writer: { type: other }, same }) =>
    fc.record({
      type: fc.constant(type),
      writer: fc.constant(same ? type : other),
      values: fc.array(valueOf(same ? type : other), { minLength: 1, maxLength: 5 }),
      spoil: fc.array(fc.option(fc.record({ at: fc.nat(9), byte: fc.nat(255), cut: fc.boolean() }), { nil: undefined }), {
        minLength: 5,
        maxLength: 5,
      }),
    }),
  );

function rowsOf(type: TypeInfo, decoder: AvroDecoder, documents: readonly Uint8Array[]): unknown[] {
  const builder = new BatchBuilder(type, documents.length, "bytes");
  const errors = documents.map((document) => {
    const padded = Uint8Array.of(7, 7, ...document, 7);
    try {
      decoder.decodeInto(builder, padded, 2, padded.length - 1, 3);
      return "";
    } catch (error) {
      assert.ok(error instanceof SchemaError, String((error as Error).stack));
      return error.message;
    }
  });
  const batch = builder.finish();
  return [errors, Array.from({ length: batch.rows }, (_, row) => [rowAt(batch, row), batch.timestamps[row]])];
}

test("generated code and interpreter read the same", () => {
  fc.assert(
    fc.property(drawn, ({ type, writer, values, spoil }) => {
      let decoders;
      try {
        decoders = (["auto", "off"] as const).map((codegen) => avroDecoder(type, typeToAvro(writer), { codegen }));
      } catch (error) {
        assert.ok(error instanceof BadSchemaError);
        return;
      }
      const encoder = avroEncoder(writer);
      const documents = values.map((value, index) => {
        const out = new EncodeBuffer(16);
        encoder.value(value, out);
        const bytes = out.copy();
        const { at, byte, cut } = spoil[index] ?? { at: -1, byte: 0, cut: false };
        if (at >= 0 && at < bytes.length) bytes[at] = byte;
        return cut ? bytes.subarray(0, at) : bytes;
      });
      const [generated, interpreted] = decoders.map((decoder) => rowsOf(type, decoder, documents));
      assert.deepEqual(generated, interpreted);
      if (type === writer && spoil.slice(0, values.length).every((one) => one === undefined))
        assert.deepEqual(generated, [values.map(() => ""), values.map((value) => [value, 3])]);
    }),
    { numRuns: 500, ...seed },
  );
});
