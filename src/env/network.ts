// Byte streams between processes, callback style: a broker serves thousands of connections without a promise per read.

export interface Address {
  readonly host: string;
  readonly port: number;
}

export interface ConnectionHandlers {
  /**
   * The bytes belong to the receiver until it returns AND afterwards: they are never reused by the network. Unless it returns true: then nobody
   * holds on to them, nor to their buffer, and their memory may be freed.
   */
  data(bytes: Uint8Array): unknown;
  /** The write buffer fell below its limit after write() returned false. */
  drain?(): void;
  /** Once, last. `error` when the connection did not end in order (reset, refused write). No handler is called after it. */
  close(error?: Error): void;
}

export interface Connection {
  readonly remote: Address;
  readonly local: Address;
  /** Exactly once, synchronously on getting the connection; no data is lost before it. */
  handle(handlers: ConnectionHandlers): void;
  /**
   * Queues bytes (not copied: do not modify them before `taken`). false: wait for drain() before writing more. Ignored after close.
   * `taken` is called when the system has taken the bytes, so that their memory may be used again; never if the connection ends before.
   */
  write(bytes: Uint8Array, taken?: () => void): boolean;
  /** Gathers small writes until uncork(). Nestable. */
  cork(): void;
  uncork(): void;
  /** Stops calls of data() (backpressure towards the peer) until resume(). */
  pause(): void;
  resume(): void;
  readonly bufferedBytes: number;
  /** Sends what is queued, then closes. */
  end(): void;
  /** Closes at once; queued bytes may be lost. */
  destroy(error?: Error): void;
}

export interface Listener {
  readonly address: Address;
  /** Stops accepting and closes the open connections. */
  close(): Promise<void>;
}

export interface Network {
  /** port 0 = any free one. Rejects with code EADDRINUSE, EACCES or EADDRNOTAVAIL. */
  listen(address: Address, accept: (connection: Connection) => void): Promise<Listener>;
  /** Rejects with code ECONNREFUSED, ETIMEDOUT, ENOTFOUND or the signal's reason. No delay for small writes (TCP_NODELAY). */
  connect(address: Address, options?: { readonly timeoutMs?: number; readonly signal?: AbortSignal }): Promise<Connection>;
}
