// An open file of a simulated disk. Closing waits for the operations under way, as the real one does.
import { fileError } from "../../env-node/file-error.ts";
import { crc32c } from "../../bytes/crc32c.ts";
import type { FileHandle } from "../../env/files.ts";
import type { SimFileNode, SyncCapture } from "./sim-file-node.ts";
import type { SimFiles } from "./sim-files.ts";
import { operate } from "./sim-operation.ts";
import type { Effect } from "./sim-operation.ts";
import type { SimProcess } from "./sim-process.ts";

export class SimFileHandle implements FileHandle {
  readonly path: string;
  readonly #disk: SimFiles;
  readonly #process: SimProcess;
  readonly #node: SimFileNode;
  readonly #writable: boolean;
  readonly #pending = new Set<Promise<unknown>>();
  #closing: Promise<void> | undefined;

  constructor(path: string, disk: SimFiles, process: SimProcess, node: SimFileNode, writable: boolean) {
    this.path = path;
    this.#disk = disk;
    this.#process = process;
    this.#node = node;
    this.#writable = writable;
  }

  read(into: Uint8Array, offset: number, length: number, position: number): Promise<number> {
    if (offset < 0 || length < 0 || offset + length > into.length || position < 0) {
      return Promise.reject(new RangeError(`Cannot read ${length} bytes at ${position} into [${offset}, …) of ${into.length} bytes.`));
    }
    const run = (): number => this.#node.read(into, offset, length, position);
    return this.#operation({ kind: "read", path: this.path, range: this.#disk.latency.read, run });
  }

  write(chunks: readonly Uint8Array[], position: number): Promise<void> {
    if (!this.#writable) return Promise.reject(fileError("EBADF", "write", this.path, "the file is open for reading only"));
    if (chunks.every((chunk) => chunk.length === 0)) return Promise.resolve();
    const disk = this.#disk;
    return this.#operation({
      kind: "write",
      path: this.path,
      range: disk.latency.write,
      run: (index) => {
        const bytes = joined(chunks);
        disk.scheduler.trace.number(crc32c(bytes));
        const growth = Math.max(0, position + bytes.length - this.#node.length);
        const room = disk.capacityBytes === Number.POSITIVE_INFINITY ? growth : Math.max(0, disk.capacityBytes - disk.usedBytes());
        this.#put(index, growth > room ? bytes.subarray(0, Math.max(0, bytes.length - (growth - room))) : bytes, position);
        if (growth > room) throw fileError("ENOSPC", "write", this.path, "no space left on device");
      },
      runPartly: (index) => {
        const bytes = joined(chunks);
        this.#put(index, bytes.subarray(0, disk.random.integer(0, bytes.length)), position);
      },
    });
  }

  datasync(): Promise<void> {
    const disk = this.#disk;
    const lies = disk.lyingSync > 0 && disk.liesAbout(this.path) && disk.random.chance(disk.lyingSync);
    let capture: SyncCapture | undefined;
    return this.#operation({
      kind: "datasync",
      path: this.path,
      range: disk.latency.sync,
      begin: () => (capture = this.#node.captureSync()),
      run: () => {
        if (lies) this.#node.claimSync(capture!);
        else this.#node.completeSync(capture!);
      },
      runPartly: () => this.#node.failSync(capture!, disk.random),
    });
  }

  truncate(length: number): Promise<void> {
    if (!this.#writable) return Promise.reject(fileError("EINVAL", "ftruncate", this.path, "the file is open for reading only"));
    return this.#operation({
      kind: "truncate",
      path: this.path,
      range: this.#disk.latency.write,
      run: (index) => {
        this.#node.truncate(index, length);
        this.#node.modifiedMs = this.#disk.now();
      },
    });
  }

  size(): Promise<number> {
    return this.#operation({ kind: "size", path: this.path, range: this.#disk.latency.read, run: () => this.#node.length });
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await Promise.allSettled(this.#pending);
    const run = (): void => void this.#disk.openHandles--;
    await operate(this.#disk, this.#process, { kind: "close", path: this.path, range: this.#disk.latency.read, run });
  }

  #put(index: number, bytes: Uint8Array, position: number): void {
    this.#node.write(index, bytes, position);
    this.#node.modifiedMs = this.#disk.now();
  }

  #operation<T>(effect: Effect<T>): Promise<T> {
    if (this.#closing !== undefined) return Promise.reject(fileError("EBADF", effect.kind, this.path, "the file is closed"));
    const result = operate(this.#disk, this.#process, effect);
    this.#pending.add(result);
    const forget = (): boolean => this.#pending.delete(result);
    result.then(forget, forget);
    return result;
  }
}

function joined(chunks: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}
