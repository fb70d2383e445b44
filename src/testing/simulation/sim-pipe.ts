// One direction of a simulated TCP connection: queued by the writer, under way, waiting at the reader. Invariants: bytes arrive in order,
// each once; pieces have nothing to do with writes (split and joined by the seed); what waits at the reader is bounded by the window, so a
// paused reader stops the writer.

const WINDOW_BYTES = 128 * 1024;
const PIECE_BYTES = 64 * 1024;

/** What a pipe needs from the network and its two ends. */
export interface PipeEnds {
  delay(): number;
  /** How many of `available` bytes the next piece has. */
  pieceBytes(available: number): number;
  after(delayMs: number, label: string, fire: () => void): void;
  nowMs(): number;
  blocked(): boolean;
  /** A piece left the writer's queue. */
  sent(): void;
  /** Something waits at the reader. */
  arrived(): void;
}

export class SimPipe {
  readonly #ends: PipeEnds;
  readonly #queue: { readonly bytes: Uint8Array; readonly taken: (() => void) | undefined }[] = [];
  /** Bytes of the first chunk of the queue that were sent already. */
  #headSent = 0;
  #waiting: Uint8Array[] = [];
  #unread = 0;
  #lastArrivalMs = 0;
  #heldUntilMs = 0;
  #endQueued = false;
  #endSent = false;
  #broken = false;
  queuedBytes = 0;
  corks = 0;
  /** The writer's end has arrived, behind all its bytes. */
  ended = false;

  constructor(ends: PipeEnds) {
    this.#ends = ends;
  }

  get endSent(): boolean {
    return this.#endSent;
  }

  /** `taken` is called when the last byte was copied. */
  write(bytes: Uint8Array, taken?: () => void): void {
    if (this.#endQueued || this.#broken || bytes.length === 0) return;
    this.#queue.push({ bytes, taken });
    this.queuedBytes += bytes.length;
    this.pump();
  }

  end(): void {
    this.#endQueued = true;
    this.corks = 0;
    this.pump();
  }

  /** Nothing more arrives; what waits is dropped. */
  break(): void {
    this.#broken = true;
    this.#queue.length = 0;
    this.#waiting = [];
    this.queuedBytes = 0;
  }

  /** Sends what the window allows. */
  pump(): void {
    if (this.#broken || this.corks > 0 || this.#ends.blocked()) return;
    while (this.queuedBytes > 0 && this.#unread < WINDOW_BYTES) {
      const available = Math.min(this.queuedBytes, PIECE_BYTES, WINDOW_BYTES - this.#unread);
      this.#send(this.#take(this.#ends.pieceBytes(available)));
    }
    if (this.#endQueued && !this.#endSent && this.queuedBytes === 0) {
      this.#endSent = true;
      this.#travel("end of stream", () => {
        this.ended = true;
        this.#ends.arrived();
      });
      this.#ends.sent();
    }
  }

  /** The next piece for the reader, which has it for itself. */
  read(): Uint8Array | undefined {
    const piece = this.#waiting.shift();
    if (piece !== undefined) {
      this.#unread -= piece.length;
      this.pump();
    }
    return piece;
  }

  get hasPiece(): boolean {
    return this.#waiting.length > 0;
  }

  /** What is written from now on arrives so much later. */
  hold(lateMs: number): void {
    this.#heldUntilMs = this.#ends.nowMs() + lateMs;
  }

  #send(piece: Uint8Array): void {
    this.#unread += piece.length;
    this.#travel(`${piece.length} bytes`, () => {
      this.#waiting.push(piece);
      this.#ends.arrived();
    });
    this.#ends.sent();
  }

  #travel(label: string, arrive: () => void): void {
    const now = this.#ends.nowMs();
    this.#lastArrivalMs = Math.max(this.#lastArrivalMs, this.#heldUntilMs, now + this.#ends.delay());
    this.#ends.after(this.#lastArrivalMs - now, label, () => {
      if (!this.#broken) arrive();
    });
  }

  /** Copies: the writer may look at its bytes again, the reader may change its own. */
  #take(length: number): Uint8Array {
    const piece = new Uint8Array(length);
    for (let at = 0; at < length;) {
      const { bytes, taken } = this.#queue[0]!;
      const count = Math.min(length - at, bytes.length - this.#headSent);
      piece.set(bytes.subarray(this.#headSent, this.#headSent + count), at);
      at += count;
      this.#headSent += count;
      if (this.#headSent === bytes.length) {
        this.#queue.shift();
        taken?.();
        this.#headSent = 0;
      }
    }
    this.queuedBytes -= length;
    return piece;
  }
}
