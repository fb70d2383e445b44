// Where the frames of zstd data end: node:zlib decodes one frame, and may pass over those behind it without a word, while the format allows
// any number, one after the other (RFC 8878 §3). Only headers are read: what is inside of a block is the decoder's business.
const FRAME_MAGIC = 0xfd2fb528;
/** Of skippable frames, the low four bits are free. */
const SKIPPABLE_MAGIC = 0x184d2a50;
const MAGIC_BYTES = 4;
const DESCRIPTOR_AT = 4;
const SKIPPABLE_HEADER_BYTES = 8;
const BLOCK_HEADER_BYTES = 3;
const DICTIONARY_ID_BYTES = [0, 1, 2, 4] as const;
const CONTENT_SIZE_BYTES = [0, 2, 4, 8] as const;
const RLE_BLOCK = 1;
const CHECKSUM_BYTES = 4;
/** More than anybody writes in one piece; each costs a call of the decoder. */
export const MAX_ZSTD_FRAMES = 1024;

export interface ZstdFrame {
  readonly bytes: Uint8Array;
  /** Of the decompressed data, as the header has it; the decoder holds the frame to it. */
  readonly contentBytes: number | undefined;
}

/**
 * The frames with contents, as views. What ends early, or is something else, is the last of them: the decoder refuses it. Undefined: there
 * are more than MAX_ZSTD_FRAMES.
 */
export function zstdFrames(data: Uint8Array): readonly ZstdFrame[] | undefined {
  const frames: ZstdFrame[] = [];
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  let start = 0;
  for (const end of new ZstdFrameEnds().in(data)) {
    if (view.getUint32(start, true) === FRAME_MAGIC) {
      if (frames.length === MAX_ZSTD_FRAMES) return undefined;
      frames.push({ bytes: data.subarray(start, end), contentBytes: contentBytesAt(view, start) });
    }
    start = end;
  }
  if (start < data.length) frames.push({ bytes: data.subarray(start), contentBytes: undefined });
  return frames;
}

/** It is the last field of the header. */
function contentBytesAt(view: DataView, start: number): number | undefined {
  const descriptor = view.getUint8(start + DESCRIPTOR_AT);
  const size = contentSizeBytes(descriptor);
  const at = start + headerBytes(descriptor) - size;
  if (size === 0) return undefined;
  if (size === 1) return view.getUint8(at);
  if (size === 2) return view.getUint16(at, true) + 256;
  return size === 4 ? view.getUint32(at, true) : Number(view.getBigUint64(at, true));
}

/** Follows data that come in chunks. What is no frame never ends. */
export class ZstdFrameEnds {
  readonly #head = new Uint8Array(SKIPPABLE_HEADER_BYTES);
  readonly #view = new DataView(this.#head.buffer);
  /** Bytes of #head, and how many it must have to say what comes next. */
  #have = 0;
  #need = MAGIC_BYTES;
  /** Bytes to pass over; then the frame ends, or a block's header comes. */
  #skip = 0;
  #endsAfter = false;
  #inBlocks = false;
  #checksumBytes = 0;

  /** Positions in the chunk behind each frame that ends in it, skippable ones too. */
  in(chunk: Uint8Array): number[] {
    const ends: number[] = [];
    for (let at = 0; at < chunk.length;) {
      if (this.#skip > 0) {
        const passed = Math.min(this.#skip, chunk.length - at);
        at += passed;
        this.#skip -= passed;
      } else {
        this.#head[this.#have++] = chunk[at++]!;
        if (this.#have === this.#need) this.#readHead();
      }
      if (this.#skip === 0 && this.#endsAfter) {
        ends.push(at);
        this.#endsAfter = this.#inBlocks = false;
        this.#need = MAGIC_BYTES;
      }
    }
    return ends;
  }

  #readHead(): void {
    if (this.#inBlocks) {
      const header = this.#view.getUint16(0, true) | (this.#head[2]! << 16);
      this.#endsAfter = (header & 1) === 1;
      const blockBytes = ((header >>> 1) & 3) === RLE_BLOCK ? 1 : header >>> 3;
      return this.#pass(blockBytes + (this.#endsAfter ? this.#checksumBytes : 0));
    }
    const magic = this.#view.getUint32(0, true);
    if (magic === FRAME_MAGIC) {
      if (this.#have === MAGIC_BYTES) return void (this.#need = DESCRIPTOR_AT + 1);
      const descriptor = this.#head[DESCRIPTOR_AT]!;
      this.#inBlocks = true;
      this.#checksumBytes = (descriptor & 4) === 0 ? 0 : CHECKSUM_BYTES;
      return this.#pass(headerBytes(descriptor) - DESCRIPTOR_AT - 1);
    }
    if ((magic & ~15) >>> 0 !== SKIPPABLE_MAGIC) return this.#pass(Number.POSITIVE_INFINITY);
    if (this.#have === MAGIC_BYTES) return void (this.#need = SKIPPABLE_HEADER_BYTES);
    this.#endsAfter = true;
    this.#pass(this.#view.getUint32(MAGIC_BYTES, true));
  }

  #pass(bytes: number): void {
    this.#skip = bytes;
    this.#have = 0;
    this.#need = BLOCK_HEADER_BYTES;
  }
}

function headerBytes(descriptor: number): number {
  return DESCRIPTOR_AT + 1 + (isSingleSegment(descriptor) ? 0 : 1) + DICTIONARY_ID_BYTES[descriptor & 3]! + contentSizeBytes(descriptor);
}

function isSingleSegment(descriptor: number): boolean {
  return (descriptor & 32) !== 0;
}

function contentSizeBytes(descriptor: number): number {
  const flag = descriptor >>> 6;
  return flag === 0 && isSingleSegment(descriptor) ? 1 : CONTENT_SIZE_BYTES[flag]!;
}
