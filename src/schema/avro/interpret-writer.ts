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
 * The index of the branch for a value: the only one that takes its shape, or the first that it fits (of records: with nothing left over;
 * for −0 a float or double, which keep its sign); −1: none.
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
    let first = -1;
    for (const index of candidates) {
      const branch = plan.branches[index]!;
      if (!fits(branch, value, 0)) continue;
      if (branch.op !== "record" || knowsAll(branch, value as object)) return index;
      if (first < 0) first = index;
    }
    return first;
  };
}

/** A record with fewer fields would fit, too, and lose the others. */
function knowsAll({ fields }: WriteRecord, value: object): boolean {
  return Object.keys(value).every((name) => fields.some((field) => field.name === name));
}

function fits(plan: WritePlan, value: unknown, depth: number): boolean {
  if (depth > MAX_DEPTH) return false;
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
    case "array":
      return Array.isArray(value) && value.every((item) => fits(plan.items, item, depth + 1));
    case "map":
      return (
        value instanceof Map &&
        [...(value as Map<unknown, unknown>)].every(([key, item]) => typeof key === "string" && fits(plan.values, item, depth + 1))
      );
    case "union":
      return plan.branches.some((branch) => fits(branch, value, depth));
    case "convert":
      try {
        return fits(plan.of, plan.convert(value), depth);
      } catch {
        return false;
      }
    case "record":
      if (shapeOf(value) !== "object") return false;
      return plan.fields.every((field) => {
        const of = fieldValue(value as object, field.name);
        return (of === undefined && field.absent !== undefined) || fits(field.plan, of, depth + 1);
      });
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
