// The adapter to node:http: reads a bounded JSON body, dispatches by the route table, answers in the registry's content type. A Host header
// must name this server while it listens on loopback, and requests of web pages from elsewhere are refused: a browser is no way around it.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Logger } from "../../env/logger.ts";
import { allows, neededRole } from "../access.ts";
import type { Authentication } from "../authentication.ts";
import { RegistryError, refuse } from "../registry-error.ts";
import { NO_CONTENT, RawText, type RegistryContext } from "../registry-request.ts";
import { matchRoute, type Route } from "../route.ts";
import type { User } from "../users-file.ts";

export const CONTENT_TYPE = "application/vnd.schemaregistry.v1+json";
const KNOWN_TYPES = [CONTENT_TYPE, "application/vnd.schemaregistry+json", "application/json"];
/** Of a request's body; no type at all is taken for these, nor is what fetch() says of a text when it is told nothing. */
const READ_TYPES = [...KNOWN_TYPES, "application/octet-stream"];
const TYPE_OF_FETCH = "text/plain;charset=utf-8";
const WILDCARDS = ["*/*", "application/*"];
const MAX_BODY_BYTES = 8 << 20;
const LOOPBACK = new Set(["127.0.0.1", "localhost", "::1"]);

export interface RegistryHttpOptions {
  readonly host: string;
  readonly port: number;
  readonly routes: readonly Route[];
  readonly context: RegistryContext;
  readonly logger: Logger;
  /** undefined: everybody may do everything. */
  readonly authentication: Authentication | undefined;
  /** Requests wait for it; rejects with a RegistryError. */
  readonly opened: Promise<void>;
}

export interface RegistryHttp {
  readonly port: number;
  close(): Promise<void>;
}

/** Rejects with Node's error of listen(): EADDRINUSE, EACCES. */
export async function startRegistryHttp(options: RegistryHttpOptions): Promise<RegistryHttp> {
  const server = createServer((request, response) => {
    serve(request, response, options).catch((error: unknown) => sendError(response, request, error, options.logger));
  });
  server.headersTimeout = 10_000;
  server.requestTimeout = 60_000;
  await listen(server, options.host, options.port);
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeIdleConnections();
        // Requests on their way are answered; nobody waits for a connection that stays open.
        setTimeout(() => server.closeAllConnections(), 1000).unref();
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

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  { routes, context, host, authentication, opened }: RegistryHttpOptions,
): Promise<void> {
  checkOrigin(request, host);
  // Before the path is looked at: who is nobody here learns nothing.
  const user = await authentication?.userOf(request.headers.authorization);
  const method = request.method === "HEAD" ? "GET" : (request.method ?? "GET");
  const target = request.url ?? "/";
  const question = target.indexOf("?");
  const path = question < 0 ? target : target.slice(0, question);
  const match = matchRoute(routes, method, path);
  if (match === undefined) throw new RegistryError(404, 404, "HTTP 404 Not Found");
  if (!("route" in match)) {
    response.setHeader("allow", allowed(match).join(", "));
    if (method === "OPTIONS") return void response.writeHead(200, { "content-length": 0 }).end();
    throw new RegistryError(405, 405, "HTTP 405 Method Not Allowed");
  }
  checkTypes(request, method);
  const query = new URLSearchParams(question < 0 ? "" : target.slice(question + 1));
  if (user !== undefined) checkRole(user, match.route, query.get("permanent")?.toLowerCase() === "true");
  const body = method === "GET" ? undefined : await readJson(request);
  await opened;
  const result = await match.route.handle(context, { ...match, query, body });
  if (result === NO_CONTENT) response.writeHead(204).end();
  else send(response, request, 200, result instanceof RawText ? result.text : JSON.stringify(result));
}

/** HEAD goes where GET does. */
function allowed(methods: readonly string[]): string[] {
  return [...methods, ...(methods.includes("GET") ? ["HEAD"] : []), "OPTIONS"];
}

/** Throws 406 and 415. */
function checkTypes({ headers }: IncomingMessage, method: string): void {
  const accepted = acceptedTypes(headers.accept);
  if (accepted.length > 0 && !accepted.some((each) => KNOWN_TYPES.includes(each) || WILDCARDS.includes(each)))
    throw new RegistryError(406, 406, "HTTP 406 Not Acceptable");
  const given = headers["content-type"]?.toLowerCase();
  if (method === "GET" || method === "DELETE" || given === undefined || given === TYPE_OF_FETCH) return;
  if (!READ_TYPES.includes(given.split(";", 1)[0]!.trim())) throw new RegistryError(415, 415, "HTTP 415 Unsupported Media Type");
}

/** Best first. */
function acceptedTypes(header: string | undefined): string[] {
  const types = (header ?? "").split(",").map((each) => {
    const [type, ...parameters] = each.split(";").map((part) => part.trim().toLowerCase());
    const quality = parameters.find((part) => part.startsWith("q="));
    return { type: type!, quality: quality === undefined ? 1 : Number(quality.slice(2)) || 0 };
  });
  const wanted = types.filter(({ type, quality }) => type !== "" && quality > 0);
  return wanted.sort((a, b) => b.quality - a.quality).map(({ type }) => type);
}

/** Throws 40301. */
function checkRole({ name, role }: User, route: Route, permanent: boolean): void {
  const needed = neededRole(route, permanent);
  if (allows(role, needed)) return;
  throw refuse.forbidden(`User "${name}" has the role "${role}"; ${route.method} ${route.path} needs "${needed}".`);
}

function checkOrigin({ headers }: IncomingMessage, listening: string): void {
  const { host, origin } = headers;
  const name = host === undefined ? undefined : host.replace(/:\d+$/, "").replace(/^\[(.*)\]$/, "$1");
  if (LOOPBACK.has(listening) && (name === undefined || !(LOOPBACK.has(name) || name === listening)))
    throw new RegistryError(403, 403, `The Host header "${host ?? ""}" does not name this registry.`);
  if (origin !== undefined && origin !== `http://${host}`) throw new RegistryError(403, 403, `Requests from ${origin} are refused.`);
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > MAX_BODY_BYTES) throw new RegistryError(413, 413, `The body is larger than ${MAX_BODY_BYTES} bytes.`);
    chunks.push(chunk);
  }
  if (length === 0) return undefined;
  try {
    return JSON.parse(Buffer.concat(chunks).toString("utf8"));
  } catch (error) {
    throw refuse.malformed(`The body is not JSON: ${(error as Error).message}`);
  }
}

function sendError(response: ServerResponse, request: IncomingMessage, error: unknown, logger: Logger): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const known = error instanceof RegistryError;
  if (!known) logger.log("error", "registry-request-failed", { path: request.url, error: String(error) });
  const status = known ? error.status : 500;
  const body = { error_code: known ? error.code : 500, message: known ? error.message : "Internal Server Error" };
  if (status === 401) response.setHeader("www-authenticate", 'Basic realm="schema registry", charset="UTF-8"');
  if (!request.complete) response.setHeader("connection", "close");
  send(response, request, status, JSON.stringify(body));
}

function send(response: ServerResponse, request: IncomingMessage, status: number, text: string): void {
  const type = acceptedTypes(request.headers.accept).find((each) => KNOWN_TYPES.includes(each)) ?? CONTENT_TYPE;
  response.writeHead(status, {
    "content-type": type,
    "content-length": Buffer.byteLength(text),
    "cache-control": "no-cache, no-store, must-revalidate",
    "x-content-type-options": "nosniff",
  });
  response.end(request.method === "HEAD" ? undefined : text);
}
