// Threads with an event loop of their own. Control messages only: data between threads goes through shared memory or sockets.

export interface Thread {
  /** Structured clone. */
  post(message: unknown): void;
  terminate(): Promise<void>;
}

export interface ThreadHandlers {
  message(message: unknown): void;
  /** Once, last. `error` when the thread died of an uncaught error. */
  exit(error?: Error): void;
}

export interface Threads {
  /**
   * Starts the module at `entry`; it receives `data` with its first message. Standard output and error are passed through.
   * In a simulation the "thread" runs in the same loop, on the same virtual clock.
   */
  spawn(entry: URL, options: { readonly name: string; readonly data: unknown }, handlers: ThreadHandlers): Thread;
}
