// What the chain knows of an operator with state or timers. The generated loop calls the operator's own methods for elements; this is the rest.
import type { ChainRuntime } from "../subtask/chain-runtime.ts";
import type { StateChunk } from "../subtask/subtask.ts";
import type { LateDrops } from "./late-drops.ts";
import type { KeyHoldings, OperatorSize } from "./operator-size.ts";
import type { UserMetrics } from "./user-metrics.ts";

export interface ChainOperator {
  /** The smallest watermark at which advance() has something to do; Infinity: none. */
  readonly nextEventTime: number;
  /** When its next window or timer really fires, for people; `nextEventTime` unless it knows better. */
  readonly earliestEventTime?: number | undefined;
  /** advance() wants every watermark. */
  readonly followsWatermark: boolean;
  /** The next processing-time timer in epoch ms, Infinity if none. */
  readonly nextProcessingTime: number;
  readonly lateDropped: number;
  /** Of an operator that refuses late elements. */
  readonly drops?: LateDrops | undefined;
  /** Of the user's function. */
  readonly metrics?: UserMetrics;
  /** Text that handles the element `e` with its `key`, `hash` and `ts`, and what the text names. `side` is 1 for the second of two streams. */
  code(index: number): { readonly scope: Readonly<Record<string, unknown>>; element(e: string, side: number): string };
  /**
   * Reads what the elements of rows [from, to) are going to touch, by their keys' hashes, for the sake of the processor's cache only
   * (KeyedStore.readAhead). Generated loops call it where they can (codegen/read-ahead-code.ts).
   */
  readAhead?(hashes: Int32Array, from: number, to: number): void;
  /** The interpreter's way. */
  element(element: unknown, timestamp: number, key: unknown, hash: number, side?: number): void;
  /** Gives the operator its chain. Before open(). */
  attach(runtime: ChainRuntime): void;
  /** After the chain is linked. */
  open(): void;
  /** Fires windows and event-time timers up to `watermark`, in time order; outputs go out before it returns. */
  advance(watermark: number): void;
  tick(now: number): void;
  restore(chunk: StateChunk): void;
  /** Freezes the state as it is now (a few ms at most); the parts are encoded later. */
  snapshot(): OperatorSnapshot;
  /** The element at hand failed under a lenient policy: lets go of its key. */
  abandon(): void;
  /** The subtask ends, however it ends; also without open(). */
  close?(): void;
  /** What it keeps now. */
  size?(): OperatorSize | undefined;
  /** What it keeps of a key; undefined: nothing. Not during a call. */
  holdings?(key: unknown, hash: number): KeyHoldings | undefined;
  /** JSON text of the key of the element or timer at hand, for error messages. */
  currentKeyText(): string | undefined;
  /** The window that fires, or the timer, for error messages. */
  duringText?(): string | undefined;
}

export interface OperatorSnapshot {
  /** The next chunk, encoded now; undefined at the end. */
  next(): StateChunk | undefined;
  /** Nothing of the snapshot is needed any more. Called once, also when it was not read to its end. */
  release(): void;
}
