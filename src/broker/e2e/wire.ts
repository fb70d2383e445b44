// Test help: one connection to a broker, spoken by hand with the protocol's own codecs, or with bytes that are none.
import { ByteReader } from "../../bytes/reader.ts";
import { ByteWriter } from "../../bytes/writer.ts";
import type { Env } from "../../env/env.ts";
import type { Address, Connection } from "../../env/network.ts";
import { API_KEYS, apiByName, type ApiName, type RequestOf, type ResponseOf } from "../../protocol/apis.ts";
import { readResponseHeader, writeRequestHeader } from "../../protocol/headers.ts";
import { FrameAssembler } from "../frame-assembler.ts";

const MAX_ANSWER_BYTES = 256 * 1024 * 1024;
const CLIENT_ID = "wire";

export class Wire {
  readonly #connection: Connection;
  readonly #frames: Uint8Array[] = [];
  #wake: (() => void) | undefined;
  #nextCorrelationId = 1;
  closed = false;

  static async connect(env: Env, address: Address): Promise<Wire> {
    return new Wire(await env.network.connect(address));
  }

  private constructor(connection: Connection) {
    this.#connection = connection;
    const assembler = new FrameAssembler(MAX_ANSWER_BYTES, (frame) => this.#frames.push(frame));
    connection.handle({
      data: (bytes) => {
        assembler.push(bytes);
        this.#wake?.();
      },
      close: () => {
        this.closed = true;
        this.#wake?.();
      },
    });
  }

  write(bytes: Uint8Array): void {
    this.#connection.write(bytes);
  }

  /** The answers are not read until resume(). */
  pause(): void {
    this.#connection.pause();
  }

  resume(): void {
    this.#connection.resume();
  }

  destroy(): void {
    this.#connection.destroy();
  }

  /** One request and its answer. */
  async call<N extends ApiName>(name: N, version: number, request: RequestOf<N>): Promise<ResponseOf<N>> {
    this.write(requestFrame(name, version, request, this.#nextCorrelationId++));
    return (await this.read(name, version)).response;
  }

  /** The next answer, which must be one to this API and version. */
  async read<N extends ApiName>(name: N, version: number): Promise<{ correlationId: number; response: ResponseOf<N> }> {
    while (this.#frames.length === 0) {
      if (this.closed) throw new Error(`The connection was closed instead of answering ${name} version ${version}`);
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    const reader = new ByteReader(this.#frames.shift()!);
    const correlationId = readResponseHeader(reader, API_KEYS[name], version);
    return { correlationId, response: apiByName(name).readResponse(reader, version) };
  }
}

export function requestFrame<N extends ApiName>(name: N, version: number, request: RequestOf<N>, correlationId: number): Uint8Array {
  const writer = new ByteWriter();
  writer.reserve(4);
  writeRequestHeader(writer, { apiKey: API_KEYS[name], apiVersion: version, correlationId, clientId: CLIENT_ID });
  apiByName(name).writeRequest(writer, request, version);
  writer.patchInt32(0, writer.length - 4);
  return writer.take();
}
