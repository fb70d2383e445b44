// The uncompressed text of a file in pieces, from a position on. Plain files are read from there; compressed ones from their beginning, and
// what lies before the position is dropped. The kind is told by the name: .gz and .zst, anything else is plain.
import type { CompressionKind } from "../../env/compression.ts";
import type { Env } from "../../env/env.ts";
import type { FileHandle } from "../../env/files.ts";

const PLAIN_BYTES = 256 * 1024;
/** Small pieces of a decompressor are put together up to this. */
const GATHERED_BYTES = 128 * 1024;

export function compressionOf(path: string): CompressionKind | undefined {
  return path.endsWith(".gz") ? "gzip" : path.endsWith(".zst") ? "zstd" : undefined;
}

export function textChunks(env: Pick<Env, "files" | "compression">, path: string, from: number): AsyncGenerator<Uint8Array, void> {
  const kind = compressionOf(path);
  return kind === undefined ? plainChunks(env, path, from) : compressedChunks(env, kind, path, from);
}

async function* plainChunks(env: Pick<Env, "files">, path: string, from: number): AsyncGenerator<Uint8Array, void> {
  const handle = await env.files.open(path, "r");
  try {
    let at = from;
    for (;;) {
      const chunk = await readChunk(handle, at);
      if (chunk.length === 0) return;
      at += chunk.length;
      yield chunk;
    }
  } finally {
    await handle.close();
  }
}

async function readChunk(handle: FileHandle, at: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(PLAIN_BYTES);
  return bytes.subarray(0, await handle.read(bytes, 0, bytes.length, at));
}

async function* compressedChunks(
  env: Pick<Env, "files" | "compression">,
  kind: CompressionKind,
  path: string,
  from: number,
): AsyncGenerator<Uint8Array, void> {
  let skip = from;
  let gathered: Uint8Array[] = [];
  let length = 0;
  for await (const piece of env.compression.decompressStream(kind, plainChunks(env, path, 0))) {
    const wanted = skip === 0 ? piece : piece.subarray(Math.min(skip, piece.length));
    skip -= piece.length - wanted.length;
    if (wanted.length === 0) continue;
    gathered.push(wanted);
    length += wanted.length;
    if (length < GATHERED_BYTES) continue;
    yield joined(gathered, length);
    gathered = [];
    length = 0;
  }
  if (length > 0) yield joined(gathered, length);
}

function joined(pieces: readonly Uint8Array[], length: number): Uint8Array {
  if (pieces.length === 1) return pieces[0]!;
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}
