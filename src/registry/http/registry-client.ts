// A client of a schema registry, ours or Confluent's: what jobs and the command line ask for. Schemas by id are immutable and kept; everything
// else is asked anew. Only for real networks: it uses the platform's fetch.
import { toBase64 } from "../../bytes/base64.ts";
import type { SchemaReference, SchemaType } from "../schema-entry.ts";
import { contextOf, qualified } from "../subject-name.ts";

/** The registry refused, or could not be reached (status 0), or is in trouble itself (5xx). `errorCode`: its error_code, such as 40401. */
export class RegistryClientError extends Error {
  override readonly name = "RegistryClientError";
  readonly code: string;
  readonly status: number;
  readonly errorCode: number;

  constructor(status: number, errorCode: number, message: string, cause?: unknown) {
    super(message, cause === undefined ? {} : { cause });
    this.code =
      status === 0 || status >= 500
        ? "REGISTRY_UNREACHABLE"
        : status === 404
          ? "SCHEMA_NOT_FOUND"
          : status === 409
            ? "SCHEMA_INCOMPATIBLE"
            : "REGISTRY_REFUSED";
    this.status = status;
    this.errorCode = errorCode;
  }
}

export interface RegisteredSchema {
  readonly schema: string;
  readonly schemaType: SchemaType;
  /** Their subjects are named in full where the registry says what context this one is in. */
  readonly references: readonly SchemaReference[];
  /** −1 where the registry did not say. */
  readonly id: number;
  readonly version: number;
  readonly subject: string;
  readonly guid: string;
}

const CONTENT_TYPE = "application/vnd.schemaregistry.v1+json";
const TIMEOUT_MS = 10_000;
const MAX_CACHED = 2000;

export class RegistryClient {
  readonly url: string;
  readonly #authorization: string | undefined;
  readonly #byId = new Map<string, Promise<RegisteredSchema>>();

  /** `url`: "http://host:port", with user:password@ or, for a bearer's token, :token@ if needed. */
  constructor(url: string) {
    const parsed = new URL(url);
    const { username, password } = parsed;
    if (username !== "") this.#authorization = basic(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`);
    else if (password !== "") this.#authorization = `Bearer ${decodeURIComponent(password)}`;
    parsed.username = "";
    parsed.password = "";
    this.url = parsed.href.replace(/\/+$/, "");
  }

  byId(id: number): Promise<RegisteredSchema> {
    return this.#kept(`ids/${id}`, id);
  }

  byGuid(guid: string): Promise<RegisteredSchema> {
    return this.#kept(`guids/${encodeURIComponent(guid)}`, -1);
  }

  /** Rejects with SCHEMA_NOT_FOUND. */
  async version(subject: string, version: number | "latest" = "latest"): Promise<RegisteredSchema> {
    return registered(await this.request("GET", `/subjects/${encodeURIComponent(subject)}/versions/${version}`), -1);
  }

  async register(
    subject: string,
    schema: string,
    schemaType: SchemaType,
    { references = [], normalize = false }: { readonly references?: readonly SchemaReference[]; readonly normalize?: boolean } = {},
  ): Promise<number> {
    const body = { schema, ...typed(schemaType), references };
    const path = `/subjects/${encodeURIComponent(subject)}/versions${normalized(normalize)}`;
    return Number(((await this.request("POST", path, body)) as { id: number }).id);
  }

  /** Numbers of a subject's versions, rising. Rejects with SCHEMA_NOT_FOUND. */
  async versions(subject: string): Promise<readonly number[]> {
    return ((await this.request("GET", `/subjects/${encodeURIComponent(subject)}/versions`)) as number[]).toSorted((a, b) => a - b);
  }

  /** The version that is this schema. Rejects with SCHEMA_NOT_FOUND. */
  async lookup(
    subject: string,
    schema: string,
    schemaType: SchemaType,
    { normalize = false }: { readonly normalize?: boolean } = {},
  ): Promise<RegisteredSchema> {
    const path = `/subjects/${encodeURIComponent(subject)}${normalized(normalize)}`;
    return registered(await this.request("POST", path, { schema, ...typed(schemaType) }), -1);
  }

  /**
   * What is wrong with a new version, beside all that the subject's level asks for; empty: nothing, or there is no version yet. Rejects with
   * REGISTRY_REFUSED if it is no schema.
   */
  async incompatibilities(
    subject: string,
    schema: string,
    schemaType: SchemaType,
    references: readonly SchemaReference[] = [],
  ): Promise<readonly string[]> {
    const path = `/compatibility/subjects/${encodeURIComponent(subject)}/versions`;
    const body = { schema, ...typed(schemaType), references };
    try {
      const answer = (await this.request("POST", `${path}?verbose=true`, body)) as {
        is_compatible: boolean;
        messages?: readonly string[];
      };
      if (answer.is_compatible) return [];
      // With verbose what is no schema is "incompatible", too; without, it is refused.
      await this.request("POST", path, body);
      return answer.messages ?? ["incompatible"];
    } catch (error) {
      if (error instanceof RegistryClientError && error.status === 404) return [];
      throw error;
    }
  }

