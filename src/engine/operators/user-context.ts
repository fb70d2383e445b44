// The context of a keyed process function (stream/process-function.ts): one object per operator, pointed at the current key and element
// before each call. State, timers and outputs work only during a call: there is no key outside of one.
import { ContextError, noCurrentKey } from "../state/context-error.ts";
import type { SubtaskInfo } from "../../stream/function-context.ts";
import type { StateHandle } from "../state/state-handle.ts";
import type { Emit } from "../subtask/chain-runtime.ts";
import type { KeyedStore } from "../state/keyed-store.ts";
import type { Timers } from "../time/timers.ts";
import { folding } from "./folding-state.ts";
import type { UserMetrics } from "./user-metrics.ts";

export interface ContextOwner {
  /** The function that timers are set for. */
  readonly hasTimers: boolean;
  readonly store: KeyedStore;
  readonly eventTimers: Timers;
  readonly processingTimers: Timers;
  readonly metrics: UserMetrics;
}

const nothing: Emit = () => undefined;

export class UserContext {
  key: unknown = undefined;
  timestamp = -Infinity;
  watermark = -Infinity;
  /** Only during onTimer. */
  domain: "event-time" | "processing-time" | undefined = undefined;
  /** The window whose function is being called, and after it has thrown until the next call: for error messages. */
  firing: { readonly start: number; readonly end: number } | undefined = undefined;
  /** Under a lenient policy: takes a pair of a join whose function threw. The join goes on with the next. */
  "~failed": ((thrown: unknown, value: unknown) => void) | undefined = undefined;
  /** The handles by name. */
  state: Readonly<Record<string, StateHandle>> = {};
  side: Readonly<Record<string, (value: unknown) => undefined>> = {};
  /** What the function's open() returned. */
  local: unknown = undefined;
  /** The broadcast state, for those who have one. */
  broadcast: unknown = undefined;
  readonly metrics: UserMetrics;
  readonly subtask: SubtaskInfo;
  readonly timers: UserTimers;
  readonly now: () => number;
  #main: Emit = nothing;
  readonly #owner: ContextOwner;

  constructor(owner: ContextOwner, now: () => number, subtask: SubtaskInfo = { index: 0, parallelism: 1 }) {
    this.#owner = owner;
    this.metrics = owner.metrics;
    this.subtask = subtask;
    this.timers = new UserTimers(owner);
    this.now = now;
  }

  /** A property, because users take it out of the context: ({ emit }) => … */
  readonly emit = (value: unknown): undefined => {
    if (this.#owner.store.id < 0) throw noCurrentKey("emit() was called");
    this.#main(value, this.timestamp);
  };

  /** Gives the context its outputs, once the chain is linked. */
  link(emitters: ReadonlyMap<string, Emit>, side: readonly string[], states: readonly string[]): void {
    this.#main = emitters.get("main") ?? nothing;
    this.side = Object.fromEntries(
      side.map((name) => {
        const emit = emitters.get(name) ?? nothing;
        const send = (value: unknown): undefined => {
          if (this.#owner.store.id < 0) throw noCurrentKey(`side.${name}() was called`);
          emit(value, this.timestamp);
        };
        return [name, send];
      }),
    );
    const { handles, specs } = this.#owner.store;
    this.state = Object.fromEntries(states.map((name, index) => [name, folding(specs[index]!, handles[index]!)]));
  }
}

export class UserTimers {
  readonly setEventTime: (at: number) => undefined;
  readonly deleteEventTime: (at: number) => undefined;
  readonly setProcessingTime: (at: number) => undefined;
  readonly deleteProcessingTime: (at: number) => undefined;

  constructor(owner: ContextOwner) {
    const { store } = owner;
    const set = (timers: Timers, at: number): undefined => {
      if (store.id < 0) throw noCurrentKey("A timer was set or deleted");
      timers.set(store.group, store.table, store.id, at);
    };
    const remove = (timers: Timers, at: number): undefined => {
      if (store.id < 0) throw noCurrentKey("A timer was set or deleted");
      timers.delete(store.group, store.table, store.id, at);
    };
    const nobody = (): never => {
      if (store.id < 0) throw noCurrentKey("A timer was set or deleted");
      throw new ContextError("A timer was set, and the function has no onTimer(at, ctx): write one, or set no timers.", "NO_ON_TIMER");
    };
    if (!owner.hasTimers) {
      this.setEventTime = nobody;
      this.setProcessingTime = nobody;
      this.deleteEventTime = (at) => remove(owner.eventTimers, at);
      this.deleteProcessingTime = (at) => remove(owner.processingTimers, at);
      return;
    }
    this.setEventTime = (at) => set(owner.eventTimers, at);
    this.deleteEventTime = (at) => remove(owner.eventTimers, at);
    this.setProcessingTime = (at) => set(owner.processingTimers, at);
    this.deleteProcessingTime = (at) => remove(owner.processingTimers, at);
  }
}
