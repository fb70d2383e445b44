// What the joins of keyed streams take as options, checked and turned into nodes of the graph.
import { calledAt } from "./called-at.ts";
import { checkOptions, NAMED_OPERATOR } from "./check-options.ts";
import { changelogJoin, type Change } from "./changelog-join.ts";
import type { DeadLetterPolicy } from "./dead-letter.ts";
import { durationMs } from "./duration.ts";
import type { Evictor } from "./evictors.ts";
import type { StateTtl } from "./graph.ts";
import type { NodeBody } from "./graph-draft.ts";
import { NO_PAIR, pairOf, type PairContext } from "./join-pair.ts";
import { checkErrorHandling } from "./operator-arguments.ts";
import { PipelineError } from "./pipeline-error.ts";
import { temporalJoin } from "./temporal-join.ts";
import { canMerge, type Trigger } from "./triggers.ts";
import { keptTypes, leftOf, rightOf, windowJoinBody, type Sides } from "./two-streams.ts";
import type { Duration } from "./watermarks.ts";
import { merges, type WindowAssigner } from "./windows.ts";

/** What becomes of a pair that the function throws on, whose elements stay where they are; "fail" unless said otherwise. */
type JoinErrors = "fail" | "skip" | DeadLetterPolicy | undefined;

export type JoinKind = "inner" | "left" | "right" | "full";

export interface WindowJoinOptions<K extends JoinKind = JoinKind> {
  /** Elements without a partner come with undefined, too: the left side's, the right's, or both sides'. Default "inner". */
  readonly kind?: K;
  /** How long after its end a window still takes late elements, and then sends all its pairs again. Default 0. */
  readonly allowedLateness?: Duration;
  /** Replaces the assigner's trigger. */
  readonly trigger?: Trigger;
  readonly evictor?: Evictor;
  readonly onError?: JoinErrors;
  readonly parallelism?: number | undefined;
}

export interface TemporalJoinOptions<U, K extends "inner" | "left" = "inner" | "left"> {
  /** "left": elements without a version come with undefined. Default "inner". */
  readonly kind?: K;
  /** True for a version that says that there is none from its time on. */
  readonly isDeletion?: (right: U) => boolean;
  readonly onError?: JoinErrors;
  readonly parallelism?: number | undefined;
}

export interface JoinSideOptions<T> {
  /** "latest": a new element replaces the one before. Default "all". */
  readonly keep?: "all" | "latest";
  /** True for an element that only says that what is kept is gone. */
  readonly isDeletion?: (element: T) => boolean;
}

export interface JoinOptions<T, U, K extends JoinKind = JoinKind> {
  readonly kind?: K;
  readonly left?: JoinSideOptions<T>;
  readonly right?: JoinSideOptions<U>;
  /** Elements are forgotten, without a change of the result, so long after they came, by the machine's clock. Default: kept for ever. */
  readonly ttl?: Duration;
  /** Which clock `ttl` runs on; "processing-time" unless said otherwise. */
  readonly ttlDomain?: StateTtl["domain"];
  readonly onError?: JoinErrors;
  readonly parallelism?: number | undefined;
}

/** A change of a join's result. */
export interface ChangeRow<Row> {
  readonly change: Change;
  readonly row: Row;
}

const WINDOW_OPTIONS = ["allowedLateness", "trigger", "evictor", ...NAMED_OPERATOR];

type Entry = (...args: never[]) => unknown;
type Pair = (left: unknown, right: unknown) => unknown;

export function windowPairsBody(
  sides: Sides,
  assigner: WindowAssigner<unknown, never>,
  fn: Pair,
  options: WindowJoinOptions,
  what: string,
  entry: Entry,
): NodeBody {
  const where = calledAt(entry);
  const { leftOuter, rightOuter } = outerSides(options.kind, ["inner", "left", "right", "full"], what, where);
  const pairs = (elements: readonly unknown[], ctx: unknown): void => {
    const context = ctx as PairContext & { emit(value: unknown): void };
    const send = (left: unknown, right: unknown): void => {
      const row = pairOf(fn, left, right, context);
      if (row !== NO_PAIR) context.emit(row);
    };
    const [lefts, rights] = [leftOf(elements), rightOf(elements)];
    const partners = rights.length === 0 && leftOuter ? [undefined] : rights;
    for (const left of lefts) for (const right of partners) send(left, right);
    if (lefts.length === 0 && rightOuter) for (const right of rights) send(undefined, right);
  };
  return withOptions(windowJoinBody(sides, assigner, "pairs", pairs, what, where), options, what, entry);
}