  /** The level that holds for the subject: its own, or that of all. */
  async compatibility(subject: string): Promise<string> {
    const answer = await this.request("GET", `/config/${encodeURIComponent(subject)}?defaultToGlobal=true`);
    return String((answer as { compatibilityLevel?: unknown }).compatibilityLevel);
  }

  async setCompatibility(subject: string, compatibility: string): Promise<void> {
    await this.request("PUT", `/config/${encodeURIComponent(subject)}`, { compatibility });
  }

  /** All schemas that `of` refers to, each after those it needs itself, under the subjects that the references name. */
  async referenced(of: RegisteredSchema, seen: Map<string, RegisteredSchema> = new Map()): Promise<readonly RegisteredSchema[]> {
    for (const { subject, version, name } of of.references) {
      const key = `${subject}/${version}`;
      if (seen.has(key)) continue;
      const found = { ...(await this.version(subject, version)), subject };
      seen.set(`${key} (open)`, found);
      if (seen.size > MAX_CACHED)
        throw new RegistryClientError(422, 0, `The schema refers to more than ${MAX_CACHED / 2} others, "${name}" among them.`);
      await this.referenced(found, seen);
      seen.set(key, found);
    }
    return [...seen].filter(([key]) => !key.endsWith(" (open)")).map(([, schema]) => schema);
  }

  /** The answer's JSON. Rejects with RegistryClientError. */
  async request(method: "GET" | "POST" | "PUT" | "DELETE", path: string, body?: unknown): Promise<unknown> {
    let response: Response;
    let answer: unknown;
    try {
      response = await fetch(this.url + path, {
        method,
        signal: AbortSignal.timeout(TIMEOUT_MS),
        headers: {
          accept: CONTENT_TYPE,
          ...(body === undefined ? {} : { "content-type": CONTENT_TYPE }),
          ...(this.#authorization === undefined ? {} : { authorization: this.#authorization }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      answer = await response.json().catch(() => undefined);
    } catch (error) {
      const reason = (error as { cause?: { code?: string } }).cause?.code ?? (error as Error).message;
      throw new RegistryClientError(
        0,
        0,
        `No schema registry answers at ${this.url} (${reason}). Set SCHEMA_REGISTRY_URL, or start one: millrace dev.`,
        error,
      );
    }
    if (response.ok && (answer !== undefined || response.status === 204)) return answer;
    const { error_code: code, message } = (answer ?? {}) as { error_code?: number; message?: string };
    const { status } = response;
    const said = `The registry at ${this.url} answered ${status}`;
    const text =
      message === undefined || code === undefined
        ? `${this.url} answered ${status}, and not as a schema registry does. Is it the address of one?`
        : status < 500
          ? message
          : `${said}: ${message.replace(/\.$/, "")}. It may be tried again.`;
    throw new RegistryClientError(status, code ?? status, text);
  }

  #kept(path: string, id: number): Promise<RegisteredSchema> {
    const known = this.#byId.get(path);
    if (known !== undefined) return known;
    const asked = this.request("GET", `/schemas/${path}`).then((answer) => registered(answer, id));
    if (this.#byId.size >= MAX_CACHED) this.#byId.delete(this.#byId.keys().next().value!);
    this.#byId.set(path, asked);
    asked.catch(() => this.#byId.delete(path)); // it may be there later
    return asked;
  }
}

/** RFC 7617 with UTF-8. */
function basic(credentials: string): string {
  return `Basic ${toBase64(new TextEncoder().encode(credentials))}`;
}

function typed(schemaType: SchemaType): { readonly schemaType?: SchemaType } {
  return schemaType === "AVRO" ? {} : { schemaType };
}

function normalized(asked: boolean): string {
  return asked ? "?normalize=true" : "";
}

function registered(answer: unknown, id: number): RegisteredSchema {
  const given = answer as Partial<RegisteredSchema>;
  const { subject: own = "" } = given;
  if (typeof given?.schema !== "string") throw new RegistryClientError(200, 0, "The registry's answer holds no schema.");
  return {
    schema: given.schema,
    schemaType: given.schemaType ?? "AVRO",
    references: (given.references ?? []).map((each) => ({ ...each, subject: qualified(contextOf(own), each.subject) })),
    id: given.id ?? id,
    version: given.version ?? -1,
    subject: own,
    guid: given.guid ?? "",
  };
}
