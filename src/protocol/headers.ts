// Headers of requests and responses. A request's header is flexible (version 2) when its message is; the client id keeps its old
// two-byte length even then, and the answer to ApiVersions always has the oldest header, so that strangers can negotiate (KIP-482, KIP-511).
import type { ByteReader } from "../bytes/reader.ts";
import type { ByteWriter } from "../bytes/writer.ts";
import { API_KEYS, apiByKey } from "./apis.ts";
import { readNullableString, skipTags, writeNullableString } from "./primitives.ts";

export interface RequestHeader {
  readonly apiKey: number;
  readonly apiVersion: number;
  readonly correlationId: number;
  readonly clientId: string | null;
}

/** Bytes of a request header up to its correlation id: what can be read whatever the version is. */
export const FIXED_REQUEST_HEADER_BYTES = 8;

/** Leaves the reader at the message. For an unknown API key, or a version we do not know, it stops after the client id. */
export function readRequestHeader(r: ByteReader): RequestHeader {
  const apiKey = r.int16();
  const apiVersion = r.int16();
  const correlationId = r.int32();
  const clientId = readNullableString(r, false);
  if (isFlexible(apiKey, apiVersion)) skipTags(r);
  return { apiKey, apiVersion, correlationId, clientId };
}

export function writeRequestHeader(w: ByteWriter, header: RequestHeader): void {
  w.int16(header.apiKey);
  w.int16(header.apiVersion);
  w.int32(header.correlationId);
  writeNullableString(w, header.clientId, false);
  if (isFlexible(header.apiKey, header.apiVersion)) w.unsignedVarint(0);
}

/** Returns the correlation id and leaves the reader at the message. */
export function readResponseHeader(r: ByteReader, apiKey: number, apiVersion: number): number {
  const correlationId = r.int32();
  if (apiKey !== API_KEYS.ApiVersions && isFlexible(apiKey, apiVersion)) skipTags(r);
  return correlationId;
}

export function writeResponseHeader(w: ByteWriter, correlationId: number, apiKey: number, apiVersion: number): void {
  w.int32(correlationId);
  if (apiKey !== API_KEYS.ApiVersions && isFlexible(apiKey, apiVersion)) w.unsignedVarint(0);
}

function isFlexible(apiKey: number, apiVersion: number): boolean {
  const api = apiByKey(apiKey);
  return api !== undefined && apiVersion >= api.flexibleFrom && apiVersion <= (api.unstableVersion ?? api.maxVersion);
}
