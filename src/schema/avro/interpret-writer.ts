// Carries out a write plan with closures, made once. It checks as it writes; what does not fit is a SchemaError with its path.
import { fieldValue } from "../field-value.ts";
import type { EncodeBuffer } from "../encode-buffer.ts";
import { rethrowInside } from "../json/value-reader.ts";
import { indexPath, MAX_DEPTH } from "../mismatch.ts";
import { fieldPath, SchemaError } from "../schema-error.ts";
import { putBytes, putDouble, putFloat, putLong, putLongBig, putText } from "./put-avro.ts";
import { shapeOf, takesShape, wrong, type Shape, type WritePlan, type WriteRecord } from "./write-plan.ts";

export type AvroWrite = (out: EncodeBuffer, value: unknown, depth: number) => void;
export type WritersByRecord = Map<WriteRecord, AvroWrite>;

export function interpretWriter(plan: WritePlan, records: WritersByRecord = new Map()): AvroWrite {
  const { expected } = plan;
  switch (plan.op) {
    case "null":
      return (_out, value) => (value === null || value === undefined ? undefined : wrong(expected, value));
    case "boolean":
      return (out, value) => putByte(out, typeof value === "boolean" ? Number(value) : wrong(expected, value));
    case "int":
      return (out, value) => putLong(out, typeof value === "number" && value === (value | 0) ? value : wrong(expected, value));
    case "long":
      return (out, value) => putAnyLong(out, value, expected);
    case "float":
      return (out, value) => putFloat(out, typeof value === "number" ? value : wrong(expected, value));
    case "double":
      return (out, value) => putDouble(out, typeof value === "number" ? value : wrong(expected, value));
    case "string":
      return (out, value) => putText(out, typeof value === "string" ? value : wrong(expected, value));
    case "bytes":
      return (out, value) => putBytes(out, value instanceof Uint8Array ? value : wrong(expected, value));
    case "fixed":
      return (out, value) => putFixed(out, value instanceof Uint8Array && value.length === plan.size ? value : wrong(expected, value));
    case "enum":
      return (out, value) => putLong(out, plan.symbols.get(value as string) ?? wrong(expected, value));
    case "array":
      return arrayWriter(plan, interpretWriter(plan.items, records));
    case "map":
      return mapWriter(plan, interpretWriter(plan.values, records));
    case "union":
      return unionWriter(plan, records);
    case "convert": {
      const { convert } = plan;
      const write = interpretWriter(plan.of, records);
      return (out, value, depth) => write(out, convert(value), depth);
    }
    case "record":
      return records.get(plan) ?? recordWriter(plan, records);
  }
}

function putByte(out: EncodeBuffer, byte: number): void {
  out.ensure(1);
  out.bytes[out.at++] = byte;
}

function putFixed(out: EncodeBuffer, bytes: Uint8Array): void {
  out.ensure(bytes.length);
  out.bytes.set(bytes, out.at);
  out.at += bytes.length;
}

function putAnyLong(out: EncodeBuffer, value: unknown, expected: string): void {
  if (typeof value === "number" && Number.isSafeInteger(value)) putLong(out, value);
  else if (typeof value === "bigint" && BigInt.asIntN(64, value) === value) putLongBig(out, value);
  else wrong(expected, value);
}

function checkDepth(depth: number): void {
  if (depth >= MAX_DEPTH) throw new SchemaError({ path: "", expected: `at most ${MAX_DEPTH} levels`, got: "more" });
}

function arrayWriter({ expected }: WritePlan, write: AvroWrite): AvroWrite {
  return (out, value, depth) => {
    if (!Array.isArray(value)) return wrong(expected, value);
    checkDepth(depth);
    if (value.length > 0) putLong(out, value.length);
    let index = 0;
    try {
      for (; index < value.length; index++) write(out, value[index], depth + 1);
    } catch (error) {
      rethrowInside(error, (rest) => indexPath(index, rest));
    }
    putLong(out, 0);
  };
}

function mapWriter({ expected }: WritePlan, write: AvroWrite): AvroWrite {
  return (out, value, depth) => {
    if (!(value instanceof Map)) return wrong(expected, value);
    checkDepth(depth);
    if (value.size > 0) putLong(out, value.size);
    let index = 0;
    try {
      for (const [key, item] of value as Map<unknown, unknown>) {
        putText(out, typeof key === "string" ? key : wrong("string", key));
        write(out, item, depth + 1);
        index++;
      }
    } catch (error) {
      rethrowInside(error, (rest) => indexPath(index, rest));
    }
    putLong(out, 0);
  };
}

function unionWriter(plan: WritePlan & { readonly op: "union" }, records: WritersByRecord): AvroWrite {
  const writes = plan.branches.map((branch) => interpretWriter(branch, records));
  const choose = branchChooser(plan);
  return (out, value, depth) => {
    const index = choose(value);
    if (index < 0) return wrong(plan.expected, value);
    putLong(out, index);
    writes[index]!(out, value, depth);
  };
}

