// Writes JSON scalars as bytes, with the same text as JSON.stringify, except that lone surrogates become U+FFFD. Every function takes the
// array and a position, expects enough room, and returns the position after what it wrote.
import { appendCodePoint } from "./utf8.ts";

/** Room that any number takes. */
export const NUMBER_BYTES = 25;
/** Room per UTF-16 unit of a string, at worst ("\u0000"); two quotes more for the whole. */
export const STRING_BYTES_PER_UNIT = 6;

const HEX = new TextEncoder().encode("0123456789abcdef");
const TEN_9 = 1e9;
const MAX_EXACT = 1e15;

/** A finite number. */
export function writeNumber(bytes: Uint8Array, at: number, value: number): number {
  if (value === (value | 0)) {
    if (value >= 0) return writeDigits(bytes, at, value);
    bytes[at] = 0x2d;
    return writeDigits(bytes, at + 1, -value);
  }
  const size = Math.abs(value);
  if (size < MAX_EXACT) {
    if (value < 0) bytes[at++] = 0x2d;
    if (size === Math.floor(size)) return writeLong(bytes, at, size);
    const cents = Math.round(size * 100);
    if (cents < MAX_EXACT && cents / 100 === size) return writeCents(bytes, at, cents);
    return writeAscii(bytes, at, String(size));
  }
  return writeAscii(bytes, at, String(value));
}

/** An integer from 0 to 2^31. */
function writeDigits(bytes: Uint8Array, at: number, value: number): number {
  const end = at + digitCount(value);
  let rest = value;
  let here = end;
  do {
    const tenth = (rest / 10) | 0;
    bytes[--here] = 0x30 + (rest - tenth * 10);
    rest = tenth;
  } while (here > at);
  return end;
}

function digitCount(value: number): number {
  if (value < 100000) return value < 100 ? (value < 10 ? 1 : 2) : value < 1000 ? 3 : value < 10000 ? 4 : 5;
  return value < 10000000 ? (value < 1000000 ? 6 : 7) : value < 100000000 ? 8 : value < 1000000000 ? 9 : 10;
}

/** An integer from 0 to 10^15. */
function writeLong(bytes: Uint8Array, at: number, value: number): number {
  if (value < TEN_9) return writeDigits(bytes, at, value);
  const high = Math.floor(value / TEN_9);
  const middle = writeDigits(bytes, at, high);
  return writePadded(bytes, middle, value - high * TEN_9, 9);
}

function writePadded(bytes: Uint8Array, at: number, value: number, digits: number): number {
  let rest = value;
  for (let here = at + digits - 1; here >= at; here--) {
    const tenth = (rest / 10) | 0;
    bytes[here] = 0x30 + (rest - tenth * 10);
    rest = tenth;
  }
  return at + digits;
}

/** cents / 100, which has a fraction. Decimals of at most 15 digits name one double each, so these digits are the shortest. */
function writeCents(bytes: Uint8Array, at: number, cents: number): number {
  const whole = Math.floor(cents / 100);
  const fraction = cents - whole * 100;
  at = writeLong(bytes, at, whole);
  bytes[at++] = 0x2e;
  const tenths = (fraction / 10) | 0;
  bytes[at++] = 0x30 + tenths;
  const hundredths = fraction - tenths * 10;
  if (hundredths > 0) bytes[at++] = 0x30 + hundredths;
  return at;
}

export function writeAscii(bytes: Uint8Array, at: number, text: string): number {
  for (let index = 0; index < text.length; index++) bytes[at + index] = text.charCodeAt(index);
  return at + text.length;
}

/** With quotes and escapes. */
export function writeString(bytes: Uint8Array, at: number, text: string): number {
  const { length } = text;
  bytes[at++] = 0x22;
  for (let index = 0; index < length; index++) {
    const unit = text.charCodeAt(index);
    if (unit < 0x80) {
      if (unit >= 0x20 && unit !== 0x22 && unit !== 0x5c) bytes[at++] = unit;
      else at = writeEscape(bytes, at, unit);
    } else {
      let point = unit;
      if (unit >= 0xd800 && unit < 0xe000) {
        const low = unit < 0xdc00 && index + 1 < length ? text.charCodeAt(index + 1) : 0;
        if (low >= 0xdc00 && low < 0xe000) {
          point = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
          index++;
        } else point = 0xfffd;
      }
      at = appendCodePoint(bytes, at, point);
    }
  }
  bytes[at++] = 0x22;
  return at;
}

/** The same from UTF-8. */
export function writeUtf8String(bytes: Uint8Array, at: number, text: Uint8Array, start: number, end: number): number {
  bytes[at++] = 0x22;
  for (let index = start; index < end; index++) {
    const byte = text[index]!;
    if (byte >= 0x20 && byte !== 0x22 && byte !== 0x5c) bytes[at++] = byte;
    else at = writeEscape(bytes, at, byte);
  }
  bytes[at++] = 0x22;
  return at;
}

const SHORT = new Map([...'"\\'].map((character) => [character.charCodeAt(0), character.charCodeAt(0)]));
for (const [character, letter] of ["\bb", "\ff", "\nn", "\rr", "\tt"]) SHORT.set(character!.charCodeAt(0), letter!.charCodeAt(0));

function writeEscape(bytes: Uint8Array, at: number, unit: number): number {
  bytes[at] = 0x5c;
  const short = SHORT.get(unit);
  if (short !== undefined) {
    bytes[at + 1] = short;
    return at + 2;
  }
  bytes[at + 1] = 0x75;
  bytes[at + 2] = 0x30;
  bytes[at + 3] = 0x30;
  bytes[at + 4] = HEX[unit >> 4]!;
  bytes[at + 5] = HEX[unit & 15]!;
  return at + 6;
}
