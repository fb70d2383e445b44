// The inputs of one subtask: combines watermarks and idleness of its channels (one per port and upstream subtask) and aligns barriers.
// Combining follows Flink's StatusWatermarkValve: the minimum over active channels; a channel that was idle holds nothing back until
// it has caught up; when all are idle the greatest watermark counts. Marks inside batches become marks of the combined watermark.
import type { Batch } from "../../schema/batch.ts";

/** What a gate feeds: the input half of a Subtask. */
export interface GateTarget {
  data(port: number, batch: Batch): void;
  watermark(time: number): void;
  status(status: "active" | "idle"): void;
}

interface Channel {
  readonly port: number;
  /** Channels from the same subtask, over which rows come in one order: what one says about time holds for all. */
  readonly origin: number;
  watermark: number;
  idle: boolean;
  /** Takes part in the minimum: active, and not behind what was already put out. */
  aligned: boolean;
  ended: boolean;
  /** The barrier that this channel has delivered and others have not. */
  barrier: number;
}

const NO_BARRIER = -1;

export class InputGate {
  readonly #channels: readonly Channel[];
  readonly #target: GateTarget;
  readonly #shared: boolean;
  #watermark = -Infinity;
  #idle = false;
  #markRows = new Int32Array(16);
  #markTimes = new Float64Array(16);

  /** `ports[c]` is the port of channel c. At least one channel. Channels of one `origin` keep their rows in one order. */
  constructor(ports: readonly number[], target: GateTarget, origins: readonly number[] = ports.map((_, index) => index)) {
    this.#shared = new Set(origins).size < origins.length;
    this.#channels = ports.map((port, index) => ({
      port,
      origin: origins[index]!,
      watermark: -Infinity,
      idle: false,
      aligned: true,
      ended: false,
      barrier: NO_BARRIER,
    }));
    this.#target = target;
  }

  /** The combined watermark. */
  get currentWatermark(): number {
    return this.#watermark;
  }

  get ended(): boolean {
    return this.#channels.every((channel) => channel.ended);
  }

  data(index: number, batch: Batch): void {
    const channel = this.#channels[index]!;
    this.#refuseRowsAfterBarrier(channel, index);
    if (batch.markCount === 0) return this.#target.data(channel.port, batch);
    if (this.#channels.length === 1) {
      channel.watermark = this.#watermark = Math.max(this.#watermark, batch.markTimes[batch.markCount - 1]!);
      return this.#target.data(channel.port, batch);
    }
    this.#withCombinedMarks(channel, batch);
  }

  watermark(index: number, time: number): void {
    const channel = this.#channels[index]!;
    if (time <= channel.watermark) return;
    channel.watermark = time;
    if (this.#advance(channel)) this.#target.watermark(this.#watermark);
  }

  status(index: number, status: "active" | "idle"): void {
    const channel = this.#channels[index]!;
    const idle = status === "idle";
    if (channel.idle === idle || channel.ended) return;
    channel.idle = idle;
    if (idle) this.#becameIdle(channel);
    else this.#becameActive(channel);
  }

  /** True when this was the last channel that the barrier was awaited from: the subtask takes its snapshot now. Ended channels deliver barriers, too. */
  barrier(index: number, checkpoint: number): boolean {
    this.#channels[index]!.barrier = checkpoint;
    return this.#aligned(checkpoint);
  }

  /** The checkpoint was given up: rows may come again from everywhere. */
  abort(checkpoint: number): void {
    for (const channel of this.#channels) if (channel.barrier === checkpoint) channel.barrier = NO_BARRIER;
  }

  /** A channel has ended; its watermark was +Infinity before. True when it was the last. */
  end(index: number): boolean {
    const channel = this.#channels[index]!;
    channel.ended = true;
    if (channel.idle) {
      channel.idle = false;
      this.#becameActive(channel);
    }
    if (this.#raise(this.#minimum())) this.#target.watermark(this.#watermark);
    return this.ended;
  }

  #aligned(checkpoint: number): boolean {
    for (const channel of this.#channels) if (channel.barrier !== checkpoint) return false;
    for (const channel of this.#channels) channel.barrier = NO_BARRIER;
    return true;
  }

  /** Nothing is buffered across a barrier: whoever drives the gate stops a channel that has delivered its barrier. */
  #refuseRowsAfterBarrier(channel: Channel, index: number): void {
    if (channel.barrier !== NO_BARRIER)
      throw new Error(`Rows came over channel ${index} behind barrier ${channel.barrier}, which other channels have not delivered yet.`);
  }

  #withCombinedMarks(channel: Channel, batch: Batch): void {
    const { markRows, markTimes, markCount } = batch;
    this.#reserveMarks(markCount);
    let marks = 0;
    for (let i = 0; i < markCount; i++) {
      if (markTimes[i]! <= channel.watermark) continue;
      channel.watermark = markTimes[i]!;
      if (!this.#advance(channel)) continue;
      this.#markRows[marks] = markRows[i]!;
      this.#markTimes[marks++] = this.#watermark;
    }
    // The batch may go to other targets as well: it gets its own marks back.
    batch.markRows = this.#markRows;
    batch.markTimes = this.#markTimes;
    batch.markCount = marks;
    try {
      this.#target.data(channel.port, batch);
    } finally {
      batch.markRows = markRows;
      batch.markTimes = markTimes;
      batch.markCount = markCount;
    }
  }

  #reserveMarks(count: number): void {
    if (this.#markRows.length >= count) return;
    this.#markRows = new Int32Array(count * 2);
    this.#markTimes = new Float64Array(count * 2);
  }

  /** After a channel's watermark rose. True when the combined one did. */
  #advance(channel: Channel): boolean {
    if (channel.idle) return false;
    if (this.#shared) this.#tellSiblings(channel);
    if (!channel.aligned && channel.watermark >= this.#watermark) channel.aligned = true;
    return this.#raise(this.#minimum());
  }

  #tellSiblings({ origin, watermark }: Channel): void {
    for (const other of this.#channels) {
      if (other.origin !== origin || other.watermark >= watermark) continue;
      other.watermark = watermark;
      if (watermark >= this.#watermark) other.aligned = !other.idle;
    }
  }

  #minimum(): number {
    let minimum = Infinity;
    let any = false;
    for (const channel of this.#channels) {
      if (channel.idle || !channel.aligned) continue;
      any = true;
      if (channel.watermark < minimum) minimum = channel.watermark;
    }
    return any ? minimum : -Infinity;
  }

  #raise(time: number): boolean {
    if (time <= this.#watermark) return false;
    this.#watermark = time;
    return true;
  }

  #becameIdle(channel: Channel): void {
    const held = channel.watermark === this.#watermark;
    channel.aligned = false;
    const active = this.#channels.some((other) => !other.idle);
    if (active) {
      if (this.#raise(this.#minimum())) this.#target.watermark(this.#watermark);
      return;
    }
    let greatest = -Infinity;
    if (held) for (const other of this.#channels) greatest = Math.max(greatest, other.watermark);
    if (this.#raise(greatest)) this.#target.watermark(this.#watermark);
    this.#idle = true;
    this.#target.status("idle");
  }

  #becameActive(channel: Channel): void {
    channel.aligned = channel.watermark >= this.#watermark;
    if (!this.#idle) return;
    this.#idle = false;
    this.#target.status("active");
  }
}