/**
 * The index of the branch for a value: the only one that takes its shape, or the one that it misfits least, the first of equals (for −0 a
 * float or double, which keep its sign); −1: none.
 */
export function branchChooser(plan: WritePlan & { readonly op: "union" }): (value: unknown) => number {
  const byShape = new Map<Shape, readonly number[]>();
  const all = plan.branches.map((_branch, index) => index);
  return (value) => {
    const shape = shapeOf(value);
    if (shape === undefined) return -1;
    let candidates = byShape.get(shape);
    if (candidates === undefined) byShape.set(shape, (candidates = all.filter((index) => takesShape(plan.branches[index]!, shape))));
    if (candidates.length < 2) return candidates[0] ?? -1;
    if (Object.is(value, -0)) {
      const withSign = candidates.find((index) => ["float", "double"].includes(plan.branches[index]!.op));
      if (withSign !== undefined) return withSign;
    }
    let best = -1;
    let least = Number.POSITIVE_INFINITY;
    for (const index of candidates) {
      const misfits = misfitsOf(plan.branches[index]!, value, 0);
      if (misfits < least) [best, least] = [index, misfits];
      if (least === 0) break;
    }
    return best;
  };
}

/** A property that the record has no field for would be lost: worse than a thousand fields that get their default. */
const LOST = 1000;

/** 0: the value is just what the plan writes. More: fields would be left out or lost, all the way down. Infinity: it cannot be written. */
function misfitsOf(plan: WritePlan, value: unknown, depth: number): number {
  if (depth > MAX_DEPTH) return Number.POSITIVE_INFINITY;
  switch (plan.op) {
    case "array":
      return Array.isArray(value) ? sum(value, (item) => misfitsOf(plan.items, item, depth + 1)) : Number.POSITIVE_INFINITY;
    case "map":
      if (!(value instanceof Map)) return Number.POSITIVE_INFINITY;
      return sum(value as Map<unknown, unknown>, ([key, item]) =>
        typeof key === "string" ? misfitsOf(plan.values, item, depth + 1) : Number.POSITIVE_INFINITY,
      );
    case "union":
      return Math.min(...plan.branches.map((branch) => misfitsOf(branch, value, depth)));
    case "convert":
      try {
        return misfitsOf(plan.of, plan.convert(value), depth);
      } catch {
        return Number.POSITIVE_INFINITY;
      }
    case "record":
      return shapeOf(value) === "object" ? recordMisfits(plan, value as object, depth) : Number.POSITIVE_INFINITY;
    default:
      return isScalarOf(plan, value) ? 0 : Number.POSITIVE_INFINITY;
  }
}

function recordMisfits({ fields }: WriteRecord, value: object, depth: number): number {
  const lost = Object.keys(value).filter((name) => !fields.some((field) => field.name === name)).length;
  return (
    lost * LOST +
    sum(fields, ({ name, absent, plan }) => {
      const of = fieldValue(value, name);
      const missing = Object.hasOwn(value, name) ? 0 : 1;
      return missing + (of === undefined && absent !== undefined ? 0 : misfitsOf(plan, of, depth + 1));
    })
  );
}

function sum<T>(items: Iterable<T>, misfits: (item: T) => number): number {
  let total = 0;
  for (const item of items) {
    total += misfits(item);
    if (total === Number.POSITIVE_INFINITY) break;
  }
  return total;
}

type ScalarPlan = Exclude<WritePlan, { readonly op: "array" | "map" | "union" | "convert" | "record" }>;

function isScalarOf(plan: ScalarPlan, value: unknown): boolean {
  switch (plan.op) {
    case "null":
      return value === null || value === undefined;
    case "boolean":
      return typeof value === "boolean";
    case "int":
      return typeof value === "number" && value === (value | 0);
    case "long":
      return Number.isSafeInteger(value) || (typeof value === "bigint" && BigInt.asIntN(64, value) === value);
    case "float":
      return typeof value === "number" && (Math.fround(value) === value || Number.isNaN(value));
    case "double":
      return typeof value === "number";
    case "string":
      return typeof value === "string";
    case "bytes":
      return value instanceof Uint8Array;
    case "fixed":
      return value instanceof Uint8Array && value.length === plan.size;
    case "enum":
      return plan.symbols.has(value as string);
  }
}

function recordWriter(plan: WriteRecord, records: WritersByRecord): AvroWrite {
  records.set(plan, (out, value, depth) => run(out, value, depth)); // for records that hold themselves
  const fields = plan.fields.map((field) => ({ ...field, write: interpretWriter(field.plan, records) }));
  const run: AvroWrite = (out, value, depth) => {
    if (shapeOf(value) !== "object") return wrong(plan.expected, value);
    checkDepth(depth);
    for (const { name, absent, write } of fields) {
      const of = fieldValue(value as object, name);
      if (of === undefined && absent !== undefined) {
        putFixed(out, absent);
        continue;
      }
      try {
        write(out, of, depth + 1);
      } catch (error) {
        rethrowInside(error, (rest) => fieldPath(name, rest));
      }
    }
  };
  records.set(plan, run);
  return run;
}
