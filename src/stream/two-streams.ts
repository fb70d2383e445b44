// Nodes with two streams: connect, interval join, window join and coGroup. One selector keys both sides alike: each edge has its own, and
// rows carry their key. Inputs before `otherFrom` are the left side's.
import type { TypeInfo } from "../schema/type-info.ts";
import { calledAt } from "./called-at.ts";
import { checkNamedOptions, checkOptions } from "./check-options.ts";
import type { OperatorOptions } from "./data-stream.ts";
import { signedDurationMs } from "./duration.ts";
import type { IntervalJoinSpec, KeySelector, WindowJoinSpec, WindowSpec } from "./graph.ts";
import type { NodeBody } from "./graph-draft.ts";
import { PipelineError } from "./pipeline-error.ts";
import { typeName } from "../schema/type-names.ts";
import type { WindowAssigner } from "./windows.ts";

interface Bounds {
  readonly lower: number | string;
  readonly upper: number | string;
  readonly lowerExclusive?: boolean;
  readonly upperExclusive?: boolean;
  readonly lateOutputs?: boolean;
}

export interface Sides {
  readonly key: KeySelector;
  readonly otherFrom: number;
  readonly left: TypeInfo | undefined;
  readonly right: TypeInfo | undefined;
}

/** Keys of different families, a text and a number, are never equal. */
export function checkSameKeys(left: TypeInfo | undefined, right: TypeInfo | undefined, what: string, where: string | undefined): void {
  if (left === undefined || right === undefined || keyFamily(left) === keyFamily(right)) return;
  const names = `${typeName(left)} and ${typeName(right)}`;
  throw new PipelineError(
    "BAD_ARGUMENT",
    `${what}: the keys are ${names}, which are never equal: key both streams by values of one kind.`,
    where,
  );
}

function keyFamily({ kind }: TypeInfo): string {
  if (kind === "int" || kind === "long" || kind === "double" || kind === "timestamp" || kind === "bigint") return "number";
  return kind === "literal" || kind === "decimal" ? "string" : kind;
}

/** Both sides keep elements, which needs schemas. */
export function keptTypes(sides: Sides, what: string, where: string | undefined): { readonly left: TypeInfo; readonly right: TypeInfo } {
  const { left, right } = sides;
  if (left !== undefined && right !== undefined) return { left, right };
  const side = left === undefined ? "left" : "right";
  throw new PipelineError("SCHEMA_REQUIRED", `${what}: the ${side} stream is kept and needs a schema: add .returns(Schema) to it.`, where);
}

export function intervalJoinBody(
  sides: Sides,
  bounds: Bounds,
  fn: (left: unknown, right: unknown) => unknown,
  options: Omit<OperatorOptions, "name">,
  what: string,
  entry: (...args: never[]) => unknown,
): NodeBody {
  const where = calledAt(entry);
  checkOptions(bounds, ["lower", "upper", "lowerExclusive", "upperExclusive", "lateOutputs"], what, where);
  checkNamedOptions(options, what, where);
  const lowerMs = signedDurationMs(bounds?.lower, `${what}: lower`, entry) + (bounds.lowerExclusive === true ? 1 : 0);
  const upperMs = signedDurationMs(bounds.upper, `${what}: upper`, entry) - (bounds.upperExclusive === true ? 1 : 0);
  if (lowerMs > upperMs) throw new PipelineError("BAD_DURATION", `${what}: no time is between the bounds.`, where);
  const join: IntervalJoinSpec = {
    key: sides.key,
    otherFrom: sides.otherFrom,
    lowerMs,
    upperMs,
    ...keptTypes(sides, what, where),
    lateOutputs: bounds.lateOutputs === true,
    fn,
  };
  return { kind: "interval-join", join: Object.freeze(join) };
}

/** `fn` gets { left } and { right } elements of one key and window. */
export function windowJoinBody(
  sides: Sides,
  assigner: WindowAssigner<unknown, never>,
  of: WindowJoinSpec["of"],
  fn: (elements: readonly unknown[], ctx: unknown) => void,
  what: string,
  where: string | undefined,
): NodeBody {
  const { left, right } = keptTypes(sides, what, where);
  if (typeof assigner?.assigner?.kind !== "string")
    throw new PipelineError("BAD_ARGUMENT", `${what}: a window assigner is wanted, such as tumbling("1h").`, where);
  if (assigner.assigner.kind === "global" || assigner.assigner.kind === "dynamic-session")
    throw new PipelineError("BAD_ARGUMENT", `${what}: tumbling, sliding and fixed session windows only.`, where);
  const element: TypeInfo = {
    kind: "record",
    name: "Side",
    fields: [
      { name: "left", type: { kind: "optional", of: left } },
      { name: "right", type: { kind: "optional", of: right } },
    ],
  };
  const window: WindowSpec = {
    key: sides.key,
    assigner: assigner.assigner,
    trigger: undefined,
    evictor: undefined,
    allowedLatenessMs: 0,
    element: Object.freeze(element),
    aggregates: [],
    apply: Object.freeze({
      kind: "process",
      fn,
      windowState: [],
      globalState: [],
      onClear: undefined,
      side: [],
      open: undefined,
      close: undefined,
    }),
    lateOutput: undefined,
  };
  return { kind: "window-join", join: Object.freeze({ window: Object.freeze(window), otherFrom: sides.otherFrom, of }) };
}

interface Tagged {
  readonly left?: unknown;
  readonly right?: unknown;
}

export function leftOf(elements: readonly unknown[]): unknown[] {
  return (elements as readonly Tagged[]).filter(({ left }) => left !== undefined).map(({ left }) => left);
}

export function rightOf(elements: readonly unknown[]): unknown[] {
  return (elements as readonly Tagged[]).filter(({ right }) => right !== undefined).map(({ right }) => right);
}
