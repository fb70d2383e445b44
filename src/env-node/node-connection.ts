// One TCP connection behind Connection. Node's socket already queues, corks and applies backpressure; this adds the contract's order:
// nothing is lost before handle(), close comes once and last, and end() does not cut off what the peer has yet to read.
import type { Socket } from "node:net";
import type { Address, Connection, ConnectionHandlers } from "../env/network.ts";

/** After end() the peer's own end is awaited this long, so that unread input does not turn the close into a reset. */
const LINGER_MS = 2_000;

export class NodeConnection implements Connection {
  readonly remote: Address;
  readonly local: Address;
  readonly #socket: Socket;
  #handlers: ConnectionHandlers | undefined;
  #error: Error | undefined;
  #closed = false;
  #ending = false;

  constructor(socket: Socket) {
    this.#socket = socket;
    this.remote = { host: socket.remoteAddress ?? "", port: socket.remotePort ?? 0 };
    this.local = { host: socket.localAddress ?? "", port: socket.localPort ?? 0 };
    socket.on("error", (error) => (this.#error = error));
    socket.on("close", () => this.#onClose());
  }

  handle(handlers: ConnectionHandlers): void {
    if (this.#handlers !== undefined) throw new Error("A connection is handled once.");
    this.#handlers = handlers;
    if (this.#closed) return void setImmediate(() => handlers.close(this.#error));
    const socket = this.#socket;
    if (handlers.drain !== undefined) socket.on("drain", () => this.#ending || handlers.drain!());
    socket.on("data", (bytes: Uint8Array) => {
      if (!this.#ending && !socket.destroyed && handlers.data(bytes) === true) giveBack(bytes);
    });
  }

  write(bytes: Uint8Array, taken?: () => void): boolean {
    if (this.#ending || !this.#socket.writable) return true;
    if (taken === undefined) return this.#socket.write(bytes);
    return this.#socket.write(bytes, (error) => {
      if (error === null || error === undefined) taken();
    });
  }

  cork(): void {
    this.#socket.cork();
  }

  uncork(): void {
    this.#socket.uncork();
  }

  pause(): void {
    if (!this.#ending) this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  get bufferedBytes(): number {
    return this.#socket.writableLength;
  }

  end(): void {
    if (this.#ending || this.#socket.destroyed) return;
    this.#ending = true;
    const socket = this.#socket;
    socket.end();
    socket.resume(); // discards what still comes, so that the peer's end is seen
    socket.once("finish", () => {
      const timer = setTimeout(() => socket.destroy(), LINGER_MS);
      socket.once("close", () => clearTimeout(timer));
    });
  }

  destroy(error?: Error): void {
    this.#socket.destroy(error);
  }

  #onClose(): void {
    this.#closed = true;
    this.#handlers?.close(this.#error);
  }
}

/** Least bytes of a buffer that is worth it. */
const MIN_GIVEN_BACK = 16 * 1024;

/**
 * Frees the memory of a chunk now. Chunks lie outside of the heap, where the garbage collector sees only their sum: left to it, it runs once per few
 * megabytes received.
 */
function giveBack({ buffer }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength >= MIN_GIVEN_BACK) buffer.transfer(0);
}
