// What Compression rejects with: EBADDATA and EOVERSIZE.
import type { CompressionKind } from "../env/compression.ts";

/** node:zlib's own code for output above its limit. */
const TOO_LARGE = "ERR_BUFFER_TOO_LARGE";

export function badData(kind: CompressionKind, cause: Error): Error {
  return Object.assign(new Error(`The data are not valid ${kind}: ${cause.message}.`, { cause }), { code: "EBADDATA" });
}

/** Throws as node:zlib does, whose limit is at least one byte. */
export function checkSize(output: Uint8Array, maxBytes: number): Uint8Array {
  if (output.length > maxBytes) throw tooLarge();
  return output;
}

export function tooLarge(): Error {
  return Object.assign(new RangeError("The output is too large."), { code: TOO_LARGE });
}

/** What the caller of Compression is told of an error of node:zlib. */
export function refusal(kind: CompressionKind, maxBytes: number, error: Error): Error {
  if ((error as NodeJS.ErrnoException).code !== TOO_LARGE) return badData(kind, error);
  return Object.assign(new Error(`The ${kind} data decompress to more than ${maxBytes} bytes.`), { code: "EOVERSIZE" });
}
