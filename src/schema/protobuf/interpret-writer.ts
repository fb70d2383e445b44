// Carries out a write plan with closures, made once. Lengths are written after what they count: one byte is left for them, and what is longer
// is moved.
import { encodeUtf8Into, type EncodeBuffer } from "../encode-buffer.ts";
import { fieldValue } from "../field-value.ts";
import { rethrowInside } from "../json/value-reader.ts";
import { fitsScalar, indexPath, MAX_DEPTH } from "../mismatch.ts";
import { describeValue, fieldPath, SchemaError } from "../schema-error.ts";
import type { TypeInfo } from "../type-info.ts";
import { typeName } from "../type-names.ts";
import { variantOfValue } from "../union-variants.ts";
import { instantParts } from "./instant.ts";
import type { ProtoScalar } from "./proto-schema.ts";
import type { WriteElement, WriteField } from "./write-plan.ts";

/** Appends a value's content: without its tag; of messages without their length. Throws SchemaError. */
export type ProtoWrite = (out: EncodeBuffer, value: unknown, depth: number) => void;

const ZERO_TAG = 0x08;

export function interpretWriter(plan: WriteElement): ProtoWrite {
  switch (plan.op) {
    case "leaf":
      return leafWriter(plan.type, plan.scalar);
    case "enum":
      return (out, value) => {
        const number = typeof value === "string" ? plan.numbers.get(value) : undefined;
        if (number === undefined || !fitsScalar(plan.type, value)) throw wrong(plan.type, value);
        out.ensure(10);
        putInt64(out, number);
      };
    case "instant":
      return (out, value) => {
        if (!fitsScalar(plan.type, value)) throw wrong(plan.type, value);
        const { seconds, nanos } = instantParts(value as number, plan.units);
        out.ensure(22);
        if (seconds !== 0) {
          out.bytes[out.at++] = ZERO_TAG;
          putInt64(out, seconds);
        }
        if (nanos !== 0) {
          out.bytes[out.at++] = 0x10;
          putInt64(out, nanos);
        }
      };
    case "known":
      return (out, value) => {
        if (!fitsScalar(plan.type, value)) throw wrong(plan.type, value);
        plan.write(out, value);
      };
    case "wrapper": {
      const write = fieldWriter(plan.field);
      return (out, value, depth) => write(out, value, checkedDepth(depth));
    }
    case "union": {
      const writes = plan.fields.map(fieldWriter);
      return (out, value, depth) => {
        const write = writes[variantOfValue(plan.type, value)];
        if (write === undefined) throw wrong(plan.type, value);
        write(out, value, checkedDepth(depth));
      };
    }
    case "record":
      return recordWriter(plan);
  }
}

function recordWriter(plan: WriteElement & { readonly op: "record" }): ProtoWrite {
  const fields = plan.fields.map((field) => ({ name: field.name, write: namedWriter(field) }));
  return (out, value, depth) => {
    if (typeof value !== "object" || value === null || Array.isArray(value) || value instanceof Map) throw wrong(plan.type, value);
    checkedDepth(depth);
    for (const { name, write } of fields) write(out, fieldValue(value, name), depth + 1);
  };
}

/** A field's tag and value; its name is in errors. */
export function namedWriter(field: WriteField): ProtoWrite {
  const write = fieldWriter(field);
  return (out, value, depth) => {
    try {
      write(out, value, depth);
    } catch (error) {
      rethrowInside(error, (rest) => fieldPath(field.name, rest));
    }
  };
}

function fieldWriter(field: WriteField): ProtoWrite {
  const { shape, optional, type } = field;
  const write = shape === "one" ? oneWriter(field) : shape === "repeated" ? itemsWriter(field) : mapWriter(field);
  return (out, value, depth) => {
    if (value !== undefined && value !== null) write(out, value, depth);
    else if (!optional) throw wrong(type, value);
  };
}

