// What the operator is told of a full disk: that it is full, again while it stays so, how many writes were refused, and that there is room
// again; not a line per refused write, which may be hundreds a second, perhaps on the same disk.
import type { Clock } from "../env/clock.ts";
import type { Logger } from "../env/logger.ts";

/** Between two lines about a disk that stays full. */
const REPEAT_MS = 30_000;
/** Without a refusal for so long, a write that succeeds says that there is room (a small one may fit while larger ones do not). */
const QUIET_MS = 2000;

export class FullDisk {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #onFull: () => void;
  #isFull = false;
  #toldAt = 0;
  #refusedAt = 0;
  #refused = 0;

  /** `onFull`: a write was refused, and there was room before. */
  constructor(clock: Clock, logger: Logger, onFull: () => void = () => undefined) {
    this.#clock = clock;
    this.#logger = logger;
    this.#onFull = onFull;
  }

  /** A write was refused since it was told last that there is room. */
  get isFull(): boolean {
    return this.#isFull;
  }

  refused(partition: string, cause: string): void {
    const now = this.#clock.monotonicMs();
    this.#refused++;
    this.#refusedAt = now;
    if (this.#isFull && now - this.#toldAt < REPEAT_MS) return;
    this.#isFull = true;
    this.#toldAt = now;
    const consequence = "writes are refused with a retriable error until there is room; reads go on";
    this.#logger.log("warn", "log-disk-full", { partition, cause, refusedWrites: this.#refused, consequence });
    this.#onFull();
  }

  /** To be called after a write while the disk is full. */
  written(): void {
    if (!this.#isFull || this.#clock.monotonicMs() - this.#refusedAt < QUIET_MS) return;
    this.#logger.log("info", "log-disk-has-room", { refusedWrites: this.#refused });
    this.#isFull = false;
    this.#refused = 0;
  }
}
