// Names that the compiler would refuse and JavaScript passes over without a word: options that do not exist, and misspelt members of function
// objects, each refused in one sentence that says what was probably meant. Function objects may have members of their own (helpers, fields
// of a class), so that there only a name is refused that is near one which is missing.
import type { OperatorOptions } from "./data-stream.ts";
import { nearest } from "./nearest.ts";
import { checkErrorHandling, checkFunction } from "./operator-arguments.ts";
import { PipelineError } from "./pipeline-error.ts";
import { checkName } from "./plain-name.ts";

type Where = string | undefined;

/** `methods`: of the stream, which are often taken for options. */
export function checkOptions(
  options: object | undefined,
  known: readonly string[],
  what: string,
  where: Where,
  methods: readonly string[] = [],
): void {
  const problem = optionProblem(options, known, methods);
  if (problem !== undefined) throw new PipelineError("BAD_ARGUMENT", `${what}: ${problem}`, where);
}

/** A sentence; undefined: all of them are known. */
export function optionProblem(options: unknown, known: readonly string[], methods: readonly string[] = []): string | undefined {
  if (options === undefined) return undefined;
  if (typeof options !== "object" || options === null)
    return `the options are an object, not ${JSON.stringify(options) ?? typeof options}.`;
  const other = Object.keys(options).find((name) => !known.includes(name));
  if (other === undefined) return undefined;
  const meant = nearest(other, [...known, ...methods]);
  const text =
    meant === undefined
      ? `; the options are ${known.join(", ")}.`
      : methods.includes(meant)
        ? `: did you mean .${meant}(…), which is called before?`
        : `: did you mean "${meant}"?`;
  return `there is no option "${other}"${text}`;
}

const OPERATOR = ["name", "onError", "parallelism"];
export const NAMED_OPERATOR = ["onError", "parallelism"];

const METHODS: Readonly<Record<string, string>> = { "flat-map": "flatMap", timestamps: "assignWatermarks", "map-async": "mapAsync" };

/** Of an operator that may have a name; `kind`: of its node. */
export function checkOperatorOptions(options: OperatorOptions | undefined, kind: string, where: Where): void {
  const what = `${METHODS[kind] ?? kind}(…)`;
  checkOptions(options, OPERATOR, what, where);
  if (options?.name !== undefined) checkName(options.name, what, where);
  checkErrorHandling(options?.onError, what, where);
}

/** Of an operator whose name is an argument of its own. */
export function checkNamedOptions(options: Omit<OperatorOptions, "name">, what: string, where: Where, methods?: readonly string[]): void {
  checkOptions(options, NAMED_OPERATOR, what, where, methods);
  checkErrorHandling(options?.onError, what, where);
}

const COMMON = ["output", "side", "state", "onError", "open", "close"];

/** The function objects by what they must have. */
const FUNCTION_OBJECTS = {
  process: { needed: ["onElement"], others: [...COMMON, "onTimer"] },
  connect: { needed: ["onLeft", "onRight"], others: [...COMMON, "onTimer"] },
  broadcast: { needed: ["onElement", "onBroadcast"], others: [...COMMON, "onTimer"] },
  window: { needed: ["onWindow"], others: ["output", "side", "windowState", "globalState", "onClear", "onError", "open", "close"] },
  trigger: { needed: ["onElement"], others: ["state", "onEventTime", "onProcessingTime", "merge", "onMerge"] },
} as const;

/** Refuses misspelt members, and needed ones that are no functions. */
export function checkFunctionObject(kind: keyof typeof FUNCTION_OBJECTS, fn: object | undefined, what: string, where: Where): void {
  const { needed, others } = FUNCTION_OBJECTS[kind];
  if (typeof fn === "object" && fn !== null) {
    const present = membersOf(fn);
    const missing = [...needed, ...others].filter((name) => !present.has(name));
    for (const name of present) {
      if ([...needed, ...others].includes(name as never) || !(isLiteral(fn) || name.startsWith("on"))) continue;
      const meant = nearest(name, missing);
      if (meant === undefined) continue;
      throw new PipelineError("BAD_ARGUMENT", `${what}: "${name}" is never called or read: did you mean "${meant}"?`, where);
    }
  }
  for (const name of needed) checkFunction((fn as Readonly<Record<string, unknown>> | undefined)?.[name], `${what}: ${name}`, where);
}

function isLiteral(fn: object): boolean {
  return Object.getPrototypeOf(fn) === Object.prototype;
}

/** Own names and those of its classes. */
function membersOf(fn: object): ReadonlySet<string> {
  const names = new Set<string>();
  for (let at: object | null = fn; at !== null && at !== Object.prototype; at = Object.getPrototypeOf(at) as object | null)
    for (const name of Object.getOwnPropertyNames(at)) names.add(name);
  return names;
}
