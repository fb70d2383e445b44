// A keyed stream cut into windows: an immutable handle that gathers trigger, evictor and lateness, and adds a node when it is told what
// to do with a window's elements.
import { isSchema } from "../schema/t.ts";
import type { TypeInfo } from "../schema/type-info.ts";
import type { Aggregate } from "./aggregates.ts";
import { calledAt } from "./called-at.ts";
import { checkFunctionObject, checkNamedOptions, checkOptions } from "./check-options.ts";
import type { OperatorOptions } from "./data-stream.ts";
import { durationMs } from "./duration.ts";
import type { Evictor } from "./evictors.ts";
import type { KeySelector, StateSpec, TriggerSpec, WindowApply, WindowSpec } from "./graph.ts";
import type { GraphDraft, Outlet } from "./graph-draft.ts";
import {
  checkErrorHandling,
  checkFunction,
  GlobalWindowSchema,
  keyed,
  resultType,
  schemaRequired,
  sidesAndLife,
  stateSpec,
  TimeWindowSchema,
} from "./operator-arguments.ts";
import { PipelineError } from "./pipeline-error.ts";
import { checkName } from "./plain-name.ts";
import type { WindowProcessFunction } from "./process-function.ts";
import { resolveAggregates } from "./resolve-aggregates.ts";
import type { StateDescriptors } from "./state.ts";
import { canMerge, innermost, type Trigger } from "./triggers.ts";
import type { Duration } from "./watermarks.ts";
import { merges } from "./windows.ts";

export interface WindowParts extends Pick<WindowSpec, "assigner" | "trigger" | "evictor" | "allowedLatenessMs"> {
  /** Late elements have an output. */
  readonly late: boolean;
  /** One result per window, when no late element can change it any more. */
  readonly final: boolean;
  /** Runs in one subtask. */
  readonly alone: boolean;
}

/** The keyed stream that is cut into windows. `make` gives the handle of an outlet. */
export interface WindowInput<S> {
  readonly draft: GraphDraft;
  readonly outlets: readonly Outlet[];
  readonly type: TypeInfo | undefined;
  readonly key: KeySelector;
  readonly keyType: TypeInfo | undefined;
  make(outlet: Outlet, type: TypeInfo | undefined): S;
}

const METHODS = ["allowedLateness", "lateOutput", "trigger", "evictor"];

type Callback = (...args: never[]) => unknown;
type Where = string | undefined;
type Windowed<S> = S & { readonly side?: Readonly<Record<string, S>> };

export class WindowedHandle<S extends object> {
  readonly #stream: WindowInput<S>;
  readonly #parts: WindowParts;

  constructor(stream: WindowInput<S>, parts: WindowParts) {
    this.#stream = stream;
    this.#parts = parts;
  }

  #but(parts: Partial<WindowParts>): WindowedHandle<S> {
    return new WindowedHandle(this.#stream, { ...this.#parts, ...parts });
  }

  inOneSubtask(): WindowedHandle<S> {
    return this.#but({ alone: true });
  }

  allowedLateness(duration: Duration, options: { readonly emit?: "final" | "updates" } = {}): WindowedHandle<S> {
    const where = calledAt(this.allowedLateness);
    checkOptions(options, ["emit"], "allowedLateness(duration, …)", where);
    const { emit = "updates" } = options;
    if (emit !== "updates" && emit !== "final")
      throw new PipelineError("BAD_ARGUMENT", `allowedLateness(…, { emit }): "final" or "updates", not ${JSON.stringify(emit)}.`, where);
    const allowedLatenessMs = durationMs(duration, "allowedLateness(duration)", this.allowedLateness);
    return this.#but({ allowedLatenessMs, final: emit === "final" });
  }

  lateOutput(): WindowedHandle<S> {
    return this.#but({ late: true });
  }

  trigger(trigger: Trigger<never>): WindowedHandle<S> {
    const where = calledAt(this.trigger);
    if (typeof trigger?.trigger?.kind !== "string")
      throw new PipelineError("BAD_ARGUMENT", "trigger(trigger): a trigger is wanted, such as countTrigger(10).", where);
    return this.#but({ trigger: trigger.trigger });
  }

