// The text of one cell as a number, a boolean or a time. NaN, −1 or undefined: it is none. Blanks around numbers are allowed.
import { latin1 } from "../../schema/columns.ts";
import { POWERS_OF_TEN } from "../../schema/json/scanner.ts";

const MAX_EXACT_DIGITS = 15;
const MAX_INTEGER_LENGTH = 40;
const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const INTEGER = /^[+-]?\d+$/;
const TIME = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?)?\s*(Z|[+-]\d\d:?\d\d)?$/;
const DAY_MS = 86_400_000;

export function cellNumber(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  const negative = bytes[at] === 0x2d;
  if (negative) at++;
  const first = at;
  let value = 0;
  let digit = 0;
  for (; at < end && (digit = bytes[at]! - 0x30) >= 0 && digit <= 9; at++) value = value * 10 + digit;
  let digits = at - first;
  if (digits === 0) return slowNumber(bytes, start, end);
  if (at < end && bytes[at] === 0x2e) {
    const point = ++at;
    for (; at < end && (digit = bytes[at]! - 0x30) >= 0 && digit <= 9; at++) value = value * 10 + digit;
    const fraction = at - point;
    digits += fraction;
    if (digits <= MAX_EXACT_DIGITS) value /= POWERS_OF_TEN[fraction]!;
  }
  if (at < end || digits > MAX_EXACT_DIGITS) return slowNumber(bytes, start, end);
  return negative ? -value : value;
}

function slowNumber(bytes: Uint8Array, start: number, end: number): number {
  const text = latin1(bytes, start, end).trim();
  return NUMBER.test(text) ? Number(text) : Number.NaN;
}

export function cellBigint(bytes: Uint8Array, start: number, end: number): bigint | undefined {
  const text = latin1(bytes, start, end).trim();
  if (!INTEGER.test(text) || text.length > MAX_INTEGER_LENGTH) return undefined;
  const value = BigInt(text.startsWith("+") ? text.slice(1) : text);
  return BigInt.asIntN(64, value) === value ? value : undefined;
}

/** 1, 0, or −1: "true" and "false" in any case, 1 and 0. */
export function cellBoolean(bytes: Uint8Array, start: number, end: number): number {
  const text = latin1(bytes, start, Math.min(end, start + 6)).toLowerCase();
  return text === "true" || text === "1" ? 1 : text === "false" || text === "0" ? 0 : -1;
}

/** Epoch ms: a whole number, or ISO 8601 (UTC unless it says otherwise; what is finer than a millisecond is cut). */
export function cellTime(bytes: Uint8Array, start: number, end: number): number {
  const length = end - start;
  if (length >= 19 && bytes[start + 4] === 0x2d) {
    const time = fastTime(bytes, start);
    if (time === time) {
      if (length === 19 || (length === 20 && bytes[end - 1] === 0x5a)) return time;
      if (length === 24 && bytes[start + 19] === 0x2e && bytes[end - 1] === 0x5a) {
        const ms = number(bytes, start + 20, 3);
        if (ms >= 0) return time + ms;
      }
    }
    return isoTime(latin1(bytes, start, end));
  }
  const value = cellNumber(bytes, start, end);
  return value === value ? value : isoTime(latin1(bytes, start, end).trim());
}

/** "YYYY-MM-DD?HH:MM:SS" with any separator in the middle that is "T" or a blank; NaN if it is something else. */
function fastTime(bytes: Uint8Array, at: number): number {
  if (bytes[at + 7] !== 0x2d || bytes[at + 13] !== 0x3a || bytes[at + 16] !== 0x3a) return Number.NaN;
  if (bytes[at + 10] !== 0x54 && bytes[at + 10] !== 0x20) return Number.NaN;
  const year = number(bytes, at, 4);
  const month = number(bytes, at + 5, 2);
  const day = number(bytes, at + 8, 2);
  const hour = number(bytes, at + 11, 2);
  const minute = number(bytes, at + 14, 2);
  const second = number(bytes, at + 17, 2);
  if (year < 0 || !isDate(year, month, day) || !isClock(hour, minute, second)) return Number.NaN;
  return daysFromCivil(year, month, day) * DAY_MS + hour * 3_600_000 + minute * 60_000 + second * 1000;
}

function isoTime(text: string): number {
  const match = TIME.exec(text);
  if (match === null) return Number.NaN;
  const [, year, month, day, hour = "0", minute = "0", second = "0", fraction = "", zone = "Z"] = match;
  if (!isDate(Number(year), Number(month), Number(day)) || !isClock(Number(hour), Number(minute), Number(second))) return Number.NaN;
  const ms = Number(fraction.padEnd(3, "0").slice(0, 3));
  const clock = Number(hour) * 3_600_000 + Number(minute) * 60_000 + Number(second) * 1000 + ms;
  return daysFromCivil(Number(year), Number(month), Number(day)) * DAY_MS + clock - zoneMs(zone);
}

function zoneMs(zone: string): number {
  if (zone === "Z") return 0;
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(-2));
  return (zone.startsWith("-") ? -1 : 1) * minutes * 60_000;
}

/** −1: not all of them are digits. */
function number(bytes: Uint8Array, at: number, digits: number): number {
  let value = 0;
  for (let index = 0; index < digits; index++) {
    const digit = bytes[at + index]! - 0x30;
    if (!(digit >= 0 && digit <= 9)) return -1;
    value = value * 10 + digit;
  }
  return value;
}

function isDate(year: number, month: number, day: number): boolean {
  if (month < 1 || month > 12 || day < 1) return false;
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return day <= (month === 2 ? (leap ? 29 : 28) : month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31);
}

function isClock(hour: number, minute: number, second: number): boolean {
  return hour >= 0 && hour <= 23 && minute >= 0 && minute <= 59 && second >= 0 && second <= 59;
}

/** Days since 1970-01-01 in the proleptic Gregorian calendar, by years that begin in March. */
function daysFromCivil(year: number, month: number, day: number): number {
  const shifted = month <= 2 ? year - 1 : year;
  const era = Math.floor(shifted / 400);
  const yearOfEra = shifted - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}
