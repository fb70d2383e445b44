// GET /metrics for a program without a console (`millrace broker`): Prometheus' text format, and nothing else. On a loopback address only
// requests that name it are answered, so that no web page can read it under a name of its own.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { isLoopback } from "../../broker/loopback.ts";

export interface MetricsServer {
  readonly port: number;
  close(): Promise<void>;
}

const CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** Rejects with the network's error (EADDRINUSE). */
export async function startMetricsServer(host: string, port: number, text: () => string): Promise<MetricsServer> {
  const server = createServer((request, response) => {
    const pathname = URL.parse(request.url ?? "/", "http://metrics")?.pathname; // targets such as "//" are no URL
    const named = (request.headers.host ?? "").replace(/:\d+$/, "").replace(/^\[(.*)\]$/, "$1");
    const status = isLoopback(host) && !isLoopback(named) ? 403 : pathname !== "/metrics" ? 404 : request.method !== "GET" ? 405 : 200;
    response.writeHead(status, { "content-type": CONTENT_TYPE, "cache-control": "no-store" });
    response.end(status === 200 ? text() : status === 403 ? "Name the address that this listens on.\n" : "There is GET /metrics only.\n");
  });
  server.headersTimeout = 10_000;
  server.requestTimeout = 30_000;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, resolve);
  });
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { port: (server.address() as AddressInfo).port, close };
}