export function coGroupBody(
  sides: Sides,
  assigner: WindowAssigner<unknown, never>,
  fn: (group: unknown) => Iterable<unknown>,
  options: WindowJoinOptions,
  what: string,
  entry: Entry,
): NodeBody {
  const group = (elements: readonly unknown[], context: unknown): void => {
    const { key, window, emit } = context as { readonly key: unknown; readonly window: unknown; emit(value: unknown): void };
    for (const one of fn({ key, window, left: leftOf(elements), right: rightOf(elements) })) emit(one);
  };
  return withOptions(windowJoinBody(sides, assigner, "groups", group, what, calledAt(entry)), options, what, entry);
}

/** Lateness, trigger and evictor of a window join or coGroup. */
function withOptions(body: NodeBody, options: WindowJoinOptions, what: string, entry: Entry): NodeBody {
  checkOptions(options, [...(entry.name === "coGroup" ? [] : ["kind"]), ...WINDOW_OPTIONS], what, calledAt(entry));
  checkErrorHandling(options.onError, what, calledAt(entry));
  if (body.kind !== "window-join") return body;
  const { allowedLateness, trigger, evictor } = options;
  const { window } = body.join;
  if (trigger !== undefined && merges(window.assigner) && !canMerge(trigger.trigger))
    throw new PipelineError("BAD_ARGUMENT", `${what}: its windows merge, and the trigger cannot.`, calledAt(entry));
  const changed = {
    ...window,
    allowedLatenessMs: allowedLateness === undefined ? 0 : durationMs(allowedLateness, `${what}: allowedLateness`, entry),
    trigger: trigger?.trigger,
    evictor: evictor?.evictor,
  };
  return { ...body, join: Object.freeze({ ...body.join, window: Object.freeze(changed) }) };
}

export function temporalJoinBody(
  sides: Sides,
  fn: Pair,
  options: TemporalJoinOptions<never>,
  what: string,
  where: string | undefined,
): NodeBody {
  checkOptions(options, ["kind", "isDeletion", ...NAMED_OPERATOR], what, where);
  checkErrorHandling(options.onError, what, where);
  const { left, right } = keptTypes(sides, what, where);
  const { leftOuter } = outerSides(options.kind, ["inner", "left"], what, where);
  const isDeletion = options.isDeletion as ((right: unknown) => boolean) | undefined;
  const { key, otherFrom } = sides;
  return { kind: "connect", connect: temporalJoin({ key, otherFrom, left, right, fn, outer: leftOuter, isDeletion }) };
}

export function changelogJoinBody(sides: Sides, fn: Pair, options: JoinOptions<never, never>, what: string, entry: Entry): NodeBody {
  const where = calledAt(entry);
  const { left, right } = keptTypes(sides, what, where);
  checkOptions(options, ["kind", "left", "right", "ttl", "ttlDomain", ...NAMED_OPERATOR], what, where);
  checkErrorHandling(options.onError, what, where);
  for (const side of ["left", "right"] as const) checkOptions(options[side], ["keep", "isDeletion"], `${what}: ${side}`, where);
  const outer = outerSides(options.kind, ["inner", "left", "right", "full"], what, where);
  const side = (given: JoinSideOptions<never> = {}): { latest: boolean; isDeletion: ((element: unknown) => boolean) | undefined } => {
    const { keep = "all", isDeletion } = given;
    if (keep !== "all" && keep !== "latest")
      throw new PipelineError("BAD_ARGUMENT", `${what}: keep is "all" or "latest", not ${JSON.stringify(keep)}.`, where);
    return { latest: keep === "latest", isDeletion: isDeletion as ((element: unknown) => boolean) | undefined };
  };
  const ttl: StateTtl | undefined =
    options.ttl === undefined
      ? undefined
      : { ms: durationMs(options.ttl, `${what}: ttl`, entry), domain: options.ttlDomain ?? "processing-time" };
  const { key, otherFrom } = sides;
  const parts = {
    key,
    otherFrom,
    left: { type: left, ...side(options.left) },
    right: { type: right, ...side(options.right) },
    ...outer,
    ttl,
    fn,
  };
  return { kind: "connect", connect: changelogJoin(parts) };
}

function outerSides(
  kind: JoinKind = "inner",
  known: readonly JoinKind[],
  what: string,
  where: string | undefined,
): { readonly leftOuter: boolean; readonly rightOuter: boolean } {
  if (!known.includes(kind))
    throw new PipelineError("BAD_ARGUMENT", `${what}: kind is one of ${known.join(", ")}, not ${JSON.stringify(kind)}.`, where);
  return { leftOuter: kind === "left" || kind === "full", rightOuter: kind === "right" || kind === "full" };
}
