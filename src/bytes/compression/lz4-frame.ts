// LZ4's frame format (lz4_Frame_format.md 1.6.3) as Kafka uses it from record batches of magic 2 on. Written: independent blocks of at most
// 64 KB, as Kafka's own clients write them. Read: every frame without a dictionary, its checksums verified; frames may follow each other.
import { BoundedOutput } from "./bounded-output.ts";
import { badData } from "./compression-error.ts";
import { compressLz4Block, decompressLz4Block, lz4BlockSize, lz4Bound } from "./lz4-block.ts";
import { xxhash32 } from "./xxhash32.ts";

const MAGIC = 0x184d2204;
const SKIPPABLE_MAGIC = 0x184d2a50;
const VERSION_FLAG = 0x40;
const INDEPENDENT_FLAG = 0x20;
const BLOCK_CHECKSUM_FLAG = 0x10;
const CONTENT_SIZE_FLAG = 0x08;
const CONTENT_CHECKSUM_FLAG = 0x04;
const RESERVED_FLAG = 0x02;
const DICTIONARY_FLAG = 0x01;
const BLOCK_BYTES = 65_536;
const BLOCK_64_KB = 4;
const UNCOMPRESSED = 0x80000000;
const WINDOW_BYTES = 65_536;
const HEADER_BYTES = 7;
/** More than this cannot come out of a byte. */
const MAX_RATIO = 256;

export function compressLz4(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const blocks = Math.ceil(bytes.length / BLOCK_BYTES);
  const out = new Uint8Array(HEADER_BYTES + blocks * (4 + lz4Bound(Math.min(BLOCK_BYTES, bytes.length))) + 4);
  putWord(out, 0, MAGIC);
  out[4] = VERSION_FLAG | INDEPENDENT_FLAG;
  out[5] = BLOCK_64_KB << 4;
  out[6] = (xxhash32(out, 4, 6) >>> 8) & 0xff;
  let at = HEADER_BYTES;
  for (let from = 0; from < bytes.length; from += BLOCK_BYTES) {
    const to = Math.min(from + BLOCK_BYTES, bytes.length);
    const end = compressLz4Block(bytes, from, to, out, at + 4);
    const compressed = end - at - 4;
    if (compressed < to - from) {
      putWord(out, at, compressed);
      at = end;
    } else {
      putWord(out, at, (to - from) | UNCOMPRESSED);
      out.set(bytes.subarray(from, to), at + 4);
      at += 4 + to - from;
    }
  }
  putWord(out, at, 0);
  return out.subarray(0, at + 4);
}

/** Throws CompressionError: EBADDATA, EOVERSIZE as soon as more than `maxBytes` would come out. */
export function decompressLz4(bytes: Uint8Array, maxBytes: number): Uint8Array<ArrayBuffer> {
  const output = new BoundedOutput(0, maxBytes);
  let at = 0;
  do {
    const magic = wordIn(bytes, at);
    if ((magic & 0xfffffff0) >>> 0 === SKIPPABLE_MAGIC) {
      at += 8 + wordIn(bytes, at + 4);
      if (at > bytes.length) throw badData("lz4", "a skippable frame is cut off");
    } else if (magic === MAGIC) at = readFrame(bytes, at + 4, output);
    else throw badData("lz4", "no frame begins here");
  } while (at < bytes.length);
  return output.finish();
}

