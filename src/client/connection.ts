// One connection to one broker: requests go out in order, answers come back in the same order, matched by correlation id. A request that
// is not answered in time closes the connection (as every Kafka client does: the stream behind a lost answer cannot be trusted), and all
// requests in flight fail with an error that says the outcome is unknown.
import { FrameError } from "../bytes/frame-error.ts";
import { ByteReader } from "../bytes/reader.ts";
import { ByteWriter } from "../bytes/writer.ts";
import { buggify } from "../env/fault-points.ts";
import type { Timer } from "../env/clock.ts";
import type { Env } from "../env/env.ts";
import type { Address, Connection } from "../env/network.ts";
import { apiByName, type ApiName, type RequestOf, type ResponseOf } from "../protocol/apis.ts";
import { ErrorCode } from "../protocol/errors.ts";
import { newApiVersionsRequest, type ApiVersionsResponse } from "../protocol/generated/api-versions.gen.ts";
import { readResponseHeader, writeRequestHeader } from "../protocol/headers.ts";
import { addressText } from "./address.ts";
import { BrokerVersions } from "./api-versions.ts";
import { brokerError, ClientError, messageOf } from "./errors.ts";
import { FrameAssembler } from "./frame-assembler.ts";

/** Answers larger than this are refused: the largest fetch answer is far below it. */
const MAX_RESPONSE_BYTES = 256 << 20;
/** Bytes of buffer a request begins with, beyond the size hint. */
const REQUEST_SLACK_BYTES = 512;
const SOFTWARE_NAME = "millrace";
const SOFTWARE_VERSION = "0.1.0";

export interface ConnectionOptions {
  readonly clientId: string;
  readonly connectTimeoutMs: number;
  readonly requestTimeoutMs: number;
}

export interface RequestOptions {
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** The newest version to use. */
  readonly maxVersion?: number | undefined;
  /** Expected size, so that large requests are not copied while their buffer grows. */
  readonly sizeHintBytes?: number | undefined;
  /** Writes the message behind the header in `w` and returns all pieces, which stay unchanged until the answer. Only for Produce. */
  readonly encode?: ((w: ByteWriter, version: number) => readonly Uint8Array[]) | undefined;
  /** acks=0: the broker sends no answer; resolves at once with undefined. */
  readonly noResponse?: boolean | undefined;
}

interface InFlight {
  readonly correlationId: number;
  readonly name: ApiName;
  readonly version: number;
  readonly deadline: number;
  readonly timeoutMs: number;
  resolve(body: ByteReader): void;
  reject(error: unknown): void;
}

export class BrokerConnection {
  readonly address: Address;
  readonly #env: Env;
  readonly #options: ConnectionOptions;
  readonly #socket: Connection;
  readonly #inFlight: InFlight[] = [];
  readonly #closeListeners = new Set<() => void>();
  #versions: BrokerVersions | undefined;
  #nextCorrelationId = 1;
  #timer: Timer | undefined;
  #timerAt = Infinity;
  #closed: ClientError | undefined;

  private constructor(env: Env, address: Address, options: ConnectionOptions, socket: Connection) {
    this.#env = env;
    this.address = address;
    this.#options = options;
    this.#socket = socket;
    const frames = new FrameAssembler(MAX_RESPONSE_BYTES, (bytes) => this.#answer(bytes));
    socket.handle({
      data: (bytes) => {
        try {
          return frames.push(bytes);
        } catch (error) {
          this.#fail(
            new ClientError("MALFORMED_RESPONSE", `The broker ${addressText(address)} sent what cannot be read: ${messageOf(error)}`, {
              retriable: true,
              cause: error,
            }),
          );
          return false;
        }
      },
      close: (error) => this.#fail(this.#lost(error === undefined ? "the broker closed the connection" : error.message, error)),
    });
  }

  /** Connects and negotiates versions. Rejects with BROKER_UNREACHABLE (retriable), naming the address and the timeout. */
  static async open(env: Env, address: Address, options: ConnectionOptions, signal?: AbortSignal): Promise<BrokerConnection> {
    let socket: Connection;
    try {
      socket = await env.network.connect(address, { timeoutMs: options.connectTimeoutMs, ...(signal === undefined ? {} : { signal }) });
    } catch (error) {
      signal?.throwIfAborted();
      throw unreachable(address, options.connectTimeoutMs, error);
    }
    const connection = new BrokerConnection(env, address, options, socket);
    try {
      connection.#versions = await connection.#negotiate(signal);
    } catch (error) {
      connection.close();
      throw error;
    }
    return connection;
  }

