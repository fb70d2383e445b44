// The states of a window's process function: global ones belong to the key, window states to a key's window and end with it. A window
// state is a map state by window, so it needs no store of its own.
import type { StateSpec, WindowApply } from "../../stream/graph.ts";
import type { TypeInfo } from "../../schema/type-info.ts";
import type { MapHandle } from "../state/map-state.ts";
import type { UserContext } from "./user-context.ts";

type Id = number | string;

export class WindowStates {
  readonly specs: readonly StateSpec[];
  readonly #windowed: readonly StateSpec[];
  readonly #global: readonly StateSpec[];

  constructor(apply: WindowApply | undefined, id: TypeInfo) {
    this.#windowed = apply?.kind === "process" ? apply.windowState : [];
    this.#global = apply?.kind === "process" ? apply.globalState : [];
    this.specs = [
      ...this.#global.map((spec): StateSpec => ({ ...spec, name: `global.${spec.name}` })),
      ...this.#windowed.map((spec): StateSpec => ({
        kind: "map",
        name: `window.${spec.name}`,
        key: id,
        value: held(spec),
        ttl: undefined,
      })),
    ];
  }

  globals(ctx: UserContext): Readonly<Record<string, unknown>> {
    return Object.fromEntries(this.#global.map(({ name }) => [name, ctx.state[`global.${name}`]]));
  }

  ofWindow(id: Id, ctx: UserContext): Readonly<Record<string, unknown>> {
    return Object.fromEntries(this.#windowed.map(({ name, kind }) => [name, handle(kind, ctx.state[`window.${name}`] as MapHandle, id)]));
  }

  clear(id: Id, ctx: UserContext): void {
    for (const { name } of this.#windowed) (ctx.state[`window.${name}`] as MapHandle).delete(id);
  }
}

function held(spec: StateSpec): TypeInfo {
  if (spec.kind === "value") return spec.value;
  return spec.kind === "map" ? { kind: "map", key: spec.key, value: spec.value } : { kind: "array", of: spec.value };
}

function handle(kind: StateSpec["kind"], states: MapHandle, id: Id): object {
  if (kind === "list") return listHandle(states, id);
  if (kind === "map") return mapHandle(states, id);
  return {
    get: () => states.get(id),
    set: (value: unknown) => states.set(id, value),
    clear: () => states.delete(id),
  };
}

function listHandle(states: MapHandle, id: Id): object {
  const get = (): readonly unknown[] => (states.get(id) as readonly unknown[] | undefined) ?? [];
  return {
    get,
    add: (value: unknown) => states.set(id, [...get(), value]),
    addAll: (values: Iterable<unknown>) => states.set(id, [...get(), ...values]),
    update: (values: Iterable<unknown>) => states.set(id, [...values]),
    clear: () => states.delete(id),
  };
}

function mapHandle(states: MapHandle, id: Id): object {
  const all = (): Map<unknown, unknown> => (states.get(id) as Map<unknown, unknown> | undefined) ?? new Map();
  return {
    get: (key: unknown) => all().get(key),
    has: (key: unknown) => all().has(key),
    set: (key: unknown, value: unknown) => states.set(id, all().set(key, value)),
    delete: (key: unknown): undefined => {
      const left = all();
      if (left.delete(key)) states.set(id, left);
    },
    entries: () => all().entries(),
    keys: () => all().keys(),
    values: () => all().values(),
    get size() {
      return all().size;
    },
    clear: () => states.delete(id),
  };
}
