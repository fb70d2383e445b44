// The first module of every worker thread: an Env of its own, then the entry module's start(). An error of either ends the thread.
import { parentPort, workerData } from "node:worker_threads";
import type { ThreadStart } from "../env/env.ts";
import type { ThreadChannel } from "../env/threads.ts";
import { takeImportsForModules } from "./module-syntax.ts";
import { createNodeEnv } from "./node-env.ts";
import type { ThreadInput } from "./node-threads.ts";

const port = parentPort!;
const input = workerData as ThreadInput;

const channel: ThreadChannel = {
  data: input.data,
  post: (message) => port.postMessage(message),
  onMessage(handler) {
    port.removeAllListeners("message");
    port.on("message", handler);
  },
  close: () => port.close(),
};

async function main(): Promise<void> {
  takeImportsForModules();
  const module = (await import(input.entry)) as { start?: ThreadStart };
  if (typeof module.start !== "function") throw new Error(`${input.entry} does not export a function "start".`);
  await module.start(createNodeEnv(input.logger), channel);
}

main().catch((error: unknown) => {
  // Thrown outside the promise, so that it is the thread's uncaught error with its own stack.
  setImmediate(() => {
    throw error;
  });
});
