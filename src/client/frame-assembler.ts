// Cuts a byte stream into Kafka's length-prefixed frames. A frame is collected in one buffer of its announced size, so that a large
// answer in many small pieces is copied once; a frame that lies within one piece is handed out as a view.
import { ClientError } from "./errors.ts";

const LENGTH_BYTES = 4;

export class FrameAssembler {
  readonly #maxFrameBytes: number;
  readonly #frame: (bytes: Uint8Array) => void;
  readonly #head = new Uint8Array(LENGTH_BYTES);
  #headLength = 0;
  #body: Uint8Array | undefined;
  #bodyLength = 0;

  constructor(maxFrameBytes: number, frame: (bytes: Uint8Array) => void) {
    this.#maxFrameBytes = maxFrameBytes;
    this.#frame = frame;
  }

  /**
   * Calls the frame callback for every frame that `bytes` completes; true if all of them were copied, so that no frame is a view. Throws
   * MALFORMED_RESPONSE when a length cannot be right.
   */
  push(bytes: Uint8Array): boolean {
    let at = 0;
    let shared = false;
    while (at < bytes.length) {
      if (this.#body !== undefined) at = this.#fill(bytes, at);
      else if (this.#headLength === 0 && bytes.length - at >= LENGTH_BYTES) {
        const length = this.#checked(readLength(bytes, at));
        at += LENGTH_BYTES;
        if (bytes.length - at >= length) {
          shared = true;
          this.#frame(bytes.subarray(at, at + length));
          at += length;
        } else this.#body = new Uint8Array(length);
      } else {
        this.#head[this.#headLength++] = bytes[at++]!;
        if (this.#headLength === LENGTH_BYTES) {
          this.#headLength = 0;
          this.#body = new Uint8Array(this.#checked(readLength(this.#head, 0)));
        }
      }
    }
    return !shared;
  }

  #fill(bytes: Uint8Array, at: number): number {
    const body = this.#body!;
    const take = Math.min(body.length - this.#bodyLength, bytes.length - at);
    body.set(bytes.subarray(at, at + take), this.#bodyLength);
    this.#bodyLength += take;
    if (this.#bodyLength === body.length) {
      this.#body = undefined;
      this.#bodyLength = 0;
      this.#frame(body);
    }
    return at + take;
  }

  #checked(length: number): number {
    if (length < LENGTH_BYTES || length > this.#maxFrameBytes)
      throw new ClientError(
        "MALFORMED_RESPONSE",
        `a frame announces ${length} bytes; at most ${this.#maxFrameBytes} are accepted. Is this a Kafka broker's port?`,
      );
    return length;
  }
}

function readLength(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
}
