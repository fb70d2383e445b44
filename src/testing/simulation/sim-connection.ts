// One end of a simulated TCP connection. Its order is the contract's: data, then close once and last; nothing after the process's end.
import { crc32c } from "../../bytes/crc32c.ts";
import type { Address, Connection, ConnectionHandlers } from "../../env/network.ts";
import type { SimNetwork } from "./sim-network.ts";
import { SimPipe } from "./sim-pipe.ts";
import type { SimProcess } from "./sim-process.ts";

/** write() asks for patience above this many queued bytes, as the real one. */
const WRITE_BUFFER_BYTES = 256 * 1024;
const LINGER_MS = 2_000;

export class SimConnection implements Connection {
  readonly local: Address;
  readonly remote: Address;
  readonly process: SimProcess;
  readonly #network: SimNetwork;
  readonly #out: SimPipe;
  #peer: SimConnection | undefined;
  #handlers: ConnectionHandlers | undefined;
  #state: "open" | "ending" | "closed" = "open";
  #closeReported = false;
  #error: Error | undefined;
  #paused = false;
  #needsDrain = false;
  #deliveryPlanned = false;

  constructor(network: SimNetwork, process: SimProcess, local: Address, remote: Address) {
    this.#network = network;
    this.process = process;
    this.local = local;
    this.remote = remote;
    this.#out = new SimPipe({
      delay: () => network.delay(),
      pieceBytes: (available) => network.pieceBytes(available),
      after: (delayMs, label, fire) => void network.scheduler.after(delayMs, `${local.port}->${remote.port} ${label}`, fire),
      nowMs: () => network.scheduler.nowMs,
      blocked: () => network.isBlackHole(local, remote),
      sent: () => this.#onSent(),
      arrived: () => this.#peer!.#onArrival(),
    });
  }

  static join(left: SimConnection, right: SimConnection): void {
    left.#peer = right;
    right.#peer = left;
  }

  get closed(): boolean {
    return this.#state === "closed";
  }

  handle(handlers: ConnectionHandlers): void {
    if (this.#handlers !== undefined) throw new Error("A connection is handled once.");
    this.#handlers = handlers;
    if (this.closed) this.#planClose();
    else this.#planDelivery();
  }

  write(bytes: Uint8Array, taken?: () => void): boolean {
    if (this.#state !== "open" || !this.process.running) return true;
    const verdict = this.#network.operate("write", this.process, this.remote, (decided) => {
      if (typeof decided === "object") this.#out.hold(decided.lateMs);
      this.#out.write(bytes, taken === undefined ? undefined : () => this.#taken(taken));
    });
    if (typeof verdict === "object") this.#breakLate();
    else if (verdict.startsWith("reset")) this.#breakBoth();
    if (this.closed) return true;
    if (this.#out.queuedBytes <= WRITE_BUFFER_BYTES) return true;
    this.#needsDrain = true;
    return false;
  }

  cork(): void {
    if (this.#state === "open") this.#out.corks++;
  }

  uncork(): void {
    if (this.#out.corks > 0 && --this.#out.corks === 0) this.#out.pump();
  }

  pause(): void {
    if (this.#state === "open") this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#planDelivery();
  }

  get bufferedBytes(): number {
    return this.#out.queuedBytes;
  }

  end(): void {
    if (this.#state !== "open" || !this.process.running) return;
    this.#state = "ending";
    this.#paused = false;
    this.#out.end();
    this.#planDelivery();
  }

  destroy(error?: Error): void {
    if (this.closed || !this.process.running) return;
    // The kernel resets the connection if input was unread; what is under way arrives or not.
    const reset = error !== undefined || this.#network.random.chance(0.5);
    if (!reset) this.#out.end();
    this.#close(error);
    this.#network.scheduler.after(this.#network.delay(), reset ? "reset" : "closed", () => {
      if (reset) this.#peer!.fail();
    });
  }

  /** The connection breaks under both ends' feet, or the peer's kernel says it knows nothing of it. */
  fail(code: "ECONNRESET" | "ETIMEDOUT" = "ECONNRESET"): void {
    if (this.closed) return;
    const text = `${code}: the connection from ${this.local.host}:${this.local.port} to ${this.remote.host}:${this.remote.port} broke`;
    this.#out.break();
    this.#close(Object.assign(new Error(text), { code }));
  }

  /** The process is gone: no handler is called, the peer learns of it a while later. What the kernel had taken arrives before that, or not. */
  abandon(): void {
    const delivers = this.#network.random.chance(0.5);
    this.#state = "closed";
    if (delivers) this.#out.end();
    else this.#out.break();
    this.#network.forget(this);
    this.#network.scheduler.after(delivers ? LINGER_MS : this.#network.delay(), "reset", () => this.#peer!.fail());
  }

  /** Told in a turn of its own, as by a kernel. */
  #taken(taken: () => void): void {
    this.#network.scheduler.after(0, "taken", () => {
      if (!this.closed) this.process.enter(taken);
    });
  }

  /** Both ends see a reset a moment later; what was written before may have arrived by then. */
  #breakBoth(): void {
    this.#network.scheduler.after(this.#network.delay(), "reset", () => {
      this.#peer!.fail();
      this.fail();
    });
  }

  /** This end breaks at once; its bytes are held up. The peer answers to nobody. */
  #breakLate(): void {
    this.#out.end();
    this.#close(Object.assign(new Error("ECONNRESET: the connection broke, what was sent is under way"), { code: "ECONNRESET" }));
  }

  /** A black hole has opened or closed. */
  pump(): void {
    this.#out.pump();
  }

  /** Bytes for a socket that is gone are answered by a reset. */
  #onArrival(): void {
    if (!this.closed) return this.#planDelivery();
    if (!this.#peer!.#out.hasPiece || this.#peer!.closed) return;
    this.#network.scheduler.after(this.#network.delay(), "reset", () => this.#peer!.fail());
  }

  #onSent(): void {
    this.#network.maybeReset(this);
    if (this.#needsDrain && this.#out.queuedBytes < WRITE_BUFFER_BYTES / 2) {
      this.#needsDrain = false;
      this.#network.scheduler.after(0, "drain", () => {
        if (this.#state === "open") this.process.enter(() => this.#handlers?.drain?.());
      });
    }
    if (this.#out.endSent) this.#onEndSent();
  }

  #onEndSent(): void {
    this.#network.scheduler.after(LINGER_MS, "linger", () => {
      if (!this.closed) this.#close(undefined);
    });
    this.#maybeFinished();
  }

  /** Input is handed over one piece per event. */
  #planDelivery(): void {
    if (this.#deliveryPlanned || this.closed || this.#paused || this.#handlers === undefined) return;
    const input = this.#peer!.#out;
    if (!input.hasPiece && !input.ended) return;
    this.#deliveryPlanned = true;
    this.#network.scheduler.after(0, "deliver", () => {
      this.#deliveryPlanned = false;
      this.#deliver();
    });
  }

  #deliver(): void {
    if (this.closed || this.#paused) return;
    const piece = this.#peer!.#out.read();
    if (piece === undefined) return this.#onPeerEnd();
    this.#network.scheduler.trace.number(crc32c(piece));
    if (this.#state === "open") this.process.enter(() => this.#handlers!.data(piece));
    this.#planDelivery();
  }

  #onPeerEnd(): void {
    if (!this.#peer!.#out.ended) return;
    if (this.#state === "open") {
      this.#state = "ending"; // as a socket that allows no half-open state: the answer to an end is an end
      this.#out.end();
    }
    this.#maybeFinished();
  }

  #maybeFinished(): void {
    if (this.#state === "ending" && this.#out.endSent && this.#peer!.#out.ended && !this.#peer!.#out.hasPiece) this.#close(undefined);
  }

  #close(error: Error | undefined): void {
    if (this.closed) return;
    this.#state = "closed";
    this.#error = error;
    this.#network.forget(this);
    this.#planClose();
  }

  #planClose(): void {
    if (this.#handlers === undefined || this.#closeReported) return;
    this.#closeReported = true;
    this.#network.scheduler.after(0, "close", () => this.process.enter(() => this.#handlers!.close(this.#error)));
  }
}
