// The bytes of an ASCII string, taken out of it in one call and kept until the next one: hashing and comparing a key both want them, and
// a character at a time costs more than the whole. What exceeds MAX_LENGTH, or is not ASCII, goes the way of canonical-key.ts.

const MAX_LENGTH = 1024;
/** Below this a loop is faster than a call. */
const SHORT = 6;

export const asciiBytes = new Uint8Array(MAX_LENGTH);
/** The same as int32, little-endian like the machine; bytes behind the string are of older ones. */
export const asciiWords = new Int32Array(asciiBytes.buffer);

const encoder = new TextEncoder();
let last = "";
let lastIsAscii = true;

/** Puts the string into asciiBytes; false if it is not (or not known to be) ASCII. */
export function takeAscii(text: string): boolean {
  if (text === last) return lastIsAscii;
  last = text;
  lastIsAscii =
    text.length <= MAX_LENGTH && (text.length < SHORT ? takeShort(text) : encoder.encodeInto(text, asciiBytes).written === text.length);
  return lastIsAscii;
}

function takeShort(text: string): boolean {
  let all = 0;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    asciiBytes[at] = unit;
    all |= unit;
  }
  return all <= 0x7f;
}
