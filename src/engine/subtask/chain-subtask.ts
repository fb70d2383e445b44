// A chain of operators as a subtask: takes frames, runs the compiled loop over rows, keeps the watermark and the split states, and
// announces its watermark after the rows that it released. Every frame returns when its outputs are out or buffered in order.
import { isPlanted } from "../../env/planted-faults.ts";
import type { Batch } from "../../schema/batch.ts";
import type { SourceBatch } from "../../stream/connector.ts";
import type { ChainCompiler, RunRows } from "../codegen/chain-compiler.ts";
import { sideOf } from "../codegen/chain-plan.ts";
import type { KeyHoldings } from "../operators/operator-size.ts";
import type { PassThrough } from "./pass-through.ts";
import { keyGroupRange, type KeyGroupRange } from "../state/key-group.ts";
import type { SplitWatermarks } from "../time/split-watermarks.ts";
import { decodeSplitState, encodeSplitStates, SPLIT_STATE } from "../time/split-state.ts";
import { MAX_BATCH_ROWS } from "../../schema/batch.ts";
import { encodeWatermark, RestoredWatermarks, WATERMARK_STATE } from "../time/watermark-state.ts";
import { ChainMetrics } from "./chain-metrics.ts";
import type { ChainRuntime } from "./chain-runtime.ts";
import { poisonRow } from "./dead-letter-row.ts";
import type { OutputWriter } from "./output-writer.ts";
import { ChainSnapshot } from "./chain-snapshot.ts";
import { StateRestoreError } from "../state/state-restore-error.ts";
import type { SnapshotCursor, SplitStatus, StateChunk, Subtask, SubtaskMetrics, SubtaskOutput } from "./subtask.ts";

/** Input batches after which a partly filled output is sent although more input is there: a rare output must not hold time back. */
const MAX_BATCHES_UNFLUSHED = 16;

export interface ChainSubtaskParts {
  readonly runtime: ChainRuntime;
  readonly compiler: ChainCompiler;
  readonly writers: readonly OutputWriter[];
  readonly passThrough: readonly (PassThrough | undefined)[];
  readonly watermarks: SplitWatermarks | undefined;
  readonly out: SubtaskOutput;
  readonly index: number;
  readonly parallelism: number;
  readonly maxParallelism: number;
}

interface Loop {
  readonly type: Batch["type"];
  readonly key: string | undefined;
  readonly side: number;
  readonly run: RunRows;
}

export class ChainSubtask implements Subtask {
  readonly #runtime: ChainRuntime;
  readonly #compiler: ChainCompiler;
  readonly #writers: readonly OutputWriter[];
  readonly #passThrough: readonly PassThrough[];
  readonly #watermarks: SplitWatermarks | undefined;
  readonly #out: SubtaskOutput;
  readonly #groups: KeyGroupRange;
  readonly #index: number;
  readonly #parallelism: number;
  readonly #restored = new RestoredWatermarks();
  readonly #metrics: ChainMetrics;
  /** One per kind of batch that has come: usually one per port. */
  readonly #loops: Loop[] = [];
  #announced = -Infinity;
  #idle = false;
  #resumed = false;
  #unflushed = 0;
  #snapshot: ChainSnapshot | undefined;

  constructor(parts: ChainSubtaskParts) {
    this.#runtime = parts.runtime;
    this.#compiler = parts.compiler;
    this.#writers = parts.writers;
    this.#passThrough = parts.passThrough.filter((pass) => pass !== undefined);
    this.#watermarks = parts.watermarks;
    this.#out = parts.out;
    this.#index = parts.index;
    this.#parallelism = parts.parallelism;
    this.#groups = keyGroupRange(parts.index, parts.parallelism, parts.maxParallelism);
    this.#metrics = new ChainMetrics(parts.runtime);
    parts.runtime.onStatus = (status) => this.#setStatus(status);
  }

