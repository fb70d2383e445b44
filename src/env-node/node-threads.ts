// Worker threads behind Threads. Each runs thread-main.ts, which makes its own Env and calls `start` of the entry module.
import { Worker } from "node:worker_threads";
import type { Thread, ThreadHandlers, Threads } from "../env/threads.ts";
import type { LoggerOptions } from "./node-logger.ts";
import { threadMainAddress } from "./thread-address.ts";

/** What thread-main.ts gets. */
export interface ThreadInput {
  readonly entry: string;
  readonly data: unknown;
  readonly logger: LoggerOptions;
}

export function createNodeThreads(logger: LoggerOptions): Threads {
  return {
    spawn(entry: URL, options: { readonly name: string; readonly data: unknown }, handlers: ThreadHandlers): Thread {
      const input: ThreadInput = { entry: entry.href, data: options.data, logger };
      const worker = new Worker(threadMainAddress, { name: options.name, workerData: input });
      let failure: Error | undefined;
      let terminated = false;
      worker.on("message", (message: unknown) => handlers.message(message));
      worker.on("messageerror", (error) => (failure ??= error));
      worker.on("error", (error: unknown) => (failure ??= error instanceof Error ? error : new Error(String(error))));
      worker.on("exit", (code) => {
        const silent = code === 0 || terminated;
        handlers.exit(failure ?? (silent ? undefined : new Error(`The thread "${options.name}" ended with exit code ${code}.`)));
      });
      return {
        post: (message) => worker.postMessage(message, []),
        async terminate() {
          terminated = true;
          await worker.terminate();
        },
      };
    },
  };
}
