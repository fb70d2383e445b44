// The context of functions without a key, and of onBroadcast (stream/process-function.ts): one object per operator, pointed at the element
// before each call and closed after it.
import type { SubtaskInfo } from "../../stream/function-context.ts";
import { ContextError } from "../state/context-error.ts";
import type { Emit } from "../subtask/chain-runtime.ts";
import type { UserMetrics } from "./user-metrics.ts";

const nothing: Emit = () => undefined;

export class UnkeyedContext {
  timestamp = -Infinity;
  watermark = -Infinity;
  /** What the function's open() returned. */
  local: unknown = undefined;
  state: Readonly<Record<string, unknown>> = {};
  side: Readonly<Record<string, (value: unknown) => undefined>> = {};
  broadcast: unknown = undefined;
  applyToKeyedState: ((name: string, apply: (key: unknown, state: unknown) => undefined) => undefined) | undefined;
  readonly metrics: UserMetrics;
  readonly subtask: SubtaskInfo;
  readonly now: () => number;
  /** A call is going on. */
  active = false;
  #main: Emit = nothing;

  constructor(metrics: UserMetrics, subtask: SubtaskInfo, now: () => number) {
    this.metrics = metrics;
    this.subtask = subtask;
    this.now = now;
  }

  /** A property, because users take it out of the context: ({ emit }) => … */
  readonly emit = (value: unknown): undefined => {
    if (!this.active) throw outsideCall("emit()");
    this.#main(value, this.timestamp);
  };

  link(emitters: ReadonlyMap<string, Emit>, side: readonly string[]): void {
    this.#main = emitters.get("main") ?? nothing;
    this.side = Object.fromEntries(
      side.map((name) => {
        const emit = emitters.get(name) ?? nothing;
        const send = (value: unknown): undefined => {
          if (!this.active) throw outsideCall(`side.${name}()`);
          emit(value, this.timestamp);
        };
        return [name, send];
      }),
    );
  }
}

function outsideCall(what: string): ContextError {
  return new ContextError(`${what} was called outside of a call of the function: the context is valid only until the function returns.`);
}
