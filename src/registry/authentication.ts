// From an Authorization header to a user: Basic (RFC 7617) and Bearer (RFC 6750). Secrets are compared as digests, which takes the same time
// for every wrong one; a salted password (RFC 5802) is computed once and remembered by its digest.
import { refuse } from "./registry-error.ts";
import type { SaltedPassword, User } from "./users-file.ts";

const MAX_REMEMBERED = 1000;
const encoder = new TextEncoder();

export class Authentication {
  readonly #byName: ReadonlyMap<string, User>;
  readonly #byToken: Promise<ReadonlyMap<string, User>>;
  /** Digests of headers that were right. */
  readonly #remembered = new Map<string, User>();

  constructor(users: readonly User[]) {
    this.#byName = new Map(users.map((user) => [user.name, user]));
    this.#byToken = Promise.all(
      users.flatMap((user) => (user.token === undefined ? [] : [digest(user.token).then((key) => [key, user] as const)])),
    ).then((entries) => new Map(entries));
  }

  /** Rejects with 401: no header, one that cannot be read, or a wrong secret (which one is not told). */
  async userOf(authorization: string | undefined): Promise<User> {
    if (authorization === undefined) throw refuse.unauthorized("Credentials are needed: an Authorization header, Basic or Bearer.");
    const [scheme = "", given = ""] = authorization.trim().split(/\s+/, 2);
    const user = await this.#check(scheme.toLowerCase(), given, authorization);
    if (user === undefined) throw refuse.unauthorized("The credentials are wrong.");
    return user;
  }

  async #check(scheme: string, given: string, header: string): Promise<User | undefined> {
    if (scheme === "bearer") return (await this.#byToken).get(await digest(given));
    if (scheme !== "basic") throw refuse.unauthorized("The Authorization header is neither Basic nor Bearer.");
    const key = await digest(header);
    const known = this.#remembered.get(key);
    if (known !== undefined) return known;
    const text = decodeBase64(given);
    const colon = text.indexOf(":");
    const user = this.#byName.get(text.slice(0, Math.max(0, colon)));
    if (colon < 0 || user?.password === undefined || !(await matches(user.password, text.slice(colon + 1)))) return undefined;
    if (this.#remembered.size >= MAX_REMEMBERED) this.#remembered.delete(this.#remembered.keys().next().value!);
    this.#remembered.set(key, user);
    return user;
  }
}

async function matches(password: string | SaltedPassword, given: string): Promise<boolean> {
  if (typeof password === "string") return (await digest(password)) === (await digest(given));
  const { subtle } = globalThis.crypto;
  const raw = await subtle.importKey("raw", encoder.encode(given), "PBKDF2", false, ["deriveBits"]);
  const salted = await subtle.deriveBits(
    { name: "PBKDF2", hash: "SHA-256", salt: password.salt, iterations: password.iterations },
    raw,
    256,
  );
  const key = await subtle.importKey("raw", salted, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  const storedKey = await subtle.digest("SHA-256", await subtle.sign("HMAC", key, encoder.encode("Client Key")));
  return hex(storedKey) === hex(password.storedKey.buffer);
}

async function digest(text: string): Promise<string> {
  return hex(await globalThis.crypto.subtle.digest("SHA-256", encoder.encode(text)));
}

function hex(bytes: ArrayBuffer): string {
  return Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function decodeBase64(text: string): string {
  try {
    return new TextDecoder().decode(Uint8Array.from(atob(text), (char) => char.charCodeAt(0)));
  } catch {
    return "";
  }
}