  get versions(): BrokerVersions {
    if (this.#versions === undefined) throw new ClientError("INVALID_STATE", "The connection has not negotiated its versions yet.");
    return this.#versions;
  }

  get closed(): boolean {
    return this.#closed !== undefined;
  }

  get inFlightCount(): number {
    return this.#inFlight.length;
  }

  /** Called once, when the connection is closed for any reason. */
  onClose(listener: () => void): void {
    if (this.closed) listener();
    else this.#closeListeners.add(listener);
  }

  /** Sends `message` in the newest version both sides know. A function gets the version and returns the message. */
  request<N extends ApiName>(
    name: N,
    message: RequestOf<N> | ((version: number) => RequestOf<N>),
    options: RequestOptions = {},
  ): Promise<ResponseOf<N>> {
    let version: number;
    try {
      version = this.versions.pick(name, options.maxVersion);
    } catch (error) {
      return Promise.reject(error);
    }
    return this.#send(
      name,
      typeof message === "function" ? (message as (version: number) => RequestOf<N>)(version) : message,
      version,
      options,
    );
  }

  /** What is queued and needs no answer (acks 0) is still sent. */
  close(): void {
    const quietly = this.#inFlight.length === 0 && this.#socket.bufferedBytes > 0;
    this.#fail(
      new ClientError("CONNECTION_CLOSED", `The connection to ${addressText(this.address)} was closed by this client.`, {
        retriable: true,
      }),
      quietly,
    );
  }

  async #send<N extends ApiName>(name: N, message: RequestOf<N>, version: number, options: RequestOptions): Promise<ResponseOf<N>> {
    options.signal?.throwIfAborted();
    if (this.#closed !== undefined) throw this.#closed;
    const api = apiByName(name);
    const correlationId = this.#nextCorrelationId;
    this.#nextCorrelationId = (correlationId + 1) & 0x7fffffff;
    const w = new ByteWriter(REQUEST_SLACK_BYTES + (options.sizeHintBytes ?? 0));
    w.int32(0);
    writeRequestHeader(w, { apiKey: api.key, apiVersion: version, correlationId, clientId: this.#options.clientId });
    let pieces = options.encode?.(w, version);
    if (pieces === undefined) {
      api.writeRequest(w, message, version);
      pieces = [w.finish()];
    }
    w.patchInt32(0, pieces.reduce((sum, piece) => sum + piece.length, 0) - 4);
    if (options.noResponse === true) {
      this.#write(pieces);
      return undefined as unknown as ResponseOf<N>;
    }
    const body = await this.#exchange(name, version, correlationId, pieces, options);
    try {
      const response = api.readResponse(body, version);
      return response;
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      const failure = new ClientError(
        "MALFORMED_RESPONSE",
        `The broker ${addressText(this.address)} answered ${name} version ${version} with what cannot be read: ${error.message}`,
        { cause: error },
      );
      this.#fail(failure);
      throw failure;
    }
  }

  #exchange(
    name: ApiName,
    version: number,
    correlationId: number,
    pieces: readonly Uint8Array[],
    options: RequestOptions,
  ): Promise<ByteReader> {
    return new Promise<ByteReader>((resolve, reject) => {
      const { signal } = options;
      const abort = (): void => reject(signal!.reason);
      const timeoutMs = options.timeoutMs ?? this.#options.requestTimeoutMs;
      const deadline = this.#env.clock.monotonicMs() + timeoutMs;
      signal?.addEventListener("abort", abort, { once: true });
      this.#inFlight.push({
        correlationId,
        name,
        version,
        deadline,
        timeoutMs,
        resolve: (body) => {
          signal?.removeEventListener("abort", abort);
          resolve(body);
        },
        reject: (error) => {
          signal?.removeEventListener("abort", abort);
          reject(error);
        },
      });
      this.#arm(deadline);
      this.#write(pieces);
    });
  }

  #write(pieces: readonly Uint8Array[]): void {
    if (pieces.length === 1) return void this.#socket.write(pieces[0]!);
    this.#socket.cork();
    for (const piece of pieces) this.#socket.write(piece);
    this.#socket.uncork();
  }

  #answer(bytes: Uint8Array): void {
    if (this.#closed !== undefined) return;
    if (buggify("answer-lost")) return this.#fail(this.#lost("its answer was lost"));
    const body = new ByteReader(bytes);
    const head = this.#inFlight.shift();
    if (head === undefined) throw new ClientError("MALFORMED_RESPONSE", "an answer came to no request.");
    const correlationId = readResponseHeader(body, apiByName(head.name).key, head.version);
    if (correlationId !== head.correlationId) {
      this.#inFlight.unshift(head);
      throw new ClientError("MALFORMED_RESPONSE", `the answer to request ${correlationId} came where ${head.correlationId} was expected.`);
    }
    if (this.#inFlight.length === 0) this.#disarm();
    head.resolve(body);
  }

  #arm(deadline: number): void {
    if (deadline >= this.#timerAt) return;
    this.#disarm();
    this.#timerAt = deadline;
    this.#timer = this.#env.timers.after(Math.max(1, deadline - this.#env.clock.monotonicMs()), () => this.#expire());
  }

  #disarm(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#timerAt = Infinity;
  }

  #expire(): void {
    this.#disarm();
    const now = this.#env.clock.monotonicMs();
    const late = this.#inFlight.find((request) => request.deadline <= now);
    if (late !== undefined)
      return this.#fail(
        new ClientError(
          "REQUEST_TIMEOUT",
          `The broker ${addressText(this.address)} did not answer ${late.name} within ${late.timeoutMs} ms.`,
          { retriable: true },
        ),
      );
    const next = this.#inFlight.reduce((earliest, request) => Math.min(earliest, request.deadline), Infinity);
    if (next !== Infinity) this.#arm(next);
  }

  #lost(text: string, cause?: Error): ClientError {
    return new ClientError("CONNECTION_CLOSED", `The connection to the broker ${addressText(this.address)} was lost: ${text}.`, {
      retriable: true,
      cause,
    });
  }

  #fail(error: ClientError, quietly = false): void {
    if (this.#closed !== undefined) return;
    this.#closed = error;
    this.#disarm();
    if (quietly) this.#socket.end();
    else this.#socket.destroy();
    const failed = this.#inFlight.splice(0);
    const listeners = [...this.#closeListeners];
    this.#closeListeners.clear();
    for (const listener of listeners) listener();
    for (const request of failed) request.reject(error);
  }

  async #negotiate(signal?: AbortSignal): Promise<BrokerVersions> {
    const message = newApiVersionsRequest({ clientSoftwareName: SOFTWARE_NAME, clientSoftwareVersion: SOFTWARE_VERSION });
    const options: RequestOptions = { timeoutMs: this.#options.connectTimeoutMs, signal };
    let response: ApiVersionsResponse;
    try {
      response = await this.#askVersions(message, 3, options);
      if (response.errorCode === ErrorCode.UNSUPPORTED_VERSION) response = await this.#askVersions(message, 0, options);
    } catch (error) {
      signal?.throwIfAborted();
      throw unreachable(this.address, this.#options.connectTimeoutMs, error);
    }
    const where = addressText(this.address);
    if (response.errorCode !== 0) throw brokerError(response.errorCode, `ApiVersions on ${where}`);
    return new BrokerVersions(response, where);
  }

  /** A broker that does not know the version answers in version 0, so the error code is looked at before the rest (KIP-511). */
  async #askVersions(message: RequestOf<"ApiVersions">, version: number, options: RequestOptions): Promise<ApiVersionsResponse> {
    const api = apiByName("ApiVersions");
    const correlationId = this.#nextCorrelationId++;
    const w = new ByteWriter();
    w.int32(0);
    writeRequestHeader(w, { apiKey: api.key, apiVersion: version, correlationId, clientId: this.#options.clientId });
    api.writeRequest(w, message, version);
    w.patchInt32(0, w.length - 4);
    const body = await this.#exchange("ApiVersions", version, correlationId, [w.finish()], options);
    const start = body.at;
    const errorCode = body.int16();
    body.at = start;
    return api.readResponse(body, errorCode === ErrorCode.UNSUPPORTED_VERSION ? 0 : version);
  }
}

function unreachable(address: Address, timeoutMs: number, cause: unknown): ClientError {
  return new ClientError(
    "BROKER_UNREACHABLE",
    `No Kafka broker answered at ${addressText(address)} within ${timeoutMs} ms: ${messageOf(cause).replace(/\.$/, "")}. Check the address and that a broker runs there.`,
    { retriable: true, cause },
  );
}
