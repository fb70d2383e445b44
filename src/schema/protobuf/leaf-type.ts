// Types that one Protobuf scalar carries, and what must be noted beside it so that the type comes back: JSON in the field's metadata.
import type { LogicalName, TypeInfo } from "../type-info.ts";
import type { ProtoScalar } from "./proto-schema.ts";

/** Of a map's key. */
export function keyScalarOf(type: TypeInfo): "string" | "int32" | "int64" | "bool" {
  switch (type.kind) {
    case "int":
      return "int32";
    case "boolean":
      return "bool";
    case "string":
    case "decimal":
    case "literal":
      return "string";
    default:
      return "int64";
  }
}

/** undefined: it takes a message. */
export function scalarOf(type: TypeInfo): ProtoScalar | undefined {
  switch (type.kind) {
    case "string":
    case "literal":
      return "string";
    case "int":
      return type.logical === undefined ? "int32" : undefined;
    case "long":
    case "bigint":
      return type.logical?.startsWith("local-") === false ? undefined : "int64";
    case "double":
      return type.logical === "float" ? "float" : "double";
    case "boolean":
      return "bool";
    case "bytes":
      return "bytes";
    default:
      return undefined;
  }
}

/** The type of a scalar that nothing is noted of. */
export function plainType(scalar: ProtoScalar): TypeInfo {
  switch (scalar) {
    case "double":
      return { kind: "double" };
    case "float":
      return { kind: "double", logical: "float" };
    case "int32":
    case "sint32":
    case "sfixed32":
      return { kind: "int" };
    case "bool":
      return { kind: "boolean" };
    case "string":
    case "bytes":
      return { kind: scalar };
    default:
      return { kind: "long" };
  }
}

const LOGICAL: Readonly<Record<string, readonly LogicalName[]>> = {
  string: ["uuid"],
  double: ["float"],
  int: ["date", "time-millis"],
  long: ["time-micros", "timestamp-micros", "local-timestamp-millis", "local-timestamp-micros", "local-timestamp-nanos"],
  bigint: [
    "time-micros",
    "timestamp-micros",
    "timestamp-nanos",
    "local-timestamp-millis",
    "local-timestamp-micros",
    "local-timestamp-nanos",
  ],
};
const PLAIN = new Set(["string", "int", "long", "bigint", "double", "boolean", "timestamp", "bytes"]);
const MAX_SIZE = 1 << 20;

/** What was noted; undefined: nothing that is a type. */
export function notedType(text: string | undefined): TypeInfo | undefined {
  if (text === undefined) return undefined;
  let given: { readonly kind?: unknown; readonly [name: string]: unknown } | null;
  try {
    given = JSON.parse(text) as typeof given;
  } catch {
    return undefined;
  }
  if (typeof given !== "object" || given === null || typeof given.kind !== "string") return undefined;
  const { kind, logical, size, precision, scale, values } = given;
  if (kind === "decimal") return isCount(precision, 1, 1000) && isCount(scale, 0, precision) ? { kind, precision, scale } : undefined;
  if (kind === "literal")
    return Array.isArray(values) &&
      values.length > 0 &&
      values.every((value) => typeof value === "string") &&
      new Set(values).size === values.length
      ? { kind, values: values as string[] }
      : undefined;
  if (!PLAIN.has(kind)) return undefined;
  if (logical !== undefined && LOGICAL[kind]?.includes(logical as LogicalName) !== true) return undefined;
  if (size !== undefined && (kind !== "bytes" || !isCount(size, 1, MAX_SIZE))) return undefined;
  return {
    kind: kind as "string",
    ...(logical === undefined ? {} : { logical: logical as LogicalName }),
    ...(size === undefined ? {} : { size: size as number }),
  };
}

function isCount(value: unknown, least: number, most: number): value is number {
  return Number.isInteger(value) && (value as number) >= least && (value as number) <= most;
}
