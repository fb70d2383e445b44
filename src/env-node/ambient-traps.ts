// While a simulation runs, whoever asks Node itself for the time, for chance or for a timer would get another answer at every run: such a
// call throws and names itself. Allowed: this folder, tests, Node's own code and packages (a test runner has a clock). Code that was
// imported with its own reference to a timer escapes; tools/layers.test.ts keeps such imports out.

const OWN_CODE = /(?:\/src\/(?!env-node\/)|\/simulation\/)(?!.*\.test\.ts)/;

/** A turn of the real loop, whatever is trapped. */
export const realTurn: (fn: () => void) => void = setImmediate;

interface Trap {
  readonly owner: object;
  readonly name: string;
  readonly what: string;
}

const TRAPS: readonly Trap[] = [
  { owner: Date, name: "now", what: "Date.now()" },
  { owner: Math, name: "random", what: "Math.random()" },
  { owner: performance, name: "now", what: "performance.now()" },
  { owner: crypto, name: "getRandomValues", what: "crypto.getRandomValues()" },
  { owner: crypto, name: "randomUUID", what: "crypto.randomUUID()" },
  { owner: globalThis, name: "setTimeout", what: "setTimeout()" },
  { owner: globalThis, name: "setInterval", what: "setInterval()" },
  { owner: globalThis, name: "setImmediate", what: "setImmediate()" },
];

let depth = 0;
let undo: (() => void)[] = [];

/** Sets the traps until the returned function is called; may be nested. */
export function trapAmbient(): () => void {
  if (depth++ === 0) undo = TRAPS.map(set);
  let held = true;
  return () => {
    if (!held) return;
    held = false;
    if (--depth === 0) for (const each of undo.splice(0)) each();
  };
}

function set({ owner, name, what }: Trap): () => void {
  const before = Object.getOwnPropertyDescriptor(owner, name);
  const original = Reflect.get(owner, name) as (...args: unknown[]) => unknown;
  const trapped = function (this: unknown, ...args: unknown[]): unknown {
    checkCaller(what);
    return original.apply(owner, args);
  };
  Object.defineProperty(owner, name, { value: trapped, configurable: true, writable: true, enumerable: before?.enumerable ?? true });
  return () => {
    if (before === undefined) Reflect.deleteProperty(owner, name);
    else Object.defineProperty(owner, name, before);
  };
}

/** Frames: this function, the trap, the caller. */
const CALLER_LINE = 3;

function checkCaller(what: string): void {
  const caller = new Error(what).stack?.split("\n")[CALLER_LINE] ?? "";
  if (!OWN_CODE.test(caller) || caller.includes("node_modules")) return;
  throw new AmbientError(`${what} was called while a simulation runs, ${caller.trim()}: take it from Env, or no run can be repeated.`);
}

export class AmbientError extends Error {
  override readonly name = "AmbientError";
  readonly code = "AMBIENT";
}