function oneWriter(field: WriteField): ProtoWrite {
  const write = tagged(field.tag, field.endTag, field.element);
  if (!field.implicit) return write;
  const check = interpretWriter(field.element);
  return (out, value, depth) => {
    if (!isZero(value) && !(field.element.op === "enum" && field.element.numbers.get(value as string) === 0))
      return write(out, value, depth);
    const { at } = out;
    check(out, value, depth);
    out.at = at;
  };
}

/** Only what a reader puts in its place again: −0 is not 0. */
function isZero(value: unknown): boolean {
  if (typeof value === "object") return value instanceof Uint8Array && value.length === 0;
  return value === "" || value === false || value === 0n || Object.is(value, 0);
}

function tagged(tag: Uint8Array, endTag: Uint8Array | undefined, element: WriteElement): ProtoWrite {
  const write = interpretWriter(element);
  if (element.op === "leaf" || element.op === "enum")
    return (out, value, depth) => {
      putTag(out, tag);
      write(out, value, depth);
    };
  if (endTag !== undefined)
    return (out, value, depth) => {
      putTag(out, tag);
      write(out, value, depth);
      putTag(out, endTag);
    };
  return (out, value, depth) => {
    putTag(out, tag);
    sized(out, () => write(out, value, depth));
  };
}

function itemsWriter({ element, tag, endTag, packed, type }: WriteField): ProtoWrite {
  const write = packed ? interpretWriter(element) : tagged(tag, endTag, element);
  const each = (out: EncodeBuffer, values: readonly unknown[], depth: number): void => {
    for (let index = 0; index < values.length; index++) {
      try {
        write(out, values[index], depth + 1);
      } catch (error) {
        rethrowInside(error, (rest) => indexPath(index, rest));
      }
    }
  };
  return (out, value, depth) => {
    if (!Array.isArray(value)) throw wrong(type, value);
    checkedDepth(depth);
    if (!packed) return each(out, value, depth);
    if (value.length === 0) return;
    putTag(out, tag);
    sized(out, () => each(out, value, depth));
  };
}

function mapWriter({ element, key, tag, type }: WriteField): ProtoWrite {
  const writeKey = tagged(Uint8Array.of((1 << 3) | key!.wire), undefined, key!);
  const writeValue = tagged(Uint8Array.of((2 << 3) | element.wire), undefined, element);
  return (out, value, depth) => {
    if (!(value instanceof Map)) throw wrong(type, value);
    checkedDepth(depth);
    let index = 0;
    for (const [name, each] of value as Map<unknown, unknown>) {
      putTag(out, tag);
      try {
        sized(out, () => {
          writeKey(out, name, depth + 1);
          writeValue(out, each, depth + 1);
        });
      } catch (error) {
        rethrowInside(error, (rest) => indexPath(index, rest));
      }
      index++;
    }
  };
}

function leafWriter(type: TypeInfo, scalar: ProtoScalar): ProtoWrite {
  const put = scalarWriter(scalar);
  return (out, value) => {
    if (!fitsScalar(type, value)) throw wrong(type, value);
    put(out, value);
  };
}

function scalarWriter(scalar: ProtoScalar): (out: EncodeBuffer, value: unknown) => void {
  switch (scalar) {
    case "double":
      return (out, value) => {
        out.ensure(8);
        out.view.setFloat64(out.at, value as number, true);
        out.at += 8;
      };
    case "float":
      return (out, value) => {
        out.ensure(4);
        out.view.setFloat32(out.at, value as number, true);
        out.at += 4;
      };
    case "bool":
      return (out, value) => {
        out.ensure(1);
        out.bytes[out.at++] = value === true ? 1 : 0;
      };
    case "string":
      return (out, value) => putText(out, value as string);
    case "bytes":
      return (out, value) => putBytes(out, value as Uint8Array);
    default:
      return integerWriter(scalar);
  }
}

