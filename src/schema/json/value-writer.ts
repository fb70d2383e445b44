// Writes a JS value of a type as JSON: a tree of closures made once per type. Checks as it writes: what does not fit, and what JSON
// cannot hold (NaN, infinities), is a SchemaError. Absent optional fields are left out.
import type { EncodeBuffer } from "../encode-buffer.ts";
import { fieldValue } from "../field-value.ts";
import { fitsScalar, indexPath, MAX_DEPTH, mismatchOf, wrong } from "../mismatch.ts";
import { fieldPath, SchemaError } from "../schema-error.ts";
import type { TypeInfo } from "../type-info.ts";
import { hasTextKeys, variantOfValue } from "../union-variants.ts";
import { rethrowInside } from "./value-reader.ts";
import { NUMBER_BYTES, STRING_BYTES_PER_UNIT, writeAscii, writeNumber, writeString } from "./write-text.ts";

export type ValueWriter = (out: EncodeBuffer, value: unknown, depth: number) => void;

export function valueWriter(type: TypeInfo): ValueWriter {
  switch (type.kind) {
    case "string":
    case "literal":
    case "decimal":
      return checked(type, (out, value) => putString(out, value as string));
    case "double":
      return (out, value) => putNumber(out, typeof value === "number" && Number.isFinite(value) ? value : notWritable(type, value));
    case "int":
    case "long":
    case "timestamp":
      return checked(type, (out, value) => putNumber(out, value as number));
    case "boolean":
      return checked(type, (out, value) => putAscii(out, value === true ? "true" : "false"));
    case "bigint":
      return checked(type, (out, value) => putAscii(out, String(value)));
    case "bytes":
      return checked(type, (out, value) => putString(out, Buffer.from(value as Uint8Array).toString("base64")));
    case "optional": {
      const inner = valueWriter(type.of);
      return (out, value, depth) => (value === undefined || value === null ? putAscii(out, "null") : inner(out, value, depth));
    }
    case "array":
      return arrayWriter(type);
    case "map":
      return mapWriter(type);
    case "record":
      return recordWriter(type);
    case "union":
      return unionWriter(type);
  }
}

export function notWritable(type: TypeInfo, value: unknown): never {
  throw new SchemaError(mismatchOf(type, value) ?? { ...wrong(type, value), expected: "a finite number" });
}

function checked(type: TypeInfo, write: (out: EncodeBuffer, value: unknown) => void): ValueWriter {
  return (out, value) => (fitsScalar(type, value) ? write(out, value) : notWritable(type, value));
}

export function putString(out: EncodeBuffer, value: string): void {
  out.ensure(value.length * STRING_BYTES_PER_UNIT + 2);
  out.at = writeString(out.bytes, out.at, value);
}

function putNumber(out: EncodeBuffer, value: number): void {
  out.ensure(NUMBER_BYTES);
  out.at = writeNumber(out.bytes, out.at, value);
}

export function putAscii(out: EncodeBuffer, text: string): void {
  out.ensure(text.length);
  out.at = writeAscii(out.bytes, out.at, text);
}

function checkDepth(depth: number): void {
  if (depth >= MAX_DEPTH) throw new SchemaError({ path: "", expected: `at most ${MAX_DEPTH} levels`, got: "more" });
}

function arrayWriter(type: TypeInfo & { kind: "array" }): ValueWriter {
  const write = valueWriter(type.of);
  return (out, value, depth) => {
    if (!Array.isArray(value)) notWritable(type, value);
    checkDepth(depth);
    let index = 0;
    try {
      for (; index < value.length; index++) {
        putAscii(out, index === 0 ? "[" : ",");
        write(out, value[index], depth + 1);
      }
    } catch (error) {
      rethrowInside(error, (rest) => indexPath(index, rest));
    }
    putAscii(out, index === 0 ? "[]" : "]");
  };
}

function mapWriter(type: TypeInfo & { kind: "map" }): ValueWriter {
  const key = valueWriter(type.key);
  const write = valueWriter(type.value);
  const [open, between, close] = hasTextKeys(type.key) ? ["{", ":", "}"] : ["[", ",", "]"];
  const [before, after] = open === "[" ? ["[", "]"] : ["", ""];
  return (out, value, depth) => {
    if (!(value instanceof Map)) notWritable(type, value);
    checkDepth(depth + (open === "[" ? 1 : 0));
    let index = 0;
    putAscii(out, open);
    try {
      for (const [name, item] of value as Map<unknown, unknown>) {
        putAscii(out, index === 0 ? before : `,${before}`);
        key(out, name, depth + 1);
        putAscii(out, between);
        write(out, item, depth + (open === "[" ? 2 : 1));
        putAscii(out, after);
        index++;
      }
    } catch (error) {
      rethrowInside(error, (rest) => indexPath(index, rest));
    }
    putAscii(out, close);
  };
}

function recordWriter(type: TypeInfo & { kind: "record" }): ValueWriter {
  const fields = type.fields.map(({ name, type: of }) => ({
    name,
    prefix: encoder.encode(`,${JSON.stringify(name)}:`),
    optional: of.kind === "optional",
    write: valueWriter(of),
  }));
  return (out, value, depth) => {
    if (typeof value !== "object" || value === null || Array.isArray(value) || value instanceof Map) notWritable(type, value);
    checkDepth(depth);
    let first = 1;
    out.ensure(1);
    out.bytes[out.at++] = 0x7b;
    for (const { name, prefix, optional, write } of fields) {
      const of = fieldValue(value, name);
      if (optional && (of === undefined || of === null)) continue;
      putBytes(out, prefix, first);
      first = 0;
      try {
        write(out, of, depth + 1);
      } catch (error) {
        rethrowInside(error, (rest) => fieldPath(name, rest));
      }
    }
    out.ensure(1);
    out.bytes[out.at++] = 0x7d;
  };
}

/** bytes[start …]. Names are short: a loop beats set(). */
function putBytes(out: EncodeBuffer, bytes: Uint8Array, start: number): void {
  out.ensure(bytes.length);
  let { at } = out;
  for (let index = start; index < bytes.length; index++) out.bytes[at++] = bytes[index]!;
  out.at = at;
}

const encoder = new TextEncoder();

function unionWriter(type: TypeInfo & { kind: "union" }): ValueWriter {
  const writers = type.of.map((member) => valueWriter(member));
  return (out, value, depth) => {
    const variant = variantOfValue(type, value);
    if (variant < 0) notWritable(type, value);
    writers[variant]!(out, value, depth);
  };
}
