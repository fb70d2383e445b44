// Who may do what: three roles, each with the rights of the ones before it. Deny by default: a route that changes something needs at least
// "write", and "admin" if it changes settings or deletes for good.
import type { Route } from "./route.ts";

export const ROLES = ["read", "write", "admin"] as const;
export type Role = (typeof ROLES)[number];

const WRITING = new Set(["/subjects/{subject}/versions", "/subjects/{subject}/versions/{version}/tags", "/associations"]);
/** Of many at once, deletions for good among them. */
const SETTING = new Set(["/associations:batchMutate"]);

export function allows(role: Role, needed: Role): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(needed);
}

/** `permanent`: the request's ?permanent is true. */
export function neededRole({ method, path }: Pick<Route, "method" | "path">, permanent: boolean): Role {
  if (method === "GET") return "read";
  // Looking a schema up and checking one change nothing.
  if (method === "POST") return WRITING.has(path) ? "write" : SETTING.has(path) ? "admin" : "read";
  return method === "DELETE" && path.startsWith("/subjects/") && !permanent ? "write" : "admin";
}
