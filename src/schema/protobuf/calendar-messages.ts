// google.type.Date, google.type.TimeOfDay and confluent.type.Decimal as dates, times of day and decimals, which Confluent's Connect and Flink
// mappings write for them. What such a message can hold and a type cannot (a month without a day, more digits) is an error, never rounded,
// but for a time of day that is finer than its type: that is rounded down.
import { decimalBytes, MAX_DECIMAL_BYTES, placePoint, rescale, unscaled } from "../avro/decimal-bytes.ts";
import type { EncodeBuffer } from "../encode-buffer.ts";
import { isDecimal } from "../mismatch.ts";
import { describeValue, SchemaError } from "../schema-error.ts";
import type { TypeInfo } from "../type-info.ts";
import { typeName } from "../type-names.ts";
import { varintInto } from "./put-proto.ts";
import { leafPlan } from "./read-leaf.ts";
import type { FieldPlan, LeafPlan, MessagePlan } from "./read-plan.ts";

export const DATE = "google.type.Date";
export const TIME_OF_DAY = "google.type.TimeOfDay";
export const DECIMAL = "confluent.type.Decimal";

const NANOS_PER_DAY = 86_400_000_000_000;
/** Of 0001-01-01 and 9999-12-31: what the message may hold. */
const FIRST_DAY = -719_162;
const LAST_DAY = 2_932_896;
/** t.decimal() has no more digits, and a few bytes may not ask for billions of zeros. */
const MAX_SCALE = 1000;

export function isDate(type: TypeInfo): boolean {
  return type.kind === "int" && type.logical === "date";
}

/** Nanoseconds in a unit of a time of day; undefined: it is none. */
export function nanosPerUnit(type: TypeInfo): number | undefined {
  if (type.kind === "int") return type.logical === "time-millis" ? 1_000_000 : undefined;
  return (type.kind === "long" || type.kind === "bigint") && type.logical === "time-micros" ? 1000 : undefined;
}

/** How the message is read as the type; undefined: the type has no such values. */
export function calendarPlan(name: string, type: TypeInfo): MessagePlan | undefined {
  if (name === DATE && isDate(type)) return numbersPlan(type, ["year", "month", "day"], daysOf);
  const nanos = name === TIME_OF_DAY ? nanosPerUnit(type) : undefined;
  if (nanos !== undefined) return numbersPlan(type, ["hours", "minutes", "seconds", "nanos"], timeOfDay(type, nanos));
  return name === DECIMAL && type.kind === "decimal" ? decimalPlan(type) : undefined;
}

/** Appends the message's content. Throws SchemaError. */
export type CalendarWrite = (out: EncodeBuffer, value: unknown) => void;

/** undefined: values of the type are not such messages. They fit the type. */
export function calendarWriter(name: string, type: TypeInfo): CalendarWrite | undefined {
  if (name === DATE && isDate(type)) return writeDate;
  const nanos = name === TIME_OF_DAY ? nanosPerUnit(type) : undefined;
  if (nanos !== undefined) return timeWriter(type, nanos);
  return name === DECIMAL && type.kind === "decimal" ? decimalWriter(type) : undefined;
}

function numbersPlan(type: TypeInfo, names: readonly string[], make: (values: readonly number[]) => unknown): MessagePlan {
  const int = leafPlan({ kind: "int" }, "int32")!;
  const fields = names.map((name, slot) => field(slot, name, int));
  const slots = names.map((name) => ({ name, absent: (): number => 0 }));
  return plan(typeName(type), fields, slots, make as MessagePlan["make"] & {});
}

function field(slot: number, name: string, element: LeafPlan): FieldPlan {
  const none = { key: undefined, zeroKey: undefined, zero: () => undefined, delimited: false, clears: [] };
  return { number: slot + 1, slot, name, shape: "one", element, ...none };
}

