// The chain as closures, for processes that forbid code generation from strings. Slower, and in every output equal to the generated loop
// (chain.law.test.ts holds both to it).
import type { Batch } from "../../schema/batch.ts";
import { valueAt } from "../../schema/columns.ts";
import type { ChainOperator } from "../operators/chain-operator.ts";
import type { StreamNode } from "../../stream/graph.ts";
import { hashOfKey } from "../state/key-hash.ts";
import { BadKey, selectKey } from "../state/key-selector.ts";
import type { Emit } from "../subtask/chain-runtime.ts";
import { checkEventTime } from "../time/event-time.ts";
import type { ChainCompiler, ChainParts, RunRows } from "./chain-compiler.ts";
import { emitsByItself, keySelectorOf, mainConsumers, type Consumers, type PlanStep } from "./chain-plan.ts";
import { iterable } from "./iterable.ts";
import { readRow } from "./row-code.ts";

export class ChainInterpreter implements ChainCompiler {
  readonly #parts: ChainParts;

  constructor(parts: ChainParts) {
    this.#parts = parts;
  }

  linkEmitters(): void {
    const { plan, runtime } = this.#parts;
    for (const step of plan.steps.toReversed()) {
      for (const [output, consumers] of step.consumers) {
        if (output === "main" && !emitsByItself(step)) continue;
        const count = step.index * 2 + (output === "main" ? 0 : 1);
        const consume = this.#consume(step, consumers, output === "errors");
        runtime.emitters[step.index]!.set(output, (element, timestamp) => {
          runtime.counts[count]!++;
          consume(element, timestamp);
        });
      }
    }
  }

  compileLoop(sample: Batch, side: number): RunRows {
    const { plan, runtime, watermarks } = this.#parts;
    const head = plan.steps[0]!;
    const step = this.#head(head, sample, side);
    const followsMarks = watermarks === undefined && head.node.kind !== "source";
    return (batch, from, to) => {
      let mark = 0;
      const raise = (row: number): void => {
        while (followsMarks && mark < batch.markCount && batch.markRows[mark]! <= row) runtime.advance(batch.markTimes[mark++]!);
      };
      raise(from - 1);
      for (let row = from; row < to; row++) {
        runtime.row = row;
        step(batch, row);
        raise(row);
      }
      runtime.row = -1;
    };
  }

