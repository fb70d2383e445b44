// One client's connection: frames in, answers out in the order of their requests. Only requests of an API that allows it (Produce)
// overlap; all others run one after the other, as in Apache Kafka. Reading pauses while too much is in work or the peer does not read.
// A malformed frame, or an error nobody expected, costs this connection and one log line, nothing else: what was asked before it is answered
// first, as on Apache Kafka, which reads a connection's next request when it has answered the one before.
import type { BufferPool } from "../bytes/buffer-pool.ts";
import type { Address, Connection } from "../env/network.ts";
import type { Logger } from "../env/logger.ts";
import type { BrokerContext, Call } from "./api.ts";
import { isMalformed, type Answer, type Decoded, type Dispatcher } from "./dispatch.ts";
import { amended, answerOf, type Fault } from "./faults.ts";
import { FrameAssembler, FrameLengthError } from "./frame-assembler.ts";
import { countErrors } from "./metrics/answer-errors.ts";
import { type RequestCount, type RequestMoments, tickOf } from "./metrics/request-count.ts";
import { ErrorCode } from "../protocol/errors.ts";
import type { ProduceRequest } from "../protocol/generated/produce.gen.ts";
import type { RequestMemory } from "./request-memory.ts";
import { type SupersededConnections, SupersededError, ownedRequest } from "./superseded-connections.ts";

/** Requests of one connection that wait or run, and their bytes; reading pauses above either. */
const MAX_REQUESTS = 64;
const MAX_REQUEST_BYTES = 4 * 1024 * 1024;

export interface ConnectionOptions {
  readonly broker: BrokerContext;
  readonly dispatcher: Dispatcher;
  readonly memory: RequestMemory;
  /** What requests are received into. */
  readonly buffers: BufferPool;
  readonly maxRequestBytes: number;
  readonly closed: (connection: BrokerConnection) => void;
  /** In the order in which connections were opened. */
  readonly number: number;
  readonly superseded: SupersededConnections;
  /** Where clients of the connection's listener are told to connect. */
  readonly advertised: Address;
}

/** Why the connection ends. */
interface Refusal {
  readonly event: string;
  readonly error: unknown;
  readonly fields?: Record<string, unknown>;
}

interface Slot extends RequestMoments {
  /** undefined while the request runs, null when it has no answer. */
  answer: Answer | null | undefined;
  /** In place of an answer: when all before it are sent, the connection ends. */
  refusal: Refusal | undefined;
  /** To be called when the answer is sent. */
  sent: (() => void)[] | undefined;
  /** Of the request's API, if it has one. */
  count: RequestCount | undefined;
}

type Frame = Uint8Array<ArrayBuffer>;

export class BrokerConnection {
  readonly #connection: Connection;
  readonly #options: ConnectionOptions;
  readonly #logger: Logger;
  readonly #assembler: FrameAssembler;
  /** Requests that have not started, oldest first. */
  #waiting: Frame[] = [];
  /** When each of them was received. */
  #arrivals: number[] = [];
  /** Requests that have started and whose answers are not sent, oldest first. */
  #slots: Slot[] = [];
  /** Answers that the operating system has not taken yet. */
  #unsent: Slot[] = [];
  readonly #closeHooks = new Set<() => void>();
  readonly #resume = (): void => this.#unblock();
  #running = 0;
  #requestBytes = 0;
  #overlapping = true;
  #blockedByPeer = false;
  #paused = false;
  #sendScheduled = false;
  #closed = false;
  #finishing = false;
  /** Nothing is read or started any more: the connection ends behind the answers to what was asked before. */
  #refusing = false;
  /** Behind all requests that wait. */
  #badLength: FrameLengthError | undefined;
  /** Monotonic ms of the last request or answer. */
  lastActive: number;

