// A Unix socket that answers exactly as long as its process lives, seen from any pid namespace that shares the directory: the kernel
// closes it with the process, however that ends. Linux only (elsewhere pids are enough); directories that cannot hold sockets have none.
import { close, open } from "node:fs";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { fromCallback } from "./callback.ts";

export interface Witness {
  readonly name: string;
  close(): Promise<void>;
}

/** undefined where it is not needed or not possible. */
export async function openWitness(directory: string, name: string): Promise<Witness | undefined> {
  if (process.platform !== "linux") return undefined;
  // A socket's address has at most 107 bytes; the way through the descriptor is short whatever the directory.
  const descriptor = await fromCallback<number>((done) => open(directory, "r", done));
  const closeDescriptor = (): Promise<void> => fromCallback((done) => close(descriptor, done));
  const server = createServer((socket) => socket.destroy());
  const listening = await new Promise<boolean>((resolve) => {
    server.once("error", () => resolve(false));
    server.listen(`/proc/self/fd/${descriptor}/${name}`, () => resolve(true));
  });
  if (!listening) {
    await closeDescriptor();
    return undefined;
  }
  server.on("error", () => undefined); // accepting failed (EMFILE): the socket still exists, which is all it is for
  server.unref();
  return {
    name,
    async close() {
      await new Promise<void>((resolve) => server.close(() => resolve()));
      await closeDescriptor();
    },
  };
}

/** "unclear": something is there that may not be asked. */
export async function witnessAnswers(directory: string, name: string): Promise<"yes" | "no" | "unclear"> {
  const descriptor = await fromCallback<number>((done) => open(directory, "r", done));
  try {
    return await new Promise((resolve) => {
      const socket = connect(join(`/proc/self/fd/${descriptor}`, name), () => {
        socket.destroy();
        resolve("yes");
      });
      socket.once("error", (error: NodeJS.ErrnoException) =>
        resolve(error.code === "ECONNREFUSED" || error.code === "ENOENT" ? "no" : "unclear"),
      );
    });
  } finally {
    await fromCallback<void>((done) => close(descriptor, done));
  }
}
