// What logical types add to a resolved pair of schemas: conversions between what is stored and what JavaScript gets. Decimals become text,
// instants of another unit are turned into the reader's (rounded down), uuids text, durations { months, days, millis }.
import { SchemaError } from "../schema-error.ts";
import { allowedValues, avroLogical, sameClock, UNIT_NANOS, type AvroLogical, type UnitName } from "./avro-logical.ts";
import type { AvroSchema } from "./avro-schema.ts";
import { decimalText, rescale } from "./decimal-bytes.ts";
import type { ReadPlan } from "./read-plan.ts";

/** `plain`: the pair without logical types; undefined: it cannot be read so. */
export function logicalPlan(writer: AvroSchema, reader: AvroSchema, plain: ReadPlan | undefined, lenient: boolean): ReadPlan | undefined {
  const to = avroLogical(reader);
  const from = avroLogical(writer);
  const values = allowedValues(reader);
  if (values !== undefined) return plain && converted(plain, (value) => (values.has(value as string) ? value : notOneOf(values)));
  if (to === undefined) return plain;
  switch (to.name) {
    case "decimal":
      return decimalPlan(writer, to, from, plain, lenient);
    case "uuid":
      return uuidPlan(writer, reader, from, plain, lenient);
    case "duration":
      return plain && converted(plain, durationOf);
    case "map":
      return (
        plain &&
        converted(plain, (value) => new Map((value as { key: unknown; value: unknown }[]).map((entry) => [entry.key, entry.value])))
      );
    default:
      return plain && unitPlan(plain, to.name, from);
  }
}

function converted(of: ReadPlan, convert: (value: unknown) => unknown): ReadPlan {
  return { op: "convert", of, convert };
}

export function notOneOf(values: ReadonlySet<string>): never {
  throw new SchemaError({ path: "", expected: `one of ${values.size} values`, got: "another string" });
}

function decimalPlan(
  writer: AvroSchema,
  to: AvroLogical & { readonly name: "decimal" },
  from: AvroLogical | undefined,
  plain: ReadPlan | undefined,
  lenient: boolean,
): ReadPlan | undefined {
  const written = from?.name === "decimal" ? from : to;
  const anyhow = lenient && from?.name === "decimal";
  const of: ReadPlan | undefined =
    plain ?? (anyhow ? (writer.type === "fixed" ? { op: "fixed", size: writer.size } : { op: "bytes" }) : undefined);
  if (of === undefined) return undefined;
  if (written.scale === to.scale) return converted(of, (value) => decimalText(value as Uint8Array, to.scale));
  return converted(of, (value) => rescale(decimalText(value as Uint8Array, written.scale), to.scale));
}

function uuidPlan(
  writer: AvroSchema,
  reader: AvroSchema,
  from: AvroLogical | undefined,
  plain: ReadPlan | undefined,
  lenient: boolean,
): ReadPlan | undefined {
  if (plain !== undefined) return reader.type === "fixed" ? converted(plain, uuidText) : plain;
  if (!lenient) return undefined;
  if (writer.type === "fixed" && from?.name === "uuid") return converted({ op: "fixed", size: 16 }, uuidText);
  return writer.type === "string" ? { op: "string" } : undefined;
}

export function uuidText(value: unknown): string {
  const bytes = value as Uint8Array;
  const hex = Buffer.from(bytes.buffer, bytes.byteOffset, 16).toString("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

function durationOf(value: unknown): object {
  const bytes = value as Uint8Array;
  const view = new DataView(bytes.buffer, bytes.byteOffset, 12);
  return { months: view.getUint32(0, true), days: view.getUint32(4, true), millis: view.getUint32(8, true) };
}

function unitPlan(plain: ReadPlan, to: UnitName, from: AvroLogical | undefined): ReadPlan {
  if (from === undefined || !sameClock(to, from.name)) return plain;
  const written = UNIT_NANOS[from.name as UnitName];
  const wanted = UNIT_NANOS[to];
  if (written === wanted) return plain;
  const big = plain.op === "bigint";
  if (written < wanted) {
    const divisor = BigInt(wanted / written);
    // Nanoseconds of today are beyond 2^53, the same instant in a larger unit is not.
    return converted({ op: "bigint" }, (value) => (big ? floorDiv(value as bigint, divisor) : Number(floorDiv(value as bigint, divisor))));
  }
  const factor = written / wanted;
  return converted(plain, (value) => (big ? (value as bigint) * BigInt(factor) : safe((value as number) * factor)));
}

function floorDiv(value: bigint, divisor: bigint): bigint {
  const quotient = value / divisor;
  return value < 0n && quotient * divisor !== value ? quotient - 1n : quotient;
}

function safe(value: number): number {
  if (Number.isSafeInteger(value)) return value;
  throw new SchemaError({ path: "", expected: "long within ±2^53 (t.bigint() holds more)", got: "a larger one" });
}
