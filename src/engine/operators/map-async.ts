// mapAsync (Flink's AsyncWaitOperator): elements wait in a queue for the answers of their calls. It is the head of its
// task, because behind it event time is another one: watermarks and idleness wait in the queue, too, and overtake nothing. Invariants: at
// most `capacity` calls are open; the host reads nothing while so many elements wait; what waits at a barrier is in the snapshot.
import { isPlanted } from "../../env/planted-faults.ts";
import { BinaryCodec } from "../../schema/binary-row/binary-codec.ts";
import { EncodeBuffer } from "../../schema/encode-buffer.ts";
import type { PlanStep } from "../codegen/chain-plan.ts";
import type { MapAsyncSpec } from "../../stream/graph.ts";
import type { ChainRuntime } from "../subtask/chain-runtime.ts";
import type { StateChunk } from "../subtask/subtask.ts";
import { AsyncCalls, type Waiting } from "./async-calls.ts";
import { AsyncQueue, type Fence } from "./async-queue.ts";
import type { ChainOperator, OperatorSnapshot } from "./chain-operator.ts";
import { ChunkSequence } from "./chunk-sequence.ts";
import type { OperatorHome } from "./operator-home.ts";
import { EntryChunks, EntryShare } from "./operator-state-chunk.ts";
import { UserMetrics } from "./user-metrics.ts";

const STATE = "waiting";

export class MapAsync implements ChainOperator {
  readonly nextEventTime = Infinity;
  readonly followsWatermark = false;
  readonly lateDropped = 0;
  readonly metrics = new UserMetrics();
  readonly #step: PlanStep;
  readonly #spec: MapAsyncSpec;
  readonly #home: OperatorHome;
  readonly #codec: BinaryCodec;
  readonly #out = new EncodeBuffer();
  readonly #queue: AsyncQueue<Waiting>;
  readonly #calls: AsyncCalls;
  readonly #share: EntryShare;
  #restored: { readonly element: unknown; readonly timestamp: number }[] = [];
  #runtime!: ChainRuntime;
  /** The input waits for this operator. */
  #holdsInput = false;
  /** Unordered: the newest watermark, until the next flush makes a fence of it. */
  #held = -Infinity;

  constructor(step: PlanStep, spec: MapAsyncSpec, home: OperatorHome) {
    this.#step = step;
    this.#spec = spec;
    this.#home = home;
    this.#codec = new BinaryCodec(spec.element);
    this.#queue = new AsyncQueue(spec.ordered);
    this.#calls = new AsyncCalls(spec, this.metrics, home.now, () => home.wake?.());
    this.#share = new EntryShare(home.index, home.parallelism, "split");
    this.metrics.gauge("waitingElements", () => this.#queue.size);
  }

  get nextProcessingTime(): number {
    return this.#calls.nextAt;
  }

  /** Elements, or event time behind them, have not gone out. */
  get waiting(): boolean {
    return !this.#queue.isEmpty;
  }

  code(index: number): ReturnType<ChainOperator["code"]> {
    return { scope: { [`op${index}`]: this }, element: (e) => `op${index}.element(${e},ts);` };
  }

  element(element: unknown, timestamp: number): void {
    const waiting = this.#calls.add(element, timestamp, this.#runtime.origin);
    this.#queue.push(waiting);
    this.#startNext();
  }

  #startNext(): void {
    this.#calls.start(this.#spec.capacity);
    const holds = this.#queue.size >= this.#spec.capacity;
    if (holds === this.#holdsInput) return;
    this.#holdsInput = holds;
    const { pressure } = this.#home;
    if (pressure !== undefined) pressure.held += holds ? 1 : -1;
  }

  // ---------- event time and idleness, in their place among the elements ----------

  holdWatermark(time: number): void {
    if (this.#queue.isEmpty) return this.#runtime.pass(time);
    if (this.#spec.ordered) this.#queue.fence({ kind: "watermark", time });
    else this.#held = time;
  }

  /** False: nothing waits, the status can go on at once. */
  holdStatus(status: "active" | "idle"): boolean {
    this.flush();
    if (this.#queue.isEmpty) return false;
    this.#queue.fence({ kind: "status", status });
    return true;
  }

  flush(): void {
    const time = this.#held;
    if (time === -Infinity) return;
    this.#held = -Infinity;
    if (this.#queue.isEmpty) this.#runtime.pass(time);
    else this.#queue.fence({ kind: "watermark", time });
  }

  #passFence(fence: Fence): void {
    if (fence.kind === "watermark") this.#runtime.pass(fence.time);
    else this.#runtime.onStatus(fence.status);
  }

  // ---------- results ----------

  tick(now: number): void {
    this.#calls.tick(now);
    this.#queue.drain(
      (waiting) => waiting.settled,
      (waiting) => this.#runtime.from(waiting.origin, () => this.#emit(waiting)),
      (fence) => this.#passFence(fence),
    );
    if (this.#queue.isEmpty) this.flush();
    this.#startNext();
  }

  #emit(waiting: Waiting): void {
    this.#calls.remove(waiting);
    const { index, node } = this.#step;
    const { element, timestamp, failed, result } = waiting;
    if (!failed) {
      const emit = this.#runtime.emitters[index]!.get("main");
      if (emit === undefined) this.#runtime.counts[index * 2]!++;
      else emit(result, timestamp);
    } else if (node.onError === "fail") throw this.#runtime.wrap(result, index);
    else this.#runtime.handle(index, result, element, timestamp);
  }

  // ---------- life ----------

  attach(runtime: ChainRuntime): void {
    this.#runtime = runtime;
    runtime.fence = this;
  }

  open(): void {
    for (const { element, timestamp } of this.#restored.splice(0)) this.element(element, timestamp);
  }

  close(): void {
    this.#calls.close();
  }

  advance(): void {}

  restore(chunk: StateChunk): void {
    this.#share.read(chunk, (bytes) => {
      const timestamp = new DataView(bytes.buffer, bytes.byteOffset).getFloat64(0);
      if (!isPlanted("waiting-calls-lost")) this.#restored.push({ element: this.#codec.decode(bytes, 8), timestamp });
    });
  }

  snapshot(): OperatorSnapshot {
    const { index, parallelism } = this.#home;
    const writer = { operator: this.#step.node.name, index, parallelism };
    return new ChunkSequence([new EntryChunks(writer, STATE, this.#queue.elements(), (waiting) => this.#encode(waiting))]);
  }

  #encode({ element, timestamp }: Waiting): Uint8Array {
    const out = this.#out;
    out.reset();
    out.ensure(8);
    out.view.setFloat64(0, timestamp);
    out.at = 8;
    this.#codec.encode(element, out);
    return out.finish();
  }

  abandon(): void {}

  currentKeyText(): undefined {
    return undefined;
  }
}
