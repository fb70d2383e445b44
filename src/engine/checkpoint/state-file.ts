// A file of state chunks: a header, then frames of (length, CRC-32C, payload), then an end frame with their number. Written in the
// order the snapshot cursors give them; a reader believes nothing that its checksum and the manifest do not confirm.
import { crc32c } from "../../bytes/crc32c.ts";
import { ByteReader } from "../../bytes/reader.ts";
import { ByteWriter } from "../../bytes/writer.ts";
import type { FileHandle, Files } from "../../env/files.ts";
import type { StateAddress, StateChunk } from "../subtask/subtask.ts";
import { CheckpointError } from "./checkpoint-errors.ts";
import type { StateFileRef } from "./checkpoint-manifest.ts";

/** "MRST" and the format's version. */
const MAGIC = 0x4d525354;
const VERSION = 1;
const HEADER_BYTES = 8;
const FRAME_HEADER_BYTES = 8;
/** Written to the file in pieces of about this size. */
const FLUSH_BYTES = 256 * 1024;
/** The writer asks its caller to wait while more than this is on its way to the disk. */
export const MAX_PENDING_STATE_BYTES = 8 * 1024 * 1024;
/** One state chunk; operators cut theirs far smaller. */
export const MAX_STATE_CHUNK_BYTES = 256 * 1024 * 1024;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export class StateFileWriter {
  readonly name: string;
  readonly #open: () => Promise<FileHandle>;
  #handle: Promise<FileHandle> | undefined;
  #buffer = new ByteWriter(FLUSH_BYTES + 65536);
  #position = 0;
  #frames = 0;
  #pending = 0;
  #chain: Promise<void> = Promise.resolve();
  #error: unknown;

  constructor(files: Files, directory: string, name: string) {
    this.name = name;
    this.#open = () => files.open(`${directory}/${name}`, "w+");
    this.#buffer.int32(MAGIC);
    this.#buffer.int32(VERSION);
  }

  /** No chunk was written: no file is needed. */
  get empty(): boolean {
    return this.#frames === 0;
  }

  /** More than MAX_PENDING_STATE_BYTES wait for the disk: call written() before the next append. */
  get full(): boolean {
    return this.#pending > MAX_PENDING_STATE_BYTES;
  }

  /** Throws what went wrong in the background. */
  append(chunk: StateChunk): void {
    if (this.#error !== undefined) throw this.#error;
    const buffer = this.#buffer;
    const start = buffer.length;
    buffer.int32(0);
    buffer.int32(0);
    putText(buffer, chunk.operator);
    putAddress(buffer, chunk.address);
    buffer.int32(chunk.bytes.length);
    buffer.bytes(chunk.bytes);
    const length = buffer.length - start - FRAME_HEADER_BYTES;
    if (length > MAX_STATE_CHUNK_BYTES)
      throw new RangeError(`A state chunk of ${chunk.operator} has ${length} bytes; at most ${MAX_STATE_CHUNK_BYTES} are allowed.`);
    buffer.patchInt32(start, length);
    buffer.patchInt32(start + 4, crc32c(buffer.finish(), start + FRAME_HEADER_BYTES, buffer.length) | 0);
    this.#frames++;
    if (buffer.length >= FLUSH_BYTES) this.#flush();
  }

  /** Everything appended so far has been taken by the kernel. */
  async written(): Promise<void> {
    await this.#chain;
    if (this.#error !== undefined) throw this.#error;
  }

  /** Durable after this. The file is closed, also when it rejects. */
  async finish(): Promise<StateFileRef> {
    this.#buffer.int32(0);
    this.#buffer.int32(this.#frames);
    this.#flush();
    try {
      await this.written();
      const handle = await this.#handle!;
      await handle.datasync();
    } finally {
      await this.close();
    }
    return { name: this.name, sizeBytes: this.#position, chunks: this.#frames };
  }

  /** Gives up: waits for the write under way and closes the file. */
  async close(): Promise<void> {
    await this.#chain;
    const opened = this.#handle;
    this.#handle = undefined;
    if (opened !== undefined) await opened.then((handle) => handle.close()).catch(() => {});
  }

  #flush(): void {
    const bytes = this.#buffer.finish().slice();
    this.#buffer.reset();
    const at = this.#position;
    this.#position += bytes.length;
    this.#pending += bytes.length;
    this.#handle ??= this.#open();
    const handle = this.#handle;
    this.#chain = this.#chain.then(async () => {
      try {
        if (this.#error === undefined) await (await handle).write([bytes], at);
      } catch (error) {
        this.#error = error;
      }
      this.#pending -= bytes.length;
    });
  }
}

/**
 * The chunks of a state file in the order of writing. Throws CHECKPOINT_DAMAGED when a length, checksum or count does not fit.
 * Each chunk's bytes are its own copy.
 */
export async function* readStateFile(files: Files, directory: string, ref: StateFileRef): AsyncGenerator<StateChunk> {
  const path = `${directory}/${ref.name}`;
  const damaged = (why: string) =>
    new CheckpointError(
      "CHECKPOINT_DAMAGED",
      `The state file ${path} is damaged: ${why}. Nothing was restored; choose another checkpoint or savepoint explicitly.`,
    );
  const handle = await files.open(path, "r").catch((error: unknown) => {
    throw new CheckpointError(
      "CHECKPOINT_DAMAGED",
      `The state file ${path} cannot be opened. The checkpoint is incomplete; restore it from a copy.`,
      { cause: error },
    );
  });
  try {
    const size = await handle.size();
    if (size !== ref.sizeBytes) throw damaged(`it has ${size} bytes, the manifest says ${ref.sizeBytes}`);
    const header = await readExactly(handle, HEADER_BYTES, 0, damaged);
    const magic = new ByteReader(header);
    if (magic.int32() !== MAGIC || magic.int32() !== VERSION) throw damaged("it does not start as a state file of this version");
    let at = HEADER_BYTES;
    for (let frames = 0; ; frames++) {
      const head = new ByteReader(await readExactly(handle, FRAME_HEADER_BYTES, at, damaged));
      const length = head.int32();
      const check = head.int32();
      at += FRAME_HEADER_BYTES;
      if (length === 0) {
        if (check !== frames || frames !== ref.chunks || at !== size) throw damaged(`it ends after ${frames} of ${ref.chunks} chunks`);
        return;
      }
      if (length < 0 || length > size - at) throw damaged(`chunk ${frames} has length ${length}`);
      const payload = await readExactly(handle, length, at, damaged);
      if ((crc32c(payload) | 0) !== check) throw damaged(`the checksum of chunk ${frames} at byte ${at} does not fit`);
      at += length;
      yield decodeChunk(payload);
    }
  } finally {
    await handle.close();
  }
}

async function readExactly(handle: FileHandle, length: number, at: number, damaged: (why: string) => Error): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  let done = 0;
  while (done < length) {
    const read = await handle.read(bytes, done, length - done, at + done);
    if (read === 0) throw damaged(`it ends at byte ${at + done}`);
    done += read;
  }
  return bytes;
}

function decodeChunk(payload: Uint8Array): StateChunk {
  const reader = new ByteReader(payload);
  const operator = getText(reader);
  const kind = reader.int8();
  const address: StateAddress =
    kind === 0 ? { kind: "key-group", group: reader.int32() } : { kind: "operator-state", name: getText(reader), entry: reader.int32() };
  const bytes = reader.bytes(reader.int32());
  return { operator, address, bytes };
}

function putAddress(buffer: ByteWriter, address: StateAddress): void {
  if (address.kind === "key-group") {
    buffer.int8(0);
    buffer.int32(address.group);
    return;
  }
  buffer.int8(1);
  putText(buffer, address.name);
  buffer.int32(address.entry);
}

function putText(buffer: ByteWriter, text: string): void {
  const bytes = encoder.encode(text);
  buffer.int32(bytes.length);
  buffer.bytes(bytes);
}

function getText(reader: ByteReader): string {
  return decoder.decode(reader.bytes(reader.int32()));
}
