// The users file: { "users": { NAME: { "role": "read" | "write" | "admin", "password" | "scram" | "token": … } } }. "scram" is a salted
// password as RFC 5803 writes it, SCRAM-SHA-256$ITERATIONS:SALT$STOREDKEY:SERVERKEY, so that a Kafka listener can use the same file.
import { fromBase64 } from "../bytes/base64.ts";
import { ROLES, type Role } from "./access.ts";

export interface SaltedPassword {
  readonly iterations: number;
  readonly salt: Uint8Array<ArrayBuffer>;
  readonly storedKey: Uint8Array<ArrayBuffer>;
}

/** Has a password (plain or salted), a bearer token, or both. */
export interface User {
  readonly name: string;
  readonly role: Role;
  readonly password: string | SaltedPassword | undefined;
  readonly token: string | undefined;
}

/** The file cannot be used. `code` is stable. */
export class UsersFileError extends Error {
  override readonly name = "UsersFileError";
  readonly code = "USERS_FILE";
}

const SCRAM = /^SCRAM-SHA-256\$(\d+):([A-Za-z0-9+/]+=*)\$([A-Za-z0-9+/]+=*):([A-Za-z0-9+/]+=*)$/;
const MAX_ITERATIONS = 1_000_000;
const MIN_TOKEN_CHARS = 16;
const MEMBERS = new Set(["role", "password", "scram", "token"]);

/** Throws UsersFileError, which says where. Secrets are not in its message. */
export function parseUsers(text: string): readonly User[] {
  let file: unknown;
  try {
    file = JSON.parse(text);
  } catch {
    throw new UsersFileError("The users file is not JSON.");
  }
  const users = (file as { users?: unknown } | null)?.users;
  if (typeof users !== "object" || users === null || Array.isArray(users))
    throw new UsersFileError('The users file has no object "users": write { "users": { "NAME": { "role": "read", "password": "…" } } }.');
  const parsed = Object.entries(users).map(([name, user]) => parseUser(name, user));
  if (parsed.length === 0) throw new UsersFileError("The users file names no user: nobody could do anything.");
  return parsed;
}

function parseUser(name: string, given: unknown): User {
  const refuse = (reason: string): UsersFileError => new UsersFileError(`User "${name}" of the users file: ${reason}.`);
  if (name === "" || name.includes(":")) throw refuse("a name is not empty and has no colon");
  if (typeof given !== "object" || given === null || Array.isArray(given)) throw refuse("expected an object");
  const { role, password, scram, token } = given as Record<string, unknown>;
  for (const member of Object.keys(given)) if (!MEMBERS.has(member)) throw refuse(`"${member}" is not known`);
  if (!(ROLES as readonly unknown[]).includes(role)) throw refuse(`role is one of ${ROLES.join(", ")}`);
  if (password !== undefined && (typeof password !== "string" || password === "")) throw refuse("password is a text that is not empty");
  if (password !== undefined && scram !== undefined) throw refuse("it has a password or scram, not both");
  if (token !== undefined && (typeof token !== "string" || token.length < MIN_TOKEN_CHARS))
    throw refuse(`token is a text of at least ${MIN_TOKEN_CHARS} characters`);
  if (password === undefined && scram === undefined && token === undefined) throw refuse("it has no password, scram or token");
  return { name, role: role as Role, password: scram === undefined ? password : parseScram(scram, refuse), token };
}

function parseScram(text: unknown, refuse: (reason: string) => UsersFileError): SaltedPassword {
  const match = typeof text === "string" ? SCRAM.exec(text) : null;
  const iterations = Number(match?.[1]);
  if (match === null || iterations < 1 || iterations > MAX_ITERATIONS)
    throw refuse("scram is SCRAM-SHA-256$ITERATIONS:SALT$STOREDKEY:SERVERKEY, in base64");
  return { iterations, salt: fromBase64(match[2]!), storedKey: fromBase64(match[3]!) };
}