  evictor(evictor: Evictor<never>): WindowedHandle<S> {
    if (typeof evictor?.evictor?.kind === "string") return this.#but({ evictor: evictor.evictor });
    throw new PipelineError("BAD_ARGUMENT", "evictor(evictor): an evictor is wanted, such as countEvictor(10).", calledAt(this.evictor));
  }

  aggregate(
    name: string,
    aggregates: Readonly<Record<string, Aggregate<never, unknown>>>,
    options: Omit<OperatorOptions, "name"> = {},
  ): Windowed<S> {
    const where = calledAt(this.aggregate);
    checkName(name, "aggregate(name, …)", where);
    const { type, keyType } = this.#stream;
    const specs = resolveAggregates(aggregates, { operator: name, type, stream: this.#streamName(), calledAt: where });
    const global = this.#parts.assigner.kind === "global";
    const output = resultType(name, keyType, (global ? GlobalWindowSchema : TimeWindowSchema).type, specs);
    return this.#add(name, "aggregate", { aggregates: specs, apply: undefined }, output, options, where);
  }

  reduce(name: string, fn: Callback, options: Omit<OperatorOptions, "name"> = {}): Windowed<S> {
    const where = calledAt(this.reduce);
    checkName(name, "reduce(name, fn)", where);
    checkFunction(fn, `reduce("${name}", fn)`, where);
    const apply = Object.freeze({ kind: "reduce", fn: fn as unknown as (a: unknown, b: unknown) => unknown } as const);
    return this.#add(name, "reduce", { aggregates: [], apply }, this.#stream.type, options, where);
  }

  process(
    name: string,
    fn: WindowProcessFunction<unknown, unknown, unknown, unknown>,
    options: Omit<OperatorOptions, "name"> = {},
  ): Windowed<S> {
    const where = calledAt(this.process);
    checkName(name, "process(name, …)", where);
    checkFunctionObject("window", fn, `process("${name}", …)`, where);
    if (!isSchema(fn.output))
      throw new PipelineError("SCHEMA_REQUIRED", `process("${name}", …): output is the schema of what emit() takes.`, where);
    const apply = this.#applied(`process("${name}", …)`, fn, where);
    checkErrorHandling(fn.onError, `process("${name}", …)`, where);
    const own = { ...options, onError: options.onError ?? fn.onError };
    return this.#add(name, "process", { aggregates: [], apply }, fn.output.type, own, where);
  }

  #applied(what: string, fn: WindowProcessFunction<unknown, unknown, unknown, unknown>, where: Where): WindowApply {
    const states = (given: StateDescriptors = {}): readonly StateSpec[] =>
      Object.freeze(Object.entries(given).map(([name, descriptor]) => stateSpec(name, descriptor, what, where)));
    const [windowState, globalState] = [states(fn.windowState), states(fn.globalState)];
    if (windowState.length > 0 && merges(this.#parts.assigner))
      throw new PipelineError("BAD_STATE", `${what}: windowState: windows that merge have no state of their own; use globalState.`, where);
    const expiring = windowState.find(({ ttl }) => ttl !== undefined);
    if (expiring !== undefined)
      throw new PipelineError("BAD_STATE", `${what}: windowState "${expiring.name}" ends with its window and takes no ttl.`, where);
    if (fn.onClear !== undefined) checkFunction(fn.onClear, `${what}: onClear`, where);
    const parts = sidesAndLife(fn, what, where);
    if (this.#parts.late && parts.side.some(({ name }) => name === "late"))
      throw new PipelineError("BAD_NAME", `${what}: late elements leave through side.late; name the side output otherwise.`, where);
    return Object.freeze({
      kind: "process",
      fn: fn.onWindow.bind(fn) as (elements: readonly unknown[], ctx: unknown) => void,
      windowState,
      globalState,
      onClear: fn.onClear?.bind(fn) as ((ctx: unknown) => void) | undefined,
      ...parts,
    });
  }

  #streamName(): string {
    const { draft, outlets } = this.#stream;
    return outlets.map((outlet) => draft.node(outlet.from).name).join(", ");
  }

  #add(
    name: string,
    method: string,
    work: Pick<WindowSpec, "aggregates" | "apply">,
    output: TypeInfo | undefined,
    options: Omit<OperatorOptions, "name">,
    where: Where,
  ): Windowed<S> {
    checkNamedOptions(options, `${method}("${name}", …)`, where, METHODS);
    const { draft, outlets, type, key } = this.#stream;
    const { late, alone, final, ...parts } = this.#parts;
    const declared = work.apply?.kind === "process" ? work.apply.side : [];
    this.#check(name, work, where);
    const trigger: TriggerSpec | undefined = final ? Object.freeze({ kind: "at-the-end" }) : parts.trigger;
    const window = Object.freeze({ key, ...parts, trigger, element: type, ...work, lateOutput: late ? "late" : undefined });
    const id = draft.add({
      name,
      inputs: outlets,
      partitioning: keyed(key),
      output,
      onError: options.onError,
      parallelism: alone ? 1 : options.parallelism,
      calledAt: where,
      body: { kind: "window", window },
      sideOutputs: [...(late ? ["late"] : []), ...declared.map((side) => side.name)],
    });
    const main = this.#stream.make({ from: id, output: "main" }, output);
    if (!late && declared.length === 0) return main as Windowed<S>;
    const sides = [...(late ? [{ name: "late", type }] : []), ...declared];
    const side = sides.map((one) => [one.name, this.#stream.make({ from: id, output: one.name }, one.type)]);
    return Object.assign(main, { side: Object.freeze(Object.fromEntries(side) as Record<string, S>) });
  }

  #check(name: string, { aggregates, apply }: Pick<WindowSpec, "aggregates" | "apply">, where: Where): void {
    const { draft, outlets, type } = this.#stream;
    const { assigner, trigger, evictor, final } = this.#parts;
    if (assigner.kind === "global" && trigger === undefined)
      throw new PipelineError("BAD_ARGUMENT", `Window "${name}" would never fire: a global window needs .trigger(countTrigger(…)).`, where);
    if (final && (trigger !== undefined || assigner.kind === "processing-time"))
      throw new PipelineError("BAD_ARGUMENT", `Window "${name}": emit: "final" is for event-time windows without a trigger.`, where);
    const byEventTime =
      assigner.kind === "global" ? trigger !== undefined && needsWatermarks(trigger) : assigner.kind !== "processing-time";
    if (byEventTime && !draft.hasWatermarks(outlets))
      throw new PipelineError(
        "NO_WATERMARKS",
        `Window "${name}" would never fire: "${this.#streamName()}" has no watermarks. Give p.from(…) { eventTime, watermarks: boundedOutOfOrderness("5s") }, or use .assignWatermarks(…).`,
        where,
      );
    const merging = merges(assigner);
    if (merging && trigger !== undefined && !canMerge(trigger))
      throw new PipelineError("BAD_ARGUMENT", `Window "${name}": its windows merge, and ${whyNoMerge(trigger)}.`, where);
    const inner = trigger === undefined ? undefined : innermost(trigger);
    const keeps =
      apply !== undefined ||
      evictor !== undefined ||
      inner?.kind === "delta" ||
      (assigner.kind !== "tumbling" || trigger !== undefined ? aggregates : []).some(
        ({ kind, custom }) =>
          kind.startsWith("collect") ||
          (merging && (kind === "first" || kind === "last" || (kind === "custom" && custom?.merge === undefined))),
      );
    if (keeps && type === undefined) throw schemaRequired(name, where);
  }
}

function whyNoMerge(trigger: TriggerSpec): string {
  const { kind } = innermost(trigger);
  if (kind === "delta") return "a delta trigger cannot";
  return kind === "custom"
    ? "the custom trigger has no merge function"
    : "a timeout trigger that is not cleared (clearOnTimeout: false) cannot";
}

function needsWatermarks(trigger: TriggerSpec): boolean {
  return innermost(trigger).kind === "event-time" || innermost(trigger).kind === "continuous-event-time";
}
