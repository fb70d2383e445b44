// Every API we can read and write: its key, versions and codecs, found by key or by name. What a broker advertises is its own decision;
// these are the versions whose bytes we understand.
import { FrameError } from "../bytes/frame-error.ts";
import type { ByteReader } from "../bytes/reader.ts";
import type { ByteWriter } from "../bytes/writer.ts";
import { API_REGISTRY, type ApiMessages } from "./generated/registry.gen.ts";

export type { ApiMessages };
export type ApiName = keyof ApiMessages;
export type RequestOf<N extends ApiName> = ApiMessages[N]["request"];
export type ResponseOf<N extends ApiName> = ApiMessages[N]["response"];

export interface Api<Request = unknown, Response = unknown> {
  readonly key: number;
  readonly name: ApiName;
  readonly minVersion: number;
  /** The newest version that is settled. */
  readonly maxVersion: number;
  /** A version above maxVersion that may still change, or null. */
  readonly unstableVersion: number | null;
  /** The first version with compact lengths and tagged fields; Infinity if there is none. */
  readonly flexibleFrom: number;
  readRequest(r: ByteReader, version: number): Request;
  writeRequest(w: ByteWriter, message: Request, version: number): void;
  readResponse(r: ByteReader, version: number): Response;
  writeResponse(w: ByteWriter, message: Response, version: number): void;
}

export const API_KEYS = Object.fromEntries(Object.values(API_REGISTRY).map((api) => [api.name, api.key])) as {
  readonly [N in ApiName]: (typeof API_REGISTRY)[N]["key"];
};

/** In the order of their keys. */
export const ALL_APIS: readonly Api[] = Object.values(API_REGISTRY).sort((a, b) => a.key - b.key) as unknown as readonly Api[];

const byKey: (Api | undefined)[] = [];
for (const api of ALL_APIS) byKey[api.key] = api;

export function apiByKey(key: number): Api | undefined {
  return byKey[key];
}

export function apiByName<N extends ApiName>(name: N): Api<RequestOf<N>, ResponseOf<N>> {
  return API_REGISTRY[name] as unknown as Api<RequestOf<N>, ResponseOf<N>>;
}

/** Whether the codecs know this version of the API. */
export function knowsVersion(api: Api, version: number): boolean {
  return version >= api.minVersion && version <= (api.unstableVersion ?? api.maxVersion);
}

/** Reads a request; a FrameError names the API and its version. Bytes after it are ignored, as Apache Kafka does: some clients send them. */
export function readWholeRequest(api: Api, r: ByteReader, version: number): unknown {
  try {
    return api.readRequest(r, version);
  } catch (error) {
    throw named(error, `${api.name} request version ${version}`);
  }
}

/** Reads a response and insists that nothing follows it; a FrameError names the API and its version. */
export function readWholeResponse<N extends ApiName>(name: N, r: ByteReader, version: number): ResponseOf<N> {
  try {
    const message = apiByName(name).readResponse(r, version);
    if (r.remaining > 0) throw new FrameError("BAD_LENGTH", `${r.remaining} bytes follow the message at byte ${r.at}.`);
    return message;
  } catch (error) {
    throw named(error, `${name} response version ${version}`);
  }
}

function named(error: unknown, what: string): unknown {
  return error instanceof FrameError ? new FrameError(error.code, `${what}: ${error.message}`) : error;
}
