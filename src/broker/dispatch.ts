// From a request frame to its API and back to a response frame. Versions we do not serve end the connection, as Apache Kafka does,
// except for ApiVersions, which is answered so that the client can choose again (KIP-511).
import { FrameError } from "../bytes/frame-error.ts";
import { ByteReader } from "../bytes/reader.ts";
import { API_KEYS, readWholeRequest } from "../protocol/apis.ts";
import { newApiVersion, newApiVersionsResponse } from "../protocol/generated/api-versions.gen.ts";
import { ErrorCode } from "../protocol/errors.ts";
import { FIXED_REQUEST_HEADER_BYTES, readRequestHeader, writeResponseHeader, type RequestHeader } from "../protocol/headers.ts";
import type { ApiHandler } from "./api.ts";
import { SplicingWriter } from "./splicing-writer.ts";

/** A frame that is no request we can serve; the message says why. */
export class RequestError extends Error {
  override readonly name = "RequestError";
  readonly code = "BAD_REQUEST";
}

/** A response frame, in pieces. */
export type Answer = readonly Uint8Array[];

export interface Decoded {
  readonly handler: ApiHandler;
  readonly header: RequestHeader;
  readonly request: unknown;
}

const LENGTH_BYTES = 4;
const FIRST_ANSWER_BYTES = 256;

export class Dispatcher {
  readonly #byKey: (ApiHandler | undefined)[] = [];

  constructor(handlers: readonly ApiHandler[]) {
    for (const handler of handlers) this.#byKey[handler.api.key] = handler;
  }

  /** Whether the frame's API lets requests overlap; looks at nothing but its first two bytes. */
  overlaps(frame: Uint8Array): boolean {
    return frame.length > 1 && this.#byKey[(frame[0]! << 8) | frame[1]!]?.overlaps === true;
  }

  /** Throws a RequestError or FrameError: the connection cannot go on. An answer instead of a request is the whole answer. */
  decode(frame: Uint8Array): Decoded | Answer {
    if (frame.length < FIXED_REQUEST_HEADER_BYTES) throw new RequestError(`A request of ${frame.length} bytes is shorter than its header`);
    const reader = new ByteReader(frame);
    const apiKey = reader.int16();
    const apiVersion = reader.int16();
    const handler = this.#byKey[apiKey];
    if (handler === undefined) throw new RequestError(`API key ${apiKey} version ${apiVersion} is not served`);
    if (apiVersion < handler.minVersion || apiVersion > handler.maxVersion) {
      if (apiKey === API_KEYS.ApiVersions) return unsupportedApiVersions(handler, reader.int32());
      throw new RequestError(
        `${handler.api.name} version ${apiVersion} is not served (${handler.minVersion} to ${handler.maxVersion} are)`,
      );
    }
    reader.at = 0;
    const header = readRequestHeader(reader);
    return { handler, header, request: readWholeRequest(handler.api, reader, apiVersion) };
  }

  encode({ handler, header }: Decoded, response: unknown): Answer {
    const { api } = handler;
    return frameOf((writer) => {
      writeResponseHeader(writer, header.correlationId, api.key, header.apiVersion);
      api.writeResponse(writer, response, header.apiVersion);
    });
  }
}

export function isMalformed(error: unknown): error is Error {
  return error instanceof FrameError || error instanceof RequestError;
}

function unsupportedApiVersions(handler: ApiHandler, correlationId: number): Answer {
  const { api, minVersion, maxVersion } = handler;
  const own = newApiVersion({ apiKey: api.key, minVersion, maxVersion });
  return frameOf((writer) => {
    writeResponseHeader(writer, correlationId, api.key, 0);
    api.writeResponse(writer, newApiVersionsResponse({ errorCode: ErrorCode.UNSUPPORTED_VERSION, apiKeys: [own] }), 0);
  });
}

function frameOf(write: (writer: SplicingWriter) => void): Answer {
  const writer = new SplicingWriter(FIRST_ANSWER_BYTES);
  writer.reserve(LENGTH_BYTES);
  write(writer);
  writer.patchInt32(0, writer.totalLength - LENGTH_BYTES);
  return writer.pieces();
}
