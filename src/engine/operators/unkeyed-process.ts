// A process function without a key: calls the user's function with state of its subtask. No timers, and nothing waits for time.
import type { PlanStep } from "../codegen/chain-plan.ts";
import type { UnkeyedProcessSpec } from "../../stream/graph.ts";
import type { ChainRuntime } from "../subtask/chain-runtime.ts";
import type { StateChunk } from "../subtask/subtask.ts";
import type { ChainOperator, OperatorSnapshot } from "./chain-operator.ts";
import { ChunkSequence } from "./chunk-sequence.ts";
import type { OperatorHome } from "./operator-home.ts";
import { OperatorLists } from "./operator-lists.ts";
import { UnkeyedContext } from "./unkeyed-context.ts";
import { UserMetrics } from "./user-metrics.ts";

export class UnkeyedProcess implements ChainOperator {
  readonly nextEventTime = Infinity;
  readonly followsWatermark = false;
  readonly nextProcessingTime = Infinity;
  readonly lateDropped = 0;
  readonly metrics = new UserMetrics();
  readonly context: UnkeyedContext;
  readonly #step: PlanStep;
  readonly #spec: UnkeyedProcessSpec;
  readonly #lists: OperatorLists;
  #runtime!: ChainRuntime;
  #opened = false;

  constructor(step: PlanStep, spec: UnkeyedProcessSpec, home: OperatorHome) {
    this.#step = step;
    this.#spec = spec;
    this.#lists = new OperatorLists(step.node.name, spec.state, home);
    this.context = new UnkeyedContext(this.metrics, { index: home.index, parallelism: home.parallelism }, home.now);
    this.context.state = this.#lists.handles();
  }

  code(index: number): ReturnType<ChainOperator["code"]> {
    const scope = { [`op${index}`]: this, [`ctx${index}`]: this.context, [`f${index}`]: this.#spec.onElement };
    const element = (e: string): string => `op${index}.begin(ts);f${index}(${e},ctx${index});ctx${index}.active=false;`;
    return { scope, element };
  }

  element(element: unknown, timestamp: number): void {
    this.begin(timestamp);
    (0, this.#spec.onElement)(element, this.context);
    this.context.active = false;
  }

  begin(timestamp: number): void {
    const { context } = this;
    context.timestamp = timestamp;
    context.watermark = this.#runtime.watermarkAt(this.#step.index);
    context.active = true;
  }

  attach(runtime: ChainRuntime): void {
    this.#runtime = runtime;
  }

  open(): void {
    const { context } = this;
    context.link(
      this.#runtime.emitters[this.#step.index]!,
      this.#spec.side.map(({ name }) => name),
    );
    this.#opened = true;
    context.local = this.#spec.open?.({ metrics: context.metrics, subtask: context.subtask, now: context.now });
  }

  close(): void {
    if (!this.#opened) return;
    this.#opened = false;
    this.#spec.close?.(this.context.local);
  }

  advance(): void {}

  tick(): void {}

  restore(chunk: StateChunk): void {
    this.#lists.restore(chunk);
  }

  snapshot(): OperatorSnapshot {
    return new ChunkSequence(this.#lists.snapshot());
  }

  abandon(): void {
    this.context.active = false;
  }

  currentKeyText(): undefined {
    return undefined;
  }
}
