// Watermarks of a source subtask: one generator per split, combined as the minimum over the active ones. A pure function of the records
// and of which splits are active; no clock. Flink's per-split watermarks (FLIP-27, FLIP-180).
import type { SplitStatus } from "../subtask/subtask.ts";
import type { WatermarkGenerator, WatermarkStrategy } from "../../stream/watermarks.ts";

export interface SplitWatermark {
  readonly id: string;
  status: SplitStatus;
  /** Largest timestamp seen; a restored one goes on. */
  maxTimestamp: number;
  /** What this split alone allows; never falls. */
  watermark: number;
  readonly generator: WatermarkGenerator | undefined;
}

export class SplitWatermarks {
  readonly kind: WatermarkStrategy["kind"];
  /** maxTimestamp of the current split: generated loops compare with it. */
  max = -Infinity;
  readonly #strategy: WatermarkStrategy;
  readonly #boundMs: number;
  readonly #splits = new Map<string, SplitWatermark>();
  readonly #restored = new Map<string, { readonly maxTimestamp: number; readonly watermark: number }>();
  #current: SplitWatermark | undefined;
  /** Minimum over the active splits without the current one. */
  #others = Infinity;

  constructor(strategy: WatermarkStrategy) {
    this.#strategy = strategy;
    this.kind = strategy.kind;
    this.#boundMs = strategy.kind === "bounded-out-of-orderness" ? strategy.boundMs : 0;
  }

  splits(): Iterable<SplitWatermark> {
    return this.#splits.values();
  }

  /** No split has appeared yet. */
  get isEmpty(): boolean {
    return this.#splits.size === 0;
  }

  /** Takes what a checkpoint knew of a split; used when the split appears. */
  restore(id: string, maxTimestamp: number, watermark: number): void {
    this.#restored.set(id, { maxTimestamp, watermark });
  }

  setStatus(id: string, status: SplitStatus): void {
    const split = this.#split(id);
    split.status = status;
    this.#current = undefined;
  }

  /** Points at the split whose records come next. A record of an idle split makes it active. */
  select(id: string): void {
    const split = this.#split(id);
    if (split.status !== "active") split.status = "active";
    this.#current = split;
    this.max = split.maxTimestamp;
    this.#others = Infinity;
    for (const other of this.#splits.values()) {
      if (other !== split && other.status === "active") this.#others = Math.min(this.#others, other.watermark);
    }
  }

  /** In mid-stream the whole input of a subtask is one split. At another parallelism than before each begins where the slowest was. */
  selectSubtask(index: number, parallelism: number): void {
    const id = `subtask-${index}`;
    const restored = [...this.#restored.values()];
    if (restored.length > 0 && restored.length !== parallelism) {
      const least = (of: (split: (typeof restored)[number]) => number): number => Math.min(...restored.map(of));
      this.#restored.set(id, { maxTimestamp: least((split) => split.maxTimestamp), watermark: least((split) => split.watermark) });
    }
    this.select(id);
  }

  /** After a record whose timestamp is above `max`: the combined watermark. */
  raise(timestamp: number): number {
    this.max = timestamp;
    const split = this.#current!;
    split.maxTimestamp = timestamp;
    return this.#combine(split, timestamp - this.#boundMs - 1);
  }

  /** After any record, for custom strategies: the combined watermark. */
  onEvent(event: unknown, timestamp: number): number {
    const split = this.#current!;
    if (timestamp > split.maxTimestamp) split.maxTimestamp = timestamp;
    return this.#combine(split, split.generator!.onEvent(event, timestamp) ?? -Infinity);
  }

  /** The source says so of the current split: the combined watermark. */
  raiseTo(watermark: number): number {
    return this.#combine(this.#current!, watermark);
  }

  #combine(split: SplitWatermark, own: number): number {
    if (own > split.watermark) split.watermark = own;
    return split.watermark < this.#others ? split.watermark : this.#others;
  }

  /** Of one split; −Infinity if it is not known. */
  watermarkOf(id: string): number {
    return this.#splits.get(id)?.watermark ?? -Infinity;
  }

  /** Minimum over the active splits; −Infinity if there is none. */
  combined(): number {
    let least = Infinity;
    for (const split of this.#splits.values()) if (split.status === "active") least = Math.min(least, split.watermark);
    return least === Infinity ? -Infinity : least;
  }

  /** At least one split, and none active. */
  get idle(): boolean {
    if (this.#splits.size === 0) return false;
    for (const split of this.#splits.values()) if (split.status === "active") return false;
    return true;
  }

  #split(id: string): SplitWatermark {
    const known = this.#splits.get(id);
    if (known !== undefined) return known;
    const restored = this.#restored.get(id);
    const split: SplitWatermark = {
      id,
      status: "active",
      maxTimestamp: restored?.maxTimestamp ?? -Infinity,
      watermark: restored?.watermark ?? -Infinity,
      generator: this.#strategy.kind === "custom" ? this.#strategy.create() : undefined,
    };
    this.#splits.set(id, split);
    return split;
  }
}