/** Returns the position behind the frame. */
function readFrame(bytes: Uint8Array, start: number, output: BoundedOutput): number {
  const descriptor = readDescriptor(bytes, start);
  const { flags, maxBlockBytes, contentBytes, at: blocksAt } = descriptor;
  // All room at once, and none for what is too large.
  output.reserve(Math.max(contentBytes < 0 ? 0 : Math.min(contentBytes, bytes.length * MAX_RATIO), contentSize(bytes, descriptor)));
  const frameStart = output.length;
  let at = blocksAt;
  for (;;) {
    const word = wordIn(bytes, at);
    at += 4;
    if (word === 0) break;
    const size = word & 0x7fffffff;
    const end = at + size;
    checkBlock(bytes, at, size, maxBlockBytes);
    const blockStart = output.length;
    if (word >= UNCOMPRESSED) output.append(bytes, at, end);
    else {
      const independent = (flags & INDEPENDENT_FLAG) !== 0;
      decompressLz4Block(bytes, at, end, output, independent ? blockStart : Math.max(frameStart, blockStart - WINDOW_BYTES));
    }
    if (output.length - blockStart > maxBlockBytes) throw badData("lz4", "a block is larger than its frame allows");
    at = end;
    if ((flags & BLOCK_CHECKSUM_FLAG) !== 0) {
      if (wordIn(bytes, at) !== xxhash32(bytes, end - size, end)) throw badData("lz4", "a block's checksum is wrong");
      at += 4;
    }
  }
  if (contentBytes >= 0 && output.length - frameStart !== contentBytes) throw badData("lz4", "the content's size is wrong");
  if ((flags & CONTENT_CHECKSUM_FLAG) === 0) return at;
  if (wordIn(bytes, at) !== xxhash32(output.bytes, frameStart, output.length)) throw badData("lz4", "the content's checksum is wrong");
  return at + 4;
}

/** Adds up what the blocks of a frame decompress to. */
function contentSize(bytes: Uint8Array, { flags, maxBlockBytes, at: start }: Descriptor): number {
  let total = 0;
  for (let at = start; ;) {
    const word = wordIn(bytes, at);
    if (word === 0) return total;
    const size = word & 0x7fffffff;
    checkBlock(bytes, at + 4, size, maxBlockBytes);
    total += word >= UNCOMPRESSED ? size : lz4BlockSize(bytes, at + 4, at + 4 + size);
    at += 4 + size + ((flags & BLOCK_CHECKSUM_FLAG) === 0 ? 0 : 4);
  }
}

function checkBlock(bytes: Uint8Array, at: number, size: number, maxBlockBytes: number): void {
  if (size > maxBlockBytes || at + size > bytes.length) throw badData("lz4", `a block claims ${size} bytes`);
}

interface Descriptor {
  readonly flags: number;
  readonly maxBlockBytes: number;
  /** −1: not told. */
  readonly contentBytes: number;
  readonly at: number;
}

function readDescriptor(bytes: Uint8Array, start: number): Descriptor {
  if (start + 3 > bytes.length) throw badData("lz4", "the frame's header is cut off");
  const flags = bytes[start]!;
  const blockSize = (bytes[start + 1]! >> 4) & 7;
  if ((flags & 0xc0) !== VERSION_FLAG || (flags & RESERVED_FLAG) !== 0 || blockSize < BLOCK_64_KB)
    throw badData("lz4", "the frame's header is unknown");
  if ((flags & DICTIONARY_FLAG) !== 0) throw badData("lz4", "it needs a dictionary");
  let at = start + 2;
  let contentBytes = -1;
  if ((flags & CONTENT_SIZE_FLAG) !== 0) {
    contentBytes = wordIn(bytes, at) + wordIn(bytes, at + 4) * 0x1_0000_0000;
    at += 8;
  }
  if (bytes[at] !== ((xxhash32(bytes, start, at) >>> 8) & 0xff)) throw badData("lz4", "the header's checksum is wrong");
  return { flags, maxBlockBytes: 1 << (8 + 2 * blockSize), contentBytes, at: at + 1 };
}

function wordIn(bytes: Uint8Array, at: number): number {
  if (at + 4 > bytes.length) throw badData("lz4", "it is cut off");
  return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
}

function putWord(bytes: Uint8Array, at: number, word: number): void {
  bytes[at] = word & 0xff;
  bytes[at + 1] = (word >>> 8) & 0xff;
  bytes[at + 2] = (word >>> 16) & 0xff;
  bytes[at + 3] = word >>> 24;
}
