// node:net behind Network: TCP without delay for small writes.
import { connect, createServer } from "node:net";
import type { AddressInfo, Server, Socket } from "node:net";
import type { Address, Connection, Listener, Network } from "../env/network.ts";
import { fromCallback } from "./callback.ts";
import { NodeConnection } from "./node-connection.ts";

/** write() asks for patience above this many queued bytes. */
const WRITE_BUFFER_BYTES = 256 * 1024;
const BACKLOG = 1024;
const SOCKET_OPTIONS = { noDelay: true, keepAlive: true, writableHighWaterMark: WRITE_BUFFER_BYTES };

export const nodeNetwork: Network = {
  async listen(address: Address, accept: (connection: Connection) => void): Promise<Listener> {
    const open = new Set<Socket>();
    const server = createServer({ noDelay: true, keepAlive: true, highWaterMark: WRITE_BUFFER_BYTES }, (socket) => {
      open.add(socket);
      socket.once("close", () => open.delete(socket));
      accept(new NodeConnection(socket));
    });
    await listening(server, address);
    server.on("error", () => undefined); // one connection could not be accepted; the listener goes on
    const { address: host, port } = server.address() as AddressInfo;
    let closed: Promise<void> | undefined;
    const stop = (): Promise<void> => {
      const done = fromCallback<void>((callback) => server.close(callback));
      for (const socket of open) socket.destroy();
      return done;
    };
    return { address: { host, port }, close: () => (closed ??= stop()) };
  },

  connect(address, options): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const signal = options?.signal;
      if (signal?.aborted === true) return reject(signal.reason as Error);
      const socket = connect({ host: address.host, port: address.port, ...SOCKET_OPTIONS });
      const timer =
        options?.timeoutMs === undefined ? undefined : setTimeout(() => fail(timedOut(address, options.timeoutMs!)), options.timeoutMs);
      const onAbort = (): void => fail(signal!.reason as Error);
      const settle = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", onAbort);
        socket.off("error", fail);
      };
      function fail(error: Error): void {
        settle();
        socket.on("error", () => undefined);
        socket.destroy();
        reject(error instanceof AggregateError ? error.errors.at(-1) : error);
      }
      signal?.addEventListener("abort", onAbort, { once: true });
      socket.once("error", fail);
      socket.once("connect", () => {
        settle();
        resolve(new NodeConnection(socket));
      });
    });
  },
};

function listening(server: Server, address: Address): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host: address.host, port: address.port, backlog: BACKLOG }, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

function timedOut(address: Address, timeoutMs: number): Error {
  const text = `connect ETIMEDOUT ${address.host}:${address.port}: no answer within ${timeoutMs} ms`;
  return Object.assign(new Error(text), { code: "ETIMEDOUT", address: address.host, port: address.port });
}
