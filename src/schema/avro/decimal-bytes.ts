// Decimals as Avro has them: a two's-complement, big-endian integer of units of 10^−scale, in as few bytes as can be (or a fixed size).
// Outside they are text in plain notation with exactly `scale` digits after the point.
import { SchemaError } from "../schema-error.ts";

/** 10^4000 takes 1,661 bytes: enough for every precision that t.decimal() allows, and little to convert. */
export const MAX_DECIMAL_BYTES = 2048;

export function decimalText(bytes: Uint8Array, scale: number): string {
  return placePoint(unscaled(bytes), scale);
}

/** As digits. Throws SchemaError. */
export function unscaled(bytes: Uint8Array): string {
  const { length } = bytes;
  if (length > MAX_DECIMAL_BYTES) throw bad(`a decimal of at most ${MAX_DECIMAL_BYTES} bytes`, `${length} bytes`);
  if (length <= 6) {
    let value = length === 0 ? 0 : (bytes[0]! << 24) >> 24;
    for (let index = 1; index < length; index++) value = value * 256 + bytes[index]!;
    return String(value);
  }
  let value = BigInt(`0x${Buffer.from(bytes.buffer, bytes.byteOffset, length).toString("hex")}`);
  if (bytes[0]! >= 0x80) value -= 1n << BigInt(8 * length);
  return String(value);
}

/** `digits` with so many behind the point. */
export function placePoint(digits: string, scale: number): string {
  if (scale === 0) return digits;
  const minus = digits.startsWith("-");
  const whole = (minus ? digits.slice(1) : digits).padStart(scale + 1, "0");
  return `${minus ? "-" : ""}${whole.slice(0, -scale)}.${whole.slice(-scale)}`;
}

/** The text at another scale; digits that are not zero are not dropped: SchemaError. */
export function rescale(text: string, scale: number): string {
  const point = text.indexOf(".");
  const whole = point < 0 ? text : text.slice(0, point);
  const fraction = point < 0 ? "" : text.slice(point + 1);
  if (/[^0]/.test(fraction.slice(scale))) throw bad(`a decimal with ${scale} digits after the point`, "more digits");
  return scale === 0 ? whole : `${whole}.${fraction.slice(0, scale).padEnd(scale, "0")}`;
}

/** The bytes of a text that isDecimal() accepts; `size` undefined: as few as can be. Throws SchemaError when they do not fit. */
export function decimalBytes(text: string, scale: number, size: number | undefined): Uint8Array {
  const at = rescale(text, scale).replace(".", "");
  const value = BigInt(at);
  const length = size ?? bytesFor(value);
  const bytes = new Uint8Array(length);
  let rest = value;
  for (let index = length - 1; index >= 0; index--) {
    bytes[index] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  if (rest !== (length > 0 && bytes[0]! >= 0x80 ? -1n : 0n)) throw bad(`a decimal that fits ${length} bytes`, "a larger one");
  return bytes;
}

function bytesFor(value: bigint): number {
  const hex = (value < 0n ? -value - 1n : value).toString(16);
  const bits = (hex.length - 1) * 4 + (32 - Math.clz32(Number.parseInt(hex[0]!, 16)));
  return Math.floor(bits / 8) + 1;
}

function bad(expected: string, got: string): SchemaError {
  return new SchemaError({ path: "", expected, got });
}