  constructor(connection: Connection, options: ConnectionOptions) {
    this.#connection = connection;
    this.#options = options;
    this.#logger = options.broker.env.logger;
    this.lastActive = options.broker.env.clock.monotonicMs();
    this.#assembler = new FrameAssembler(options.maxRequestBytes, (frame) => this.#received(frame), options.buffers);
    connection.handle({
      data: (bytes) => this.#data(bytes),
      drain: () => {
        this.#blockedByPeer = false;
        this.#noteSent();
        this.#goOn();
      },
      close: () => this.#onClose(),
    });
  }

  get isIdle(): boolean {
    return this.#slots.length === 0 && this.#waiting.length === 0;
  }

  /** Requests that have not begun, and answers that wait for their turn. */
  get queued(): { readonly requests: number; readonly answers: number } {
    const answers = this.#slots.reduce((sum, { answer }) => (answer === undefined ? sum : sum + 1), 0);
    return { requests: this.#waiting.length, answers };
  }

  /** Nothing is read any more; what has started is answered, long polls at once, then the connection ends. */
  finish(): void {
    if (this.#closed || this.#finishing) return;
    this.#finishing = true;
    this.#paused = true;
    this.#connection.pause();
    for (const frame of this.#waiting) this.#forget(frame);
    this.#waiting = [];
    this.#arrivals = [];
    for (const hook of this.#closeHooks) hook();
    if (this.#slots.length === 0) this.#connection.end();
  }

  destroy(): void {
    this.#connection.destroy();
  }

  #data(bytes: Uint8Array): boolean {
    if (this.#closed || this.#finishing || this.#badLength !== undefined) return false;
    try {
      return this.#assembler.push(bytes);
    } catch (error) {
      if (!(error instanceof FrameLengthError)) throw error;
      this.#badLength = error;
      this.#stopReading();
      this.#goOn();
      return false;
    }
  }

  #received(frame: Frame): void {
    if (this.#closed || this.#finishing) return;
    this.lastActive = this.#options.broker.env.clock.monotonicMs();
    this.#options.memory.take(frame.length);
    this.#requestBytes += frame.length;
    this.#waiting.push(frame);
    this.#arrivals.push(tickOf(this.lastActive));
    this.#pump();
    this.#pauseIfFull();
  }

  /** Starts what may start now. */
  #pump(): void {
    while (this.#waiting.length > 0 && !this.#closed && !this.#blockedByPeer && !this.#refusing) {
      const frame = this.#waiting[0]!;
      const overlaps = this.#options.dispatcher.overlaps(frame);
      if (this.#running > 0 && !(overlaps && this.#overlapping)) return;
      this.#waiting.shift();
      this.#overlapping = overlaps;
      this.#start(frame, this.#arrivals.shift()!);
    }
  }

  #start(frame: Frame, received: number): void {
    const started = this.#tick();
    const slot: Slot = {
      answer: undefined,
      refusal: undefined,
      sent: undefined,
      count: undefined,
      received,
      started,
      returned: 0,
      answeredAt: 0,
      taken: 0,
    };
    this.#slots.push(slot);
    this.#running++;
    let decoded: Decoded | Answer;
    try {
      decoded = this.#options.dispatcher.decode(frame);
    } catch (error) {
      this.#forget(frame);
      this.#refuse(slot, { event: isMalformed(error) ? "bad-request" : "request-failed", error });
      return;
    }
    if (Array.isArray(decoded)) this.#finish(slot, frame, decoded);
    else this.#run(slot, frame, decoded as Decoded);
  }

  #run(slot: Slot, frame: Frame, decoded: Decoded): void {
    const { handler, header, request } = decoded;
    const { broker, superseded, number } = this.#options;
    const owned = ownedRequest(handler.api.name, request, header.apiVersion);
    if (owned !== undefined && superseded.isSuperseded(owned, number))
      return this.#failed(slot, frame, "superseded-connection", decoded, new SupersededError());
    const faultless = broker.faults.isEmpty;
    const call = this.#callOf(decoded, slot, faultless);
    const count = broker.counters.api(handler.api.key);
    slot.count = count;
    count.begin(header.apiVersion, frame.length);
    const answered = (response: unknown): void => {
      slot.answeredAt = this.#tick();
      count.running--;
      if (this.#closed) return this.#forget(frame);
      if (call.close) return this.#failed(slot, frame, "request-refused", decoded, new Error("A request without answer failed"));
      let answer: Answer | null;
      try {
        answer = response === undefined ? null : this.#options.dispatcher.encode(decoded, response);
        if (response !== undefined) countErrors(handler.api.name, response, count);
      } catch (error) {
        return this.#failed(slot, frame, "answer-not-encodable", decoded, error);
      }
      this.#finish(slot, frame, answer);
      if (faultless && call.requestIsFree) this.#options.buffers.give(frame);
    };
    const failed = (error: unknown): void => {
      count.running--;
      count.error(ErrorCode.UNKNOWN_SERVER_ERROR);
      this.#failed(slot, frame, "request-failed", decoded, error);
    };
    try {
      const fault = faultless ? undefined : broker.faults.take(handler.api.name, request, header.apiVersion);
      const result = fault === undefined ? handler.handle(broker, request, call) : meet(fault, broker, decoded, call);
      slot.returned = this.#tick();
      if (call.exclusive) this.#overlapping = false;
      if (result instanceof Promise) result.then(answered, failed);
      else answered(result);
    } catch (error) {
      failed(error);
    }
  }

  /** Whoever asked for faults may look at requests and answers for as long as it likes. */
  #callOf({ header }: Decoded, slot: Slot, faultless: boolean): Call {
    const hooks = this.#closeHooks;
    return {
      version: header.apiVersion,
      clientId: header.clientId ?? "",
      clientHost: `/${this.#connection.remote.host}`,
      advertised: this.#options.advertised,
      exclusive: false,
      close: false,
      requestIsFree: false,
      onSent(fn) {
        if (faultless) (slot.sent ??= []).push(fn);
      },
      onClose(fn) {
        hooks.add(fn);
        return () => hooks.delete(fn);
      },
    };
  }

  #finish(slot: Slot, frame: Uint8Array, answer: Answer | null): void {
    slot.answer = answer;
    this.#running--;
    this.#forget(frame);
    if (this.#sendScheduled || this.#slots[0]!.answer === undefined) return;
    this.#sendScheduled = true;
    void Promise.resolve().then(() => this.#send()); // answers of one flush round leave together
  }

  #send(): void {
    this.#sendScheduled = false;
    if (this.#closed) return;
    this.lastActive = this.#options.broker.env.clock.monotonicMs();
    let ready = 0;
    while (ready < this.#slots.length && this.#slots[ready]!.answer !== undefined) ready++;
    const slots = this.#slots.splice(0, ready);
    const taken = tickOf(this.lastActive);
    this.#connection.cork();
    for (const slot of slots) {
      const { answer, sent } = slot;
      slot.taken = taken;
      this.#unsent.push(slot);
      const last = (answer?.length ?? 0) - 1;
      for (let i = 0; i <= last; i++) {
        const taken = i < last || sent === undefined ? undefined : () => sent.forEach((each) => each());
        if (!this.#connection.write(answer![i]!, taken)) this.#blockedByPeer = true;
      }
    }
    this.#connection.uncork();
    if (!this.#blockedByPeer) this.#noteSent();
    this.#goOn();
  }

  /** Something was sent, or nothing more comes. */
  #goOn(): void {
    const refusal = this.#dueRefusal();
    if (refusal !== undefined) this.#end(refusal);
    else if (this.#finishing && this.#slots.length === 0) this.#connection.end();
    else this.#unblock();
  }

  /** The one that the connection ends with now: everything before it is answered, and the peer has been sent it. */
  #dueRefusal(): Refusal | undefined {
    if (this.#blockedByPeer) return undefined;
    if (this.#badLength !== undefined && this.isIdle) return { event: "bad-frame", error: this.#badLength };
    return this.#slots[0]?.refusal;
  }

  #noteSent(): void {
    const now = this.#tick();
    for (const slot of this.#unsent) slot.count?.noteTimes(slot, now);
    this.#unsent.length = 0;
  }

  #tick(): number {
    return tickOf(this.#options.broker.env.clock.monotonicMs());
  }

  #pauseIfFull(): void {
    const { memory } = this.#options;
    if (this.#paused || this.#closed) return;
    if (!this.#isFull() && !this.#blockedByPeer && !memory.isFull) return;
    this.#stopReading();
    if (memory.isFull) memory.wait(this.#resume);
  }

  #stopReading(): void {
    this.#paused = true;
    this.#connection.pause();
  }

  #unblock(): void {
    if (this.#closed || this.#finishing) return;
    this.#pump();
    if (!this.#paused || this.#closed || this.#isFull() || this.#blockedByPeer) return;
    if (this.#refusing || this.#badLength !== undefined) return;
    if (this.#options.memory.isFull) return this.#options.memory.wait(this.#resume);
    this.#paused = false;
    this.#connection.resume();
  }

  #isFull(): boolean {
    return this.#waiting.length + this.#slots.length >= MAX_REQUESTS || this.#requestBytes >= MAX_REQUEST_BYTES;
  }

  /** The request is not in work any more. */
  #forget(frame: Uint8Array): void {
    this.#requestBytes -= frame.length;
    this.#options.memory.give(frame.length);
  }

  #failed(slot: Slot, frame: Uint8Array, event: string, { handler, header }: Decoded, error: unknown): void {
    this.#forget(frame);
    this.#refuse(slot, { event, error, fields: { api: handler.api.name, version: header.apiVersion } });
  }

  /** The request has no answer, and nothing after it has one. */
  #refuse(slot: Slot, refusal: Refusal): void {
    if (this.#closed) return;
    slot.refusal = refusal;
    this.#refusing = true;
    this.#stopReading();
    const due = this.#dueRefusal();
    if (due !== undefined) this.#end(due);
  }

  #end({ event, error, fields = {} }: Refusal): void {
    if (this.#closed) return;
    const { host, port } = this.#connection.remote;
    const level = isMalformed(error) || error instanceof FrameLengthError || isExpected(error) ? "warn" : "error";
    this.#logger.log(level, event, { peer: `${host}:${port}`, ...fields, error, consequence: "the connection is closed" });
    this.#connection.destroy();
    this.#onClose();
  }

  #onClose(): void {
    if (this.#closed) return;
    this.#closed = true;
    const { memory, closed } = this.#options;
    memory.forget(this.#resume);
    for (const frame of this.#waiting) this.#forget(frame);
    this.#waiting = [];
    this.#arrivals = [];
    this.#slots = [];
    this.#unsent = [];
    for (const hook of this.#closeHooks) hook();
    this.#closeHooks.clear();
    closed(this);
  }
}

/** The request's way through a fault that somebody asked for. */
async function meet(fault: Fault, broker: BrokerContext, { handler, header, request }: Decoded, call: Call): Promise<unknown> {
  if (fault.delayMs !== undefined) await broker.env.timers.sleep(fault.delayMs);
  if (fault.drop === "request") throw new DroppedError();
  const instead = answerOf(fault, handler.api.name, request, header.apiVersion);
  // Without acknowledgements an error ends the connection.
  if (instead !== undefined && handler.api.name === "Produce" && (request as ProduceRequest).acks === 0) throw new DroppedError();
  let response = instead ?? (await handler.handle(broker, request, call));
  if (instead === undefined && response !== undefined) response = amended(fault, response, request, header.apiVersion);
  if (fault.drop === "answer") throw new DroppedError();
  return response;
}

function isExpected(error: unknown): boolean {
  return error instanceof DroppedError || error instanceof SupersededError;
}

class DroppedError extends Error {
  override readonly name = "DroppedError";
  readonly code = "DROPPED_ON_DEMAND";
  override readonly message = "A fault was asked for: the request or its answer is lost.";
}
