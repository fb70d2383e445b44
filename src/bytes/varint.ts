// Variable-length integers as in Kafka's records and flexible messages (KIP-482, KIP-98): 7 bits a byte, least significant group first;
// the signed forms are zigzag. Sizes and in-place writes here; reading is a method of ByteReader, which owns the position.
// Invariant: writeX(bytes, at, v) returns at + sizeOfX(v).

const TWO_32 = 4294967296;

/** Bytes that `value` (0 … 2^32 − 1) takes as an unsigned varint. */
export function sizeOfUnsignedVarint(value: number): number {
  const bits = value >>> 0;
  if (bits < 0x80) return 1;
  if (bits < 0x4000) return 2;
  if (bits < 0x200000) return 3;
  return bits < 0x10000000 ? 4 : 5;
}

/** Bytes that `value` (int32) takes as a zigzag varint. */
export function sizeOfVarint(value: number): number {
  return sizeOfUnsignedVarint((value << 1) ^ (value >> 31));
}

/** Bytes that `value` (a safe integer) takes as a zigzag varlong. */
export function sizeOfVarlong(value: number): number {
  let rest = value < 0 ? -2 * value - 1 : 2 * value;
  if (rest < TWO_32) return sizeOfUnsignedVarint(rest);
  let size = 1;
  for (; rest >= 128; size++) rest = Math.floor(rest / 128);
  return size;
}

/** Writes at `at`, which must have room for 5 bytes; returns the position after it. */
export function writeUnsignedVarint(bytes: Uint8Array, at: number, value: number): number {
  let rest = value >>> 0;
  while (rest >= 0x80) {
    bytes[at++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  bytes[at++] = rest;
  return at;
}

/** Writes at `at`, which must have room for 5 bytes; returns the position after it. */
export function writeVarint(bytes: Uint8Array, at: number, value: number): number {
  return writeUnsignedVarint(bytes, at, (value << 1) ^ (value >> 31));
}

/** Writes a safe integer at `at`, which must have room for 10 bytes; returns the position after it. */
export function writeVarlong(bytes: Uint8Array, at: number, value: number): number {
  if (value >= -0x40000000 && value < 0x40000000) return writeVarint(bytes, at, value);
  return writeVarlongWords(bytes, at, Math.floor(value / TWO_32), value | 0);
}

/** The same from a bigint in the int64 range. */
export function writeVarlongBig(bytes: Uint8Array, at: number, value: bigint): number {
  return writeVarlongWords(bytes, at, Number(BigInt.asIntN(32, value >> 32n)), Number(BigInt.asIntN(32, value)));
}

function writeVarlongWords(bytes: Uint8Array, at: number, high: number, low: number): number {
  const sign = high >> 31;
  let zigzagLow = ((low << 1) ^ sign) >>> 0;
  let zigzagHigh = (((high << 1) | (low >>> 31)) ^ sign) >>> 0;
  while (zigzagHigh !== 0 || zigzagLow >= 0x80) {
    bytes[at++] = (zigzagLow & 0x7f) | 0x80;
    zigzagLow = ((zigzagLow >>> 7) | (zigzagHigh << 25)) >>> 0;
    zigzagHigh >>>= 7;
  }
  bytes[at++] = zigzagLow;
  return at;
}
