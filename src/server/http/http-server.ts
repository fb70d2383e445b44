// The adapter to node:http: checks access, serves the console's files with a strict content security policy, and hands /api requests to
// the routes. Bodies are JSON and small; an error of a route is one JSON sentence.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { decideAccess, tokenCookie, tokenOf, type AccessRules } from "./access.ts";
import type { StaticFile } from "./static-files.ts";

const MAX_BODY_BYTES = 64 * 1024;
const SECURITY_HEADERS = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "cache-control": "no-store",
} as const;

export interface ApiRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: unknown;
}

/** Thrown by routes: becomes the status and a JSON body { error }. */
export class HttpError extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export interface HttpServerOptions {
  readonly host: string;
  readonly port: number;
  readonly token: string;
  readonly files: ReadonlyMap<string, StaticFile>;
  /** Resolves to the JSON body of a 200 answer; throws HttpError. */
  readonly api: (request: ApiRequest) => Promise<unknown>;
}

export interface HttpServer {
  readonly port: number;
  close(): Promise<void>;
}

export async function startHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const hosts = new Set<string>();
  const rules: AccessRules = { hosts, token: options.token };
  const server = createServer((request, response) => {
    serve(request, response, rules, options).catch((error: unknown) => {
      if (!response.headersSent) sendJson(response, 500, { error: error instanceof Error ? error.message : String(error) });
      else response.destroy();
    });
  });
  server.headersTimeout = 10_000;
  server.requestTimeout = 30_000;
  await listen(server, options.host, options.port);
  const { port } = server.address() as AddressInfo;
  for (const name of ["127.0.0.1", "localhost", "[::1]", options.host]) hosts.add(`${name}:${port}`);
  return {
    port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

async function serve(request: IncomingMessage, response: ServerResponse, rules: AccessRules, options: HttpServerOptions): Promise<void> {
  const method = request.method ?? "GET";
  const url = URL.parse(request.url ?? "/", "http://console");
  if (url === null) return sendJson(response, 400, { error: "The address that is asked for is no URL." });
  const offered = url.searchParams.get("token") ?? undefined;
  const cookie = tokenCookie(request.socket.localPort ?? 0);
  const isApi = url.pathname.startsWith("/api/") || url.pathname === "/metrics";
  const decision = decideAccess(rules, {
    method,
    host: request.headers.host,
    origin: request.headers.origin,
    token: tokenOf(request.headers, cookie) ?? (method === "GET" && !isApi ? offered : undefined),
    needsToken: isApi || offered !== undefined,
  });
  if (!decision.allow) return sendJson(response, decision.status, { error: decision.message });
  if (!isApi && offered !== undefined) {
    // The first visit: the token moves from the address bar into a cookie that scripts cannot read.
    response.writeHead(303, {
      ...SECURITY_HEADERS,
      location: url.pathname,
      "set-cookie": `${cookie}=${offered}; HttpOnly; SameSite=Strict; Path=/`,
    });
    response.end();
    return;
  }
  if (!isApi) return sendFile(response, method, options.files.get(url.pathname === "/" ? "/index.html" : url.pathname));
  try {
    const body = method === "GET" ? undefined : await readJson(request);
    sendJson(response, 200, await options.api({ method, path: url.pathname, query: url.searchParams, body }));
  } catch (error) {
    if (!(error instanceof HttpError)) throw error;
    sendJson(response, error.status, { error: error.message });
  }
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > MAX_BODY_BYTES) throw new HttpError(413, `The body is larger than ${MAX_BODY_BYTES} bytes.`);
    chunks.push(chunk);
  }
  if (length === 0) return undefined;
  try {
    return JSON.parse(Buffer.concat(chunks).toString("utf8"));
  } catch (error) {
    throw new HttpError(400, `The body is not JSON: ${(error as Error).message}`);
  }
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  response.writeHead(status, {
    ...SECURITY_HEADERS,
    "content-type": typeof body === "string" ? "text/plain; charset=utf-8" : "application/json",
  });
  response.end(text);
}

function sendFile(response: ServerResponse, method: string, file: StaticFile | undefined): void {
  if (file === undefined) return sendJson(response, 404, { error: "There is no such page." });
  if (method !== "GET" && method !== "HEAD") return sendJson(response, 405, { error: "Pages are read with GET." });
  response.writeHead(200, { ...SECURITY_HEADERS, "content-type": file.type });
  response.end(method === "HEAD" ? undefined : file.bytes);
}
