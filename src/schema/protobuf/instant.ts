// google.protobuf.Timestamp: seconds and nanoseconds since 1970, as a type that counts in milliseconds, microseconds or nanoseconds. What
// is finer than the type is rounded down.
import { SchemaError } from "../schema-error.ts";
import type { TypeInfo } from "../type-info.ts";
import { typeName } from "../type-names.ts";
import { leafPlan } from "./read-leaf.ts";
import type { FieldPlan, LeafPlan, MessagePlan } from "./read-plan.ts";

const NANOS = 1_000_000_000;

/** Units of the type in a second; undefined: it is no instant. */
export function unitsPerSecond(type: TypeInfo): number | undefined {
  if (type.kind === "timestamp") return 1000;
  if (type.kind !== "long" && type.kind !== "bigint") return undefined;
  if (type.logical?.endsWith("-nanos") === true) return NANOS;
  return type.logical?.endsWith("timestamp-micros") === true
    ? 1_000_000
    : type.logical?.endsWith("timestamp-millis") === true
      ? 1000
      : undefined;
}

/** undefined: the type is no instant. */
export function instantPlan(type: TypeInfo): MessagePlan | undefined {
  const units = unitsPerSecond(type);
  if (units === undefined) return undefined;
  const big = type.kind === "bigint";
  const part = (slot: number, name: string, element: LeafPlan): FieldPlan => ({
    number: slot + 1,
    slot,
    name,
    shape: "one",
    element,
    key: undefined,
    zeroKey: undefined,
    zero: () => 0,
    delimited: false,
    clears: [],
  });
  const fields = [part(0, "seconds", leafPlan({ kind: "long" }, "int64")!), part(1, "nanos", leafPlan({ kind: "int" }, "int32")!)];
  const expected = typeName(type);
  return {
    op: "message",
    name: expected,
    slots: fields.map(({ name }) => ({ name, absent: () => 0 })),
    fields: new Map(fields.map((field) => [field.number, field])),
    ...(big ? {} : { unitsPerSecond: units }),
    make: (values) => {
      const [seconds, nanos] = values as [number, number];
      if (nanos < 0 || nanos >= NANOS) throw new SchemaError({ path: "", expected: "nanos of 0 to 999999999", got: "others" });
      const below = Math.floor(nanos / (NANOS / units));
      if (big) {
        const value = BigInt(seconds) * BigInt(units) + BigInt(below);
        if (BigInt.asIntN(64, value) === value) return value;
      } else {
        const value = seconds * units + below;
        if (Number.isSafeInteger(value)) return value;
      }
      throw new SchemaError({ path: "", expected, got: "an instant beyond its range" });
    },
  };
}

/** The parts of an instant that is a value of the type. */
export function instantParts(value: number | bigint, units: number): { readonly seconds: number; readonly nanos: number } {
  if (typeof value === "bigint") {
    const per = BigInt(units);
    let seconds = value / per;
    let rest = value - seconds * per;
    if (rest < 0n) {
      seconds -= 1n;
      rest += per;
    }
    return { seconds: Number(seconds), nanos: Number(rest) * (NANOS / units) };
  }
  const seconds = Math.floor(value / units);
  return { seconds, nanos: (value - seconds * units) * (NANOS / units) };
}
