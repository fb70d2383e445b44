// Where the frames of zstd data begin: node:zlib decodes the first and may pass over the others without a word, while the format allows any
// number, one after the other (RFC 8878 §3). Only headers are read: what is inside of a block is the decoder's business.
const FRAME_MAGIC = 0xfd2fb528;
/** Of skippable frames, the low four bits are free. */
const SKIPPABLE_MAGIC = 0x184d2a50;
const DESCRIPTOR_AT = 4;
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
  for (let start = 0; start < data.length;) {
    const end = frameEnd(view, start);
    if (end < 0 || end > data.length) return [...frames, { bytes: data.subarray(start), contentBytes: undefined }];
    if (view.getUint32(start, true) === FRAME_MAGIC) {
      if (frames.length === MAX_ZSTD_FRAMES) return undefined;
      frames.push({ bytes: data.subarray(start, end), contentBytes: contentBytesAt(view, start) });
    }
    start = end;
  }
  return frames;
}

/** −1: it is no frame, or not a whole one. */
function frameEnd(view: DataView, start: number): number {
  if (start + 8 > view.byteLength) return -1;
  const magic = view.getUint32(start, true);
  if ((magic & ~15) >>> 0 === SKIPPABLE_MAGIC) return start + 8 + view.getUint32(start + 4, true);
  if (magic !== FRAME_MAGIC) return -1;
  let at = start + headerBytesAt(view, start);
  for (;;) {
    if (at + 3 > view.byteLength) return -1;
    const header = view.getUint16(at, true) | (view.getUint8(at + 2) << 16);
    at += 3 + (((header >>> 1) & 3) === RLE_BLOCK ? 1 : header >>> 3);
    if ((header & 1) === 1) return at + ((view.getUint8(start + DESCRIPTOR_AT) & 4) === 0 ? 0 : CHECKSUM_BYTES);
  }
}

function headerBytesAt(view: DataView, start: number): number {
  const descriptor = view.getUint8(start + DESCRIPTOR_AT);
  return DESCRIPTOR_AT + 1 + (isSingleSegment(descriptor) ? 0 : 1) + DICTIONARY_ID_BYTES[descriptor & 3]! + contentSizeBytes(descriptor);
}

/** It is the last field of the header. */
function contentBytesAt(view: DataView, start: number): number | undefined {
  const size = contentSizeBytes(view.getUint8(start + DESCRIPTOR_AT));
  const at = start + headerBytesAt(view, start) - size;
  if (size === 0) return undefined;
  if (size === 1) return view.getUint8(at);
  if (size === 2) return view.getUint16(at, true) + 256;
  return size === 4 ? view.getUint32(at, true) : Number(view.getBigUint64(at, true));
}

function isSingleSegment(descriptor: number): boolean {
  return (descriptor & 32) !== 0;
}

function contentSizeBytes(descriptor: number): number {
  const flag = descriptor >>> 6;
  return flag === 0 && isSingleSegment(descriptor) ? 1 : CONTENT_SIZE_BYTES[flag]!;
}
