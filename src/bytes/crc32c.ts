// CRC-32C (Castagnoli, polynomial 0x1EDC6F41 reflected; RFC 3720 appendix B.4), the checksum of Kafka's record batches and of our files.
// Two implementations with one result: slicing by 8 in JavaScript, and a native one that the real Env installs if it loads.

const SLICES = 8;
/** Below this many bytes the call out of JavaScript costs more than it saves. */
const NATIVE_FROM_BYTES = 256;
const tables = buildTables();

export type NativeCrc32c = (bytes: Uint8Array) => number;
let native: NativeCrc32c | undefined;

/** Installs (or with undefined removes) a native implementation after checking it against the JavaScript one. */
export function useNativeCrc32c(implementation: NativeCrc32c | undefined): void {
  if (implementation !== undefined) {
    const probe = Uint8Array.from({ length: 300 }, (_, index) => (index * 7) & 0xff);
    if (implementation(probe) >>> 0 !== crc32cInJs(probe)) throw new Error("The native CRC-32C disagrees with the JavaScript one.");
  }
  native = implementation;
}

/** CRC-32C of `bytes[start, end)` as an unsigned 32-bit number. */
export function crc32c(bytes: Uint8Array, start = 0, end: number = bytes.length): number {
  if (native !== undefined && end - start >= NATIVE_FROM_BYTES) {
    return native(start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end)) >>> 0;
  }
  return crc32cInJs(bytes, start, end);
}

/** The JavaScript twin. `seed` is the CRC of the bytes before. */
export function crc32cInJs(bytes: Uint8Array, start = 0, end: number = bytes.length, seed = 0): number {
  const table = tables;
  let crc = ~seed;
  let at = start;
  for (const last = end - SLICES; at <= last; at += SLICES) {
    const low = crc ^ (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24));
    crc =
      table[1792 + (low & 0xff)]! ^
      table[1536 + ((low >>> 8) & 0xff)]! ^
      table[1280 + ((low >>> 16) & 0xff)]! ^
      table[1024 + (low >>> 24)]! ^
      table[768 + bytes[at + 4]!]! ^
      table[512 + bytes[at + 5]!]! ^
      table[256 + bytes[at + 6]!]! ^
      table[bytes[at + 7]!]!;
  }
  for (; at < end; at++) crc = (crc >>> 8) ^ table[(crc ^ bytes[at]!) & 0xff]!;
  return ~crc >>> 0;
}

/** Table k (256 entries from 256·k) advances one byte's contribution by k further zero bytes. */
function buildTables(): Int32Array {
  const table = new Int32Array(256 * SLICES);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 1) !== 0 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
    table[byte] = crc;
  }
  for (let index = 256; index < table.length; index++) {
    const previous = table[index - 256]!;
    table[index] = (previous >>> 8) ^ table[previous & 0xff]!;
  }
  return table;
}
