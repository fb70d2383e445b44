// Who may talk to the console's HTTP server: loopback is not authentication. The Host header must name this server (a page on another
// site cannot forge it after DNS rebinding), a present Origin must be this server's, and every /api request carries the token.
export interface AccessRules {
  /** Hosts with port that name this server, such as "127.0.0.1:4400". */
  readonly hosts: ReadonlySet<string>;
  readonly token: string;
}

export interface AccessRequest {
  readonly method: string;
  readonly host: string | undefined;
  readonly origin: string | undefined;
  /** Token from "Authorization: Bearer …", the cookie, or the query of the first visit. */
  readonly token: string | undefined;
  readonly needsToken: boolean;
}

export type AccessDecision = { readonly allow: true } | { readonly allow: false; readonly status: 401 | 403; readonly message: string };

/** Cookies do not know ports: each console on a machine has a cookie of its own. */
export function tokenCookie(port: number): string {
  return `millrace-token-${port}`;
}

export function decideAccess(rules: AccessRules, request: AccessRequest): AccessDecision {
  if (request.host === undefined || !rules.hosts.has(request.host))
    return {
      allow: false,
      status: 403,
      message: `The Host header "${request.host ?? ""}" does not name this server. Open the address that it printed at its start.`,
    };
  if (request.origin !== undefined && request.origin !== `http://${request.host}`)
    return { allow: false, status: 403, message: `Requests from ${request.origin} are refused.` };
  if (request.needsToken && !sameText(request.token, rules.token))
    return {
      allow: false,
      status: 401,
      message:
        "The token is missing or wrong. Open the address with ?token=… that the server printed, or send Authorization: Bearer with the token of DATA/server.json.",
    };
  return { allow: true };
}

/** Takes the same time wherever the texts differ. */
function sameText(given: string | undefined, expected: string): boolean {
  if (given === undefined || given.length !== expected.length) return false;
  let difference = 0;
  for (let i = 0; i < expected.length; i++) difference |= given.charCodeAt(i) ^ expected.charCodeAt(i);
  return difference === 0;
}

/** The token that a request shows, wherever it shows it. */
export function tokenOf(
  headers: { readonly authorization?: string | undefined; readonly cookie?: string | undefined },
  cookieName: string,
): string | undefined {
  if (headers.authorization?.startsWith("Bearer ")) return headers.authorization.slice("Bearer ".length).trim();
  for (const part of headers.cookie?.split(";") ?? []) {
    const [name, value] = part.trim().split("=", 2);
    if (name === cookieName) return value;
  }
  return undefined;
}