function plan(name: string, fields: readonly FieldPlan[], slots: MessagePlan["slots"], make: MessagePlan["make"] & {}): MessagePlan {
  return { op: "message", name, slots, fields: new Map(fields.map((each) => [each.number, each])), make };
}

/** Days since 1970-01-01 of the proleptic Gregorian calendar. */
function daysOf([year, month, day]: readonly number[]): number {
  if (year! >= 1 && year! <= 9999 && month! >= 1 && month! <= 12 && day! >= 1 && day! <= daysInMonth(year!, month!))
    return daysBefore(year!, month!) + day! - 1;
  throw new SchemaError({ path: "", expected: "a whole date", got: `year ${year}, month ${month}, day ${day}` });
}

function daysInMonth(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

/** Between 1970-01-01 and the first of the month; years are counted from March. */
function daysBefore(year: number, month: number): number {
  const y = month > 2 ? year : year - 1;
  const era = Math.floor(y / 400);
  const ofEra = y - era * 400;
  const ofYear = Math.floor((153 * ((month + 9) % 12) + 2) / 5);
  return era * 146_097 + ofEra * 365 + Math.floor(ofEra / 4) - Math.floor(ofEra / 100) + ofYear - 719_468;
}

const writeDate: CalendarWrite = (out, value) => {
  const days = value as number;
  if (days < FIRST_DAY || days > LAST_DAY)
    throw new SchemaError({ path: "", expected: "a date between 0001-01-01 and 9999-12-31", got: describeValue(value) });
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const ofEra = shifted - era * 146_097;
  const year = Math.floor((ofEra - Math.floor(ofEra / 1460) + Math.floor(ofEra / 36_524) - Math.floor(ofEra / 146_096)) / 365);
  const ofYear = ofEra - (365 * year + Math.floor(year / 4) - Math.floor(year / 100));
  const march = Math.floor((5 * ofYear + 2) / 153);
  const month = march < 10 ? march + 3 : march - 9;
  putNumbers(out, [era * 400 + year + (month <= 2 ? 1 : 0), month, ofYear - Math.floor((153 * march + 2) / 5) + 1]);
};

/** Zeros are not written. */
function putNumbers(out: EncodeBuffer, values: readonly number[]): void {
  out.ensure(11 * values.length);
  for (let index = 0; index < values.length; index++) {
    if (values[index] === 0) continue;
    out.bytes[out.at++] = (index + 1) << 3;
    out.at = varintInto(out.bytes, out.at, values[index]!);
  }
}

function timeOfDay(type: TypeInfo, nanosOfUnit: number): (values: readonly number[]) => unknown {
  return ([hours, minutes, seconds, nanos]) => {
    const fits = within(hours!, 24) && within(minutes!, 60) && within(seconds!, 60) && within(nanos!, 1_000_000_000);
    if (!fits)
      throw new SchemaError({ path: "", expected: typeName(type), got: `${hours}:${minutes}:${seconds} and ${nanos} nanoseconds` });
    const units = ((hours! * 60 + minutes!) * 60 + seconds!) * (1_000_000_000 / nanosOfUnit) + Math.floor(nanos! / nanosOfUnit);
    return type.kind === "bigint" ? BigInt(units) : units;
  };
}

function within(value: number, end: number): boolean {
  return value >= 0 && value < end;
}

function timeWriter(type: TypeInfo, nanosOfUnit: number): CalendarWrite {
  const perSecond = 1_000_000_000 / nanosOfUnit;
  return (out, value) => {
    const units = Number(value);
    if (!within(units, NANOS_PER_DAY / nanosOfUnit))
      throw new SchemaError({ path: "", expected: `${typeName(type)} within a day`, got: describeValue(value) });
    const seconds = Math.floor(units / perSecond);
    const minutes = Math.floor(seconds / 60);
    putNumbers(out, [Math.floor(minutes / 60), minutes % 60, seconds % 60, (units - seconds * perSecond) * nanosOfUnit]);
  };
}

function decimalPlan(type: TypeInfo & { readonly kind: "decimal" }): MessagePlan {
  const { precision, scale } = type;
  const wrong = (got: string): never => {
    throw new SchemaError({ path: "", expected: typeName(type), got });
  };
  const make = ([bytes, , given]: readonly unknown[]): unknown => {
    const [digits, places] = [bytes as Uint8Array, given as number];
    if (digits.length > MAX_DECIMAL_BYTES || Math.abs(places) > MAX_SCALE) wrong(`${digits.length} bytes of scale ${places}`);
    const whole = unscaled(digits);
    const text = places >= 0 ? placePoint(whole, places) : whole === "0" ? whole : whole + "0".repeat(-places);
    const trimmed = text.includes(".") ? text.replace(/\.?0+$/, "") : text;
    return isDecimal(trimmed, precision, scale)
      ? rescale(trimmed === "-0" ? "0" : trimmed, scale)
      : wrong("a larger one, or one with more digits");
  };
  const leaves = [leafPlan({ kind: "bytes" }, "bytes")!, leafPlan({ kind: "long" }, "uint32")!, leafPlan({ kind: "int" }, "int32")!];
  const slots = [
    { name: "value", absent: (): Uint8Array => new Uint8Array(0) },
    { name: "precision", absent: (): number => 0 },
    { name: "scale", absent: (): number => 0 },
  ];
  const fields = leaves.map((leaf, slot) => field(slot, slots[slot]!.name, leaf));
  return plan(typeName(type), fields, slots, make);
}

function decimalWriter({ scale }: TypeInfo & { readonly kind: "decimal" }): CalendarWrite {
  return (out, value) => {
    const text = value as string;
    const units = smallUnits(text, scale);
    if (Number.isNaN(units)) {
      const bytes = decimalBytes(text, scale, undefined);
      out.ensure(bytes.length + 32);
      out.bytes[out.at++] = 0x0a;
      out.at = varintInto(out.bytes, out.at, bytes.length);
      out.bytes.set(bytes, out.at);
      out.at += bytes.length;
      const digits = rescale(text, scale)
        .replace(/[-.]/g, "")
        .replace(/^0+(?=.)/, "");
      putDigits(out, digits.length, scale);
      return;
    }
    let size = 1;
    for (let most = 128; units >= most || units < -most; most *= 256) size++;
    out.ensure(size + 32);
    out.bytes[out.at++] = 0x0a;
    out.bytes[out.at++] = size;
    for (let unit = 256 ** (size - 1); unit >= 1; unit /= 256) out.bytes[out.at++] = Math.floor(units / unit) & 0xff;
    let digits = 1;
    for (let most = 10; units >= most || units <= -most; most *= 10) digits++;
    putDigits(out, digits, scale);
  };
}

/** Precision and scale; there is room. */
function putDigits(out: EncodeBuffer, precision: number, scale: number): void {
  out.bytes[out.at++] = 0x10;
  out.at = varintInto(out.bytes, out.at, precision);
  if (scale === 0) return;
  out.bytes[out.at++] = 0x18;
  out.at = varintInto(out.bytes, out.at, scale);
}

/** Units of 10^−scale as a number; NaN: more digits than a number is sure of, or more places. */
function smallUnits(text: string, scale: number): number {
  const { length } = text;
  if (length > 15) return Number.NaN;
  let units = 0;
  let places = -1;
  for (let index = text.charCodeAt(0) === 0x2d ? 1 : 0; index < length; index++) {
    const code = text.charCodeAt(index);
    if (code === 0x2e) places = 0;
    else {
      units = units * 10 + code - 0x30;
      if (places >= 0) places++;
    }
  }
  if (places < 0) places = 0;
  if (places > scale) return Number.NaN;
  for (; places < scale; places++) units *= 10;
  if (units > 999_999_999_999_999) return Number.NaN;
  return text.charCodeAt(0) === 0x2d ? -units : units;
}
