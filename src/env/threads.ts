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

/** The thread's own end. */
export interface ThreadChannel {
  /** What spawn() was given, cloned. */
  readonly data: unknown;
  post(message: unknown): void;
  /** At most one handler; messages that came before it are kept for it. */
  onMessage(handler: (message: unknown) => void): void;
  /** No more messages are wanted: does not keep the thread alive any longer. */
  close(): void;
}

export interface Threads {
  /**
   * Starts the module at `entry`, which exports `start: ThreadStart` (env.ts). Standard output and error are passed through.
   * The thread ends when start() has returned, channel.close() was called or nothing listens, and nothing else is pending. In a simulation the "thread" runs in the same loop, on the same virtual clock.
   */
  spawn(entry: URL, options: { readonly name: string; readonly data: unknown }, handlers: ThreadHandlers): Thread;
}