  #head(head: PlanStep, sample: Batch, side: number): (batch: Batch, row: number) => void {
    if (head.node.kind === "source" || head.node.kind === "timestamps") return this.#timeHead(head, head.node);
    if (keySelectorOf(head, side) !== undefined && sample.key !== undefined) {
      const work = this.#guard(
        head,
        (element, timestamp, key, hash) => this.#operator(head).element(element, timestamp, key, hash!, side),
        this.#operator(head),
      );
      return (batch, row) => work(readRow(batch, row), batch.timestamps[row]!, valueAt(batch.key!, row), batch.keyHashes![row]!);
    }
    const run = this.#step(head, side);
    return (batch, row) => run(readRow(batch, row), batch.timestamps[row]!);
  }

  #timeHead(head: PlanStep, node: StreamNode & { readonly kind: "source" | "timestamps" }): (batch: Batch, row: number) => void {
    const { runtime, watermarks } = this.#parts;
    const eventTime = node.time?.eventTime;
    const consume = this.#consume(head, mainConsumers(head), false);
    return (batch, row) => {
      const element = readRow(batch, row);
      let timestamp = batch.timestamps[row]!;
      if (eventTime !== undefined) {
        try {
          timestamp = checkEventTime(eventTime(element));
        } catch (thrown) {
          if (node.onError === "fail") throw runtime.wrap(thrown, 0);
          return runtime.handle(0, thrown, element, timestamp);
        }
      }
      runtime.counts[0]!++;
      consume(element, timestamp);
      if (watermarks === undefined || watermarks.kind === "none") return;
      if (watermarks.kind === "custom") runtime.advance(this.#named(0, () => watermarks.onEvent(element, timestamp)));
      else if (timestamp > watermarks.max) runtime.advance(watermarks.raise(timestamp));
    };
  }

  /** Errors of `work` belong to step `index`. */
  #named<T>(index: number, work: () => T): T {
    try {
      return work();
    } catch (thrown) {
      throw this.#parts.runtime.wrap(thrown, index);
    }
  }

  #consume(step: PlanStep, consumers: Consumers, errors: boolean): Emit {
    const { runtime, passThrough, writers } = this.#parts;
    const all: Emit[] = consumers.outputs.map((output) => {
      const pass = passThrough[output];
      if (pass !== undefined) return (_, timestamp) => pass.add(runtime.row, timestamp);
      const write: Emit = (element, timestamp) => writers[output]!.append(element, timestamp, runtime.origin);
      return errors ? write : this.#guard(step, write);
    });
    for (const child of consumers.steps) all.push(this.#step(child));
    if (all.length === 1) return all[0]!;
    return (element, timestamp) => {
      for (const emit of all) emit(element, timestamp);
    };
  }

  #step(step: PlanStep, side = 0): Emit {
    const { runtime } = this.#parts;
    const { node, index } = step;
    switch (node.kind) {
      case "map": {
        const consume = this.#consume(step, mainConsumers(step), false);
        return this.#split(step, node.fn, (_, result, timestamp) => consume(result, timestamp));
      }
      case "filter": {
        const consume = this.#consume(step, mainConsumers(step), false);
        return this.#split(step, node.fn, (element, passed, timestamp) => {
          if (!passed) return;
          runtime.counts[index * 2]!++;
          consume(element, timestamp);
        });
      }
      case "flat-map":
        return this.#guard(step, (element, timestamp) => {
          const emit = runtime.emitters[index]!.get("main");
          for (const one of iterable(node.fn(element))) {
            if (emit === undefined) runtime.counts[index * 2]!++;
            else emit(one, timestamp);
          }
        });
      default:
        return this.#withOperator(step, side);
    }
  }

  #withOperator(step: PlanStep, side: number): Emit {
    const selector = keySelectorOf(step, side);
    const work = this.#guard(
      step,
      (element, timestamp) => {
        if (selector === undefined) return this.#operator(step).element(element, timestamp, undefined, 0, side);
        const key = selectKey(selector, element);
        if (key instanceof BadKey) throw key.cause;
        this.#operator(step).element(element, timestamp, key, hashOfKey(key), side);
      },
      this.#operator(step),
    );
    return (element, timestamp) => work(element, timestamp);
  }

  #operator(step: PlanStep): ChainOperator {
    return this.#parts.runtime.operators[step.index]!;
  }

  /** A lambda's call under the step's policy, apart from what its consumers do with the result. */
  #split(step: PlanStep, fn: (element: unknown) => unknown, then: (element: unknown, result: unknown, timestamp: number) => void): Emit {
    const { runtime } = this.#parts;
    const { index, node } = step;
    return (element, timestamp) => {
      let result: unknown;
      try {
        result = fn(element);
      } catch (thrown) {
        if (node.onError === "fail") throw runtime.wrap(thrown, index);
        return runtime.handle(index, thrown, element, timestamp);
      }
      if (node.kind === "map" && node.onError !== "fail") runtime.counts[index * 2]!++;
      then(element, result, timestamp);
    };
  }

  /** Work whose errors are all the step's own, under its policy. */
  #guard(step: PlanStep, work: KeyedWork, failed?: ChainOperator): KeyedWork {
    const { runtime } = this.#parts;
    const { index, node } = step;
    return (element, timestamp, key, hash) => {
      try {
        work(element, timestamp, key, hash);
      } catch (thrown) {
        if (node.onError === "fail") throw runtime.wrap(thrown, index);
        runtime.handle(index, thrown, element, timestamp);
        failed?.abandon();
      }
    };
  }
}

type KeyedWork = (element: unknown, timestamp: number, key?: unknown, hash?: number) => void;