function integerWriter(scalar: ProtoScalar): (out: EncodeBuffer, value: unknown) => void {
  const bits = scalar.endsWith("64") ? 64 : 32;
  const unsigned = scalar.startsWith("uint") || scalar.startsWith("fixed");
  const zigzag = scalar.startsWith("sint");
  const fixed = scalar.includes("fixed");
  const check = (value: bigint): bigint => {
    if ((unsigned ? BigInt.asUintN(bits, value) : BigInt.asIntN(bits, value)) === value) return value;
    throw new SchemaError({ path: "", expected: scalar, got: "an integer beyond its range" });
  };
  if (!fixed && !zigzag && !unsigned && bits === 64)
    return (out, value) => {
      out.ensure(10);
      if (typeof value === "number") putInt64(out, value);
      else putBig(out, BigInt.asUintN(64, value as bigint));
    };
  return (out, value) => {
    out.ensure(10);
    const big = check(BigInt(value as number | bigint));
    if (fixed) {
      if (bits === 64) out.view.setBigUint64(out.at, BigInt.asUintN(64, big), true);
      else out.view.setUint32(out.at, Number(BigInt.asUintN(32, big)), true);
      out.at += bits / 8;
    } else if (zigzag) putBig(out, big < 0n ? -2n * big - 1n : 2n * big);
    else putBig(out, BigInt.asUintN(64, big));
  };
}

/** An integer within ±2^53; there is room for 10 bytes. */
function putInt64(out: EncodeBuffer, value: number): void {
  if (value < 0) return putBig(out, BigInt.asUintN(64, BigInt(value)));
  let rest = value;
  for (; rest >= 2 ** 31; rest = Math.floor(rest / 128)) out.bytes[out.at++] = (rest % 128) | 0x80;
  putVarint32(out, rest);
}

function putVarint32(out: EncodeBuffer, value: number): void {
  let rest = value;
  for (; rest > 0x7f; rest >>>= 7) out.bytes[out.at++] = (rest & 0x7f) | 0x80;
  out.bytes[out.at++] = rest;
}

function putBig(out: EncodeBuffer, value: bigint): void {
  let rest = value;
  for (; rest > 0x7fn; rest >>= 7n) out.bytes[out.at++] = Number(rest & 0x7fn) | 0x80;
  out.bytes[out.at++] = Number(rest);
}

function putText(out: EncodeBuffer, text: string): void {
  out.ensure(text.length * 3 + 10);
  const start = out.at;
  const end = encodeUtf8Into(text, out.bytes, start + 1);
  out.at = end;
  putSize(out, start);
}

function putBytes(out: EncodeBuffer, bytes: Uint8Array): void {
  out.ensure(bytes.length + 5);
  putVarint32(out, bytes.length);
  out.bytes.set(bytes, out.at);
  out.at += bytes.length;
}

export function putTag(out: EncodeBuffer, tag: Uint8Array): void {
  out.ensure(tag.length);
  for (let index = 0; index < tag.length; index++) out.bytes[out.at++] = tag[index]!;
}

function sized(out: EncodeBuffer, write: () => void): void {
  out.ensure(5);
  const start = out.at++;
  write();
  out.ensure(5);
  putSize(out, start);
}

/** Writes the length of what lies after the byte at `start`. */
function putSize(out: EncodeBuffer, start: number): void {
  const size = out.at - start - 1;
  const more = size < 0x80 ? 0 : size < 0x4000 ? 1 : size < 0x200000 ? 2 : size < 0x10000000 ? 3 : 4;
  if (more > 0) out.bytes.copyWithin(start + 1 + more, start + 1, out.at);
  out.at = start;
  putVarint32(out, size);
  out.at += size;
}

function checkedDepth(depth: number): number {
  if (depth >= MAX_DEPTH) throw new SchemaError({ path: "", expected: `at most ${MAX_DEPTH} levels`, got: "more" });
  return depth + 1;
}

function wrong(type: TypeInfo, value: unknown): SchemaError {
  return new SchemaError({ path: "", expected: typeName(type), got: describeValue(value) });
}
