// A bootstrap address that stays reachable while the broker is dead: kcat ends as soon as every broker that it knows is down. Connections
// are handed through; when the broker's end breaks, the client's end stays open and silent.
import { connect, createServer, type AddressInfo, type Socket } from "node:net";

const RETRY_MS = 50;

export interface Anchor {
  readonly address: string;
  close(): void;
}

export async function startAnchor(port: number): Promise<Anchor> {
  const open = new Set<Socket>();
  const server = createServer((client) => {
    open.add(client);
    client.on("error", () => {}).on("close", () => open.delete(client));
    handThrough(client, port);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    close() {
      server.close();
      for (const socket of open) socket.destroy();
    },
  };
}

/** A broker that is not there yet is tried again. */
function handThrough(client: Socket, port: number): void {
  if (client.destroyed) return;
  const broker = connect(port, "127.0.0.1");
  let isConnected = false;
  broker.once("connect", () => {
    isConnected = true;
    client.on("data", (bytes) => broker.write(bytes)).once("close", () => broker.destroy());
  });
  broker.on("data", (bytes) => client.write(bytes)).on("error", () => {});
  broker.once("close", () => {
    if (!isConnected) setTimeout(() => handThrough(client, port), RETRY_MS);
  });
}
