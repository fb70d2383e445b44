// An Env that knows what was opened through it and not closed, counts what comes in, and can be killed as kill -9 does: from then on
// nothing that was asked of it is answered, connections are reset and timers never fire. What was written before stays written.
import type { Timer } from "../../env/clock.ts";
import type { Env } from "../../env/env.ts";
import type { FileHandle, Files } from "../../env/files.ts";
import type { Connection, ConnectionHandlers, Network } from "../../env/network.ts";

const FOREVER = new Promise<never>(() => {});

export class WatchedEnv {
  readonly env: Env;
  /** Read from files and connections so far. */
  bytesIn = 0;
  readonly #real: Env;
  readonly #handles = new Set<FileHandle>();
  readonly #connections = new Set<Connection>();
  readonly #timers = new Set<Timer>();
  #dead = false;

  constructor(real: Env) {
    this.#real = real;
    this.env = { ...real, files: this.#files(), network: this.#network(), timers: this.#watchTimers(), logger: { log: () => {} } };
  }

  /** What is still open, in words; undefined: nothing. */
  get open(): string | undefined {
    const counts = [
      [this.#handles.size, "files"],
      [this.#connections.size, "connections"],
      [this.#timers.size, "timers"],
    ] as const;
    const left = counts.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`);
    return left.length === 0 ? undefined : left.join(", ");
  }

  async kill(): Promise<void> {
    this.#dead = true;
    for (const timer of this.#timers) timer.cancel();
    for (const connection of this.#connections) connection.destroy();
    await Promise.allSettled([...this.#handles].map((handle) => handle.close()));
  }

  /** An operation of the dead is never answered. */
  async #alive<T>(operation: () => Promise<T>): Promise<T> {
    if (this.#dead) return FOREVER;
    try {
      const result = await operation();
      return this.#dead ? FOREVER : result;
    } catch (error) {
      if (this.#dead) return FOREVER;
      throw error;
    }
  }

  #files(): Files {
    const real = this.#real.files;
    const alive = <T>(operation: () => Promise<T>): Promise<T> => this.#alive(operation);
    return {
      open: (path, mode) => alive(async () => this.#watchHandle(await real.open(path, mode))),
      makeDirectory: (path) => alive(() => real.makeDirectory(path)),
      list: (path) => alive(() => real.list(path)),
      stat: (path) => alive(() => real.stat(path)),
      rename: (from, to) => alive(() => real.rename(from, to)),
      remove: (path) => alive(() => real.remove(path)),
      removeDirectory: (path) => alive(() => real.removeDirectory(path)),
      syncDirectory: (path) => alive(() => real.syncDirectory(path)),
      readFile: (path) => alive(() => real.readFile(path)),
      freeBytes: (path) => alive(() => real.freeBytes(path)),
      lockDirectory: (path) => alive(() => real.lockDirectory(path)),
    };
  }

  #watchHandle(real: FileHandle): FileHandle {
    this.#handles.add(real);
    const alive = <T>(operation: () => Promise<T>): Promise<T> => this.#alive(operation);
    return {
      path: real.path,
      read: (into, offset, length, position) =>
        alive(async () => {
          const bytes = await real.read(into, offset, length, position);
          this.bytesIn += bytes;
          return bytes;
        }),
      write: (chunks, position) => alive(() => real.write(chunks, position)),
      datasync: () => alive(() => real.datasync()),
      truncate: (length) => alive(() => real.truncate(length)),
      size: () => alive(() => real.size()),
      close: () =>
        alive(async () => {
          await real.close();
          this.#handles.delete(real);
        }),
    };
  }

  #network(): Network {
    const real = this.#real.network;
    return {
      listen: (address, accept) => this.#alive(() => real.listen(address, accept)),
      connect: (address, options) =>
        this.#alive(async () => {
          const connection = await real.connect(address, options);
          if (this.#dead) connection.destroy();
          return this.#watchConnection(connection);
        }),
    };
  }

  #watchConnection(real: Connection): Connection {
    this.#connections.add(real);
    const handle = (handlers: ConnectionHandlers): void =>
      real.handle({
        data: (bytes) => {
          this.bytesIn += bytes.length;
          if (!this.#dead) handlers.data(bytes);
        },
        drain: () => {
          if (!this.#dead) handlers.drain?.();
        },
        close: (error) => {
          this.#connections.delete(real);
          if (!this.#dead) handlers.close(error);
        },
      });
    return {
      remote: real.remote,
      local: real.local,
      handle,
      write: (bytes) => (this.#dead ? false : real.write(bytes)),
      cork: () => real.cork(),
      uncork: () => real.uncork(),
      pause: () => real.pause(),
      resume: () => real.resume(),
      get bufferedBytes() {
        return real.bufferedBytes;
      },
      end: () => real.end(),
      destroy: (error) => real.destroy(error),
    };
  }

  #watchTimers(): Env["timers"] {
    const real = this.#real.timers;
    return {
      after: (delayMs, fn, options) => {
        if (this.#dead) return { cancel: () => {} };
        const timer = real.after(
          delayMs,
          () => {
            this.#timers.delete(watched);
            if (!this.#dead) fn();
          },
          options,
        );
        const watched: Timer = {
          cancel: () => {
            this.#timers.delete(watched);
            timer.cancel();
          },
        };
        this.#timers.add(watched);
        return watched;
      },
      soon: (fn) =>
        real.soon(() => {
          if (!this.#dead) fn();
        }),
      sleep: (delayMs, signal) => this.#alive(() => real.sleep(delayMs, signal)),
    };
  }
}
