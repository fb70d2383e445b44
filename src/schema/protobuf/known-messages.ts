// Messages that stand for one value of a type: instants, dates, times of day, decimals, JSON. Everything that knows them by name.
import { calendarPlan, calendarWriter, DATE, DECIMAL, isDate, nanosPerUnit, TIME_OF_DAY } from "./calendar-messages.ts";
import { instantPlan } from "./instant.ts";
import { notedType } from "./leaf-type.ts";
import { FLINK_PRECISION_META, FLINK_TYPE_META, PRECISION_META, SCALE_META, TIMESTAMP, TYPE_META, type Meta } from "./proto-schema.ts";
import type { MessagePlan } from "./read-plan.ts";
import { isJsonMessage, structPlan, structWriter } from "./struct-text.ts";
import type { EncodeBuffer } from "../encode-buffer.ts";
import type { TypeInfo } from "../type-info.ts";
import { typeText } from "../type-names.ts";

/** Of a decimal of which nothing is noted: Flink's most digits, half of them behind the point. */
const [PRECISION, SCALE] = [38, 18];
const FILES: Readonly<Record<string, string>> = {
  [TIMESTAMP]: "google/protobuf/timestamp.proto",
  [DATE]: "google/type/date.proto",
  [TIME_OF_DAY]: "google/type/timeofday.proto",
  [DECIMAL]: "confluent/type/decimal.proto",
};

export function isKnownMessage(name: string): boolean {
  return Object.hasOwn(FILES, name) || isJsonMessage(name);
}

/** What a type is written as that no scalar is: a message's name, its file, and what is noted beside it. undefined: it is another type. */
export function knownMessage(
  type: TypeInfo,
): { readonly name: string; readonly file: string; readonly notes: readonly (readonly [key: string, value: string])[] } | undefined {
  const found = (name: string, notes: readonly (readonly [string, string])[] = []) => ({ name, file: FILES[name]!, notes });
  const noted = [[TYPE_META, typeText(type)]] as const;
  if (type.kind === "timestamp") return found(TIMESTAMP);
  if ("logical" in type && type.logical?.startsWith("timestamp-") === true) return found(TIMESTAMP, noted);
  if (isDate(type)) return found(DATE);
  if (nanosPerUnit(type) !== undefined) return found(TIME_OF_DAY, type.kind === "int" ? [] : noted);
  if (type.kind !== "decimal") return undefined;
  const { precision, scale } = type;
  return found(DECIMAL, [[PRECISION_META, String(precision)], [SCALE_META, String(scale)]]); // prettier-ignore
}

/** The type of such a message where nothing else is declared. */
export function knownType(name: string, meta: Meta | undefined): TypeInfo | undefined {
  const noted = notedType(meta?.get(TYPE_META));
  const digits = Number(meta?.get(FLINK_PRECISION_META) ?? 3);
  switch (name) {
    case TIMESTAMP:
      if (noted !== undefined && instantPlan(noted) !== undefined) return noted;
      return instantOf(digits, meta?.get(FLINK_TYPE_META) === "timestamp");
    case DATE:
      return { kind: "int", logical: "date" };
    case TIME_OF_DAY:
      if (noted !== undefined && nanosPerUnit(noted) !== undefined) return noted;
      return digits > 3 ? { kind: "long", logical: "time-micros" } : { kind: "int", logical: "time-millis" };
    case DECIMAL:
      return decimalOf(meta);
    default:
      return isJsonMessage(name) ? { kind: "string" } : undefined;
  }
}

function instantOf(digits: number, isLocal: boolean): TypeInfo {
  if (digits > 6) return { kind: "bigint", logical: isLocal ? "local-timestamp-nanos" : "timestamp-nanos" };
  if (digits > 3) return { kind: "long", logical: isLocal ? "local-timestamp-micros" : "timestamp-micros" };
  return isLocal ? { kind: "long", logical: "local-timestamp-millis" } : { kind: "timestamp" };
}

function decimalOf(meta: Meta | undefined): TypeInfo {
  const [precision, scale] = [Number(meta?.get(PRECISION_META) ?? PRECISION), Number(meta?.get(SCALE_META) ?? SCALE)];
  const noted = notedType(JSON.stringify({ kind: "decimal", precision, scale }));
  return noted ?? { kind: "decimal", precision: PRECISION, scale: SCALE };
}

/** How the message is read as the type; undefined: it is none of these, or the type has no such values. */
export function knownPlan(name: string, type: TypeInfo): MessagePlan | undefined {
  if (name === TIMESTAMP) return instantPlan(type);
  return calendarPlan(name, type) ?? structPlan(name, type);
}

/** Appends the content of a message for a value that fits the type; undefined: it has no such values. */
export function knownWriter(name: string, type: TypeInfo): ((out: EncodeBuffer, value: unknown) => void) | undefined {
  return calendarWriter(name, type) ?? structWriter(name, type);
}