  get #isSource(): boolean {
    return this.#runtime.steps[0]!.node.kind === "source";
  }

  get metrics(): SubtaskMetrics {
    return this.#metrics;
  }

  holdings(key: unknown, hash: number): ReadonlyMap<string, KeyHoldings> {
    const found = new Map<string, KeyHoldings>();
    for (const { index, node } of this.#runtime.steps) {
      const own = this.#runtime.operators[index]?.holdings?.(key, hash);
      if (own !== undefined) found.set(node.name, own);
    }
    return found;
  }

  get nextTimer(): number {
    let next = Infinity;
    for (const operator of this.#runtime.operators) if (operator !== undefined) next = Math.min(next, operator.nextProcessingTime);
    return next;
  }

  restore(chunk: StateChunk): void {
    const step = this.#runtime.steps.find(({ node }) => node.name === chunk.operator);
    if (step === undefined) {
      throw new StateRestoreError(
        "UNKNOWN_OPERATOR",
        `The state of operator '${chunk.operator}' cannot be restored: this task has no operator of that name.`,
      );
    }
    if (chunk.address.kind === "operator-state") {
      if (chunk.address.name === WATERMARK_STATE) this.#restored.add(chunk);
      else if (!chunk.address.name.startsWith(SPLIT_STATE)) this.#runtime.operators[step.index]?.restore(chunk);
      else if (this.#watermarks !== undefined) decodeSplitState(chunk.bytes, this.#watermarks);
      return;
    }
    const { group } = chunk.address;
    if (group < this.#groups.first || group >= this.#groups.end) {
      throw new StateRestoreError(
        "WRONG_KEY_GROUP",
        `Key group ${group} of operator '${chunk.operator}' was given to subtask ${this.#index}, which owns ${this.#groups.first} to ${this.#groups.end - 1}.`,
      );
    }
    const operator = this.#runtime.operators[step.index];
    if (operator === undefined)
      throw new StateRestoreError("NO_STATE", `Operator '${chunk.operator}' has no keyed state, but the checkpoint has some for it.`);
    operator.restore(chunk);
  }

  start(_now: number): void {
    this.#compiler.linkEmitters();
    for (const [index, operator] of this.#runtime.operators.entries()) this.#runtime.named(index, () => operator?.open());
    if (!this.#isSource && this.#watermarks !== undefined) {
      this.#watermarks.selectSubtask(this.#index, this.#parallelism);
      this.#runtime.resume(this.#watermarks.combined());
    }
    // In the chain of a source, the splits know better.
    if (this.#watermarks === undefined) this.#runtime.resume(this.#restored.watermarkOf(this.#index, this.#parallelism));
    this.#runtime.check();
  }

  sourceData(split: string, rows: SourceBatch): void {
    this.#resume();
    const { batch, offsets, poison } = rows;
    const runtime = this.#runtime;
    this.#watermarks?.select(split);
    if (this.#idle) this.#becomeActive();
    runtime.enterSplit(split, offsets);
    if (poison === undefined || poison.length === 0) {
      if (batch.rows > 0) this.#run(batch, 0, batch.rows);
    } else this.#runAroundPoison(rows);
    if (batch.rows > 0) for (const pass of this.#passThrough) pass.send(batch, runtime);
    if (rows.watermark !== undefined && this.#watermarks !== undefined) this.#advance(this.#watermarks.raiseTo(rows.watermark));
    runtime.enterBatch(undefined);
    this.#metrics.countIn(batch.rows + (poison?.length ?? 0), batch.rows);
    this.#endOfData();
  }

  #runAroundPoison({ batch, poison }: SourceBatch): void {
    let from = 0;
    for (const record of poison!) {
      if (record.row > from) this.#run(batch, from, record.row);
      from = record.row;
      const { node } = this.#runtime.steps[0]!;
      if (node.onError === "fail") {
        const split = record.partition < 0 ? record.topic : `${record.topic}-${record.partition}`;
        const where = `${split} at offset ${record.offset}`;
        throw this.#runtime.wrap(new Error(`The record of ${where} cannot be decoded: ${record.error}`), 0);
      }
      if (this.#runtime.count(0, record.error)) this.#runtime.emitters[0]!.get("errors")?.(poisonRow(node.name, record), record.timestamp);
    }
    if (batch.rows > from) this.#run(batch, from, batch.rows);
  }

  split(split: string, status: SplitStatus): void {
    const watermarks = this.#watermarks;
    if (watermarks === undefined) return;
    watermarks.setStatus(split, status);
    // A split that comes back holds time back at most; the others of a restored source may still be unknown.
    if (status !== "active") this.#advance(watermarks.combined());
    if (watermarks.idle && !this.#idle) this.#becomeIdle();
    else if (!watermarks.idle && this.#idle) this.#becomeActive();
  }

  splitWatermark(split: string): number {
    return this.#watermarks?.watermarkOf(split) ?? -Infinity;
  }

  data(port: number, batch: Batch): void {
    if (this.#idle) this.#becomeActive();
    if (batch.rows > 0) {
      this.#runtime.enterBatch(batch.origins);
      this.#run(batch, 0, batch.rows, sideOf(this.#runtime.steps[0]!, port));
    } else for (let mark = 0; mark < batch.markCount; mark++) this.watermark(batch.markTimes[mark]!);
    this.#metrics.countIn(batch.rows, batch.rows);
    this.#endOfData();
  }

  #run(batch: Batch, from: number, to: number, side = 0): void {
    if (to > MAX_BATCH_ROWS) throw new RangeError(`A batch of ${to} rows was given to a subtask: at most ${MAX_BATCH_ROWS} are allowed.`);
    this.#loop(batch, side).run(batch, from, to);
  }

  #loop(batch: Batch, side: number): Loop {
    const key = batch.key === undefined ? undefined : `${batch.key.kind}${batch.key.nulls === undefined ? "" : "?"}`;
    for (const loop of this.#loops) if (loop.type === batch.type && loop.key === key && loop.side === side) return loop;
    const loop = { type: batch.type, key, side, run: this.#compiler.compileLoop(batch, side) };
    this.#loops.push(loop);
    if (this.#loops.length > MAX_LOOPS) this.#loops.shift();
    return loop;
  }

  #endOfData(): void {
    this.#runtime.check();
    if (++this.#unflushed >= MAX_BATCHES_UNFLUSHED) this.flush();
  }

  watermark(time: number): void {
    // A head that makes its own watermarks hears only that the input has ended.
    if (this.#watermarks === undefined || time === Infinity) this.#advance(time);
  }

  #advance(time: number): void {
    this.#runtime.advance(time);
    this.#runtime.check();
  }

  get waiting(): boolean {
    return this.#runtime.fence?.waiting === true;
  }

  status(status: "active" | "idle"): void {
    if (this.#runtime.fence?.holdStatus(status) !== true) this.#setStatus(status);
  }

  #setStatus(status: "active" | "idle"): void {
    if (status === "idle") this.#becomeIdle();
    else this.#becomeActive();
  }

  #becomeIdle(): void {
    this.flush();
    this.#idle = true;
    this.#out.status("idle");
  }

  #becomeActive(): void {
    if (this.#idle) this.#out.status("active");
    this.#idle = false;
  }

  barrier(_checkpoint: number): SnapshotCursor {
    if (!isPlanted("barrier-overtakes-row")) this.flush();
    this.#snapshot?.release();
    const snapshot = new ChainSnapshot(this.#runtime, this.#splitStates());
    this.#snapshot = snapshot;
    return snapshot;
  }

  #splitStates(): StateChunk[] {
    const { steps, operators, watermark } = this.#runtime;
    // At another parallelism a keyed operator of this chain may begin one of its own, and must know how far event time was.
    const keepers = steps.filter((step, at) => operators[at] !== undefined || (at === 0 && !this.#isSource && !this.#watermarks));
    const states = keepers.map(({ node }) => encodeWatermark(node.name, this.#index, this.#parallelism, watermark));
    return this.#watermarks === undefined ? states : [...encodeSplitStates(steps[0]!.node.name, this.#watermarks), ...states];
  }

  checkpointDone(_checkpoint: number): void {
    this.#releaseSnapshot();
  }

  checkpointAborted(_checkpoint: number): void {
    this.#releaseSnapshot();
  }

  #releaseSnapshot(): void {
    this.#snapshot?.release();
    this.#snapshot = undefined;
  }

  tick(now: number): void {
    this.#runtime.row = -1;
    for (const operator of this.#runtime.operators) if (operator !== undefined && operator.nextProcessingTime <= now) operator.tick(now);
    this.#runtime.check();
  }

  end(): void {
    if (this.#isSource) this.#advance(Infinity);
    this.flush();
  }

  /** Before the first row after a restore: all splits of this subtask are known now. */
  #resume(): void {
    if (this.#resumed || (this.#isSource && this.#watermarks?.isEmpty === true)) return;
    this.#resumed = true;
    if (this.#isSource && this.#watermarks !== undefined) this.#runtime.resume(this.#watermarks.combined());
  }

  flush(): void {
    this.#resume();
    this.#unflushed = 0;
    this.#runtime.fence?.flush();
    for (const writer of this.#writers) writer.flush();
    const { time } = this.#runtime.outputWatermark;
    if (time <= this.#announced) return;
    this.#announced = time;
    this.#out.watermark(time);
  }

  close(): void {
    this.#releaseSnapshot();
    for (const operator of this.#runtime.operators) operator?.close?.();
  }
}

/** Kinds of batches whose loops are kept. */
const MAX_LOOPS = 16;
