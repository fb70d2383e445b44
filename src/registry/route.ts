// A route as data: the server dispatches by it and the reference in docs/ is made from it.
import { RegistryError } from "./registry-error.ts";
import type { RegistryContext, RegistryRequest } from "./registry-request.ts";

export interface Route {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** "/subjects/{subject}/versions": parts in braces are one segment each. */
  readonly path: string;
  /** Names of query parameters, each with one clause on what it does. */
  readonly query: Readonly<Record<string, string>>;
  /** One sentence. */
  readonly summary: string;
  /** Error codes it may answer, besides 50001. */
  readonly errors: readonly number[];
  readonly handle: (context: RegistryContext, request: RegistryRequest) => Promise<unknown>;
}

export interface RouteMatch {
  readonly route: Route;
  readonly path: Readonly<Record<string, string>>;
  readonly context: string;
  /** The path began with /contexts/NAME. */
  readonly scoped: boolean;
}

/** undefined: no such path; a list: the path exists for these methods only. `path` is the raw path of the URL. */
export function matchRoute(routes: readonly Route[], method: string, path: string): RouteMatch | readonly string[] | undefined {
  const segments = path.split("/").slice(1).map(decode);
  if (segments.at(-1) === "") segments.pop();
  let context = ".";
  const scoped = segments[0] === "contexts" && segments.length > 2;
  if (scoped) {
    context = contextName(segments[1]!);
    segments.splice(0, 2);
  }
  const allowed: string[] = [];
  for (const route of routes) {
    const matched = matchSegments(route.path, segments);
    if (matched === undefined) continue;
    if (route.method === method) return { route, path: matched, context, scoped };
    allowed.push(route.method);
  }
  return allowed.length > 0 ? allowed : undefined;
}

/** "staging", ".staging" and ":.staging:" are one. */
export function contextName(text: string): string {
  const name = text.replace(/^:(.*):$/, "$1");
  return name.startsWith(".") ? name : `.${name}`;
}

function matchSegments(template: string, segments: readonly string[]): Record<string, string> | undefined {
  const parts = template
    .split("/")
    .slice(1)
    .filter((part) => part !== "");
  if (parts.length !== segments.length) return undefined;
  const found: Record<string, string> = {};
  for (const [i, part] of parts.entries()) {
    if (part.startsWith("{")) found[part.slice(1, -1)] = segments[i]!;
    else if (part !== segments[i]) return undefined;
  }
  return found;
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw new RegistryError(400, 400, `HTTP 400 Bad Request: in "${segment}" a % begins no character of UTF-8`);
  }
}
