// Methods that a stream lacks until something else has been called on it, as sentences: the compiler says so, but JavaScript callers, and
// files that run without a type check, would get "… is not a function".
import { calledAt } from "./called-at.ts";
import { PipelineError, type PipelineErrorCode } from "./pipeline-error.ts";

const KEYED_ONLY = [
  "window",
  "reduce",
  "sum",
  "min",
  "max",
  "minBy",
  "maxBy",
  "intervalJoin",
  "windowJoin",
  "coGroup",
  "temporalJoin",
  "join",
];
const OF_STREAMS = ["to", "map", "filter", "flatMap", "keyBy", "returns", "union", "mapAsync", "rebalance"];

/** `prototype`: of streams without a key. */
export function refuseWithoutKey(prototype: object): void {
  refuse(prototype, KEYED_ONLY, "NOT_KEYED", (method) => {
    const otherwise = method === "window" ? ", or use .windowAll(…)" : "";
    return `${method}(…): the stream is not keyed: add .keyBy("field") before it${otherwise}.`;
  });
}

/** `prototype`: of windows that nothing has been made of yet. */
export function refuseOnWindows(prototype: object): void {
  refuse(prototype, OF_STREAMS, "BAD_ARGUMENT", (method) => {
    const what = "add .aggregate(name, { n: count() }), .reduce(name, fn) or .process(name, …)";
    return `${method}(…): window(…) does not say yet what becomes of its elements: ${what} before it.`;
  });
}

function refuse(prototype: object, methods: readonly string[], code: PipelineErrorCode, text: (method: string) => string): void {
  for (const method of methods) {
    const refused = (): never => {
      throw new PipelineError(code, text(method), calledAt(refused));
    };
    if (!(method in prototype)) Object.defineProperty(prototype, method, { value: refused });
  }
}
