// Node's callback APIs as promises. node:fs/promises is not used: it costs twice as much per operation and owns its file descriptors.

/** Calls `start` with a callback and resolves or rejects as it is called. */
export function fromCallback<T>(start: (done: (error: Error | null | undefined, value?: T) => void) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    start((error, value) => (error ? reject(error) : resolve(value as T)));
  });
}
