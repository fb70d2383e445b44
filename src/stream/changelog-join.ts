// The regular join of two keyed streams without windows: its result is a table that changes, sent as rows with the kind of change, as
// Flink's StreamingJoinOperator does. Each side keeps all its elements of a key, or the latest; a ttl forgets them silently.
import type { TypeInfo } from "../schema/type-info.ts";
import type { ConnectSpec, KeySelector, StateTtl } from "./graph.ts";
import { NO_PAIR, pairOf, type PairContext } from "./join-pair.ts";
import { listState } from "./join-state.ts";

/** +I: a new row; -U and +U: a row before and after a change; -D: a row that is gone. */
export type Change = "+I" | "-U" | "+U" | "-D";

export interface ChangelogSide {
  readonly type: TypeInfo;
  /** A new element replaces the one before. */
  readonly latest: boolean;
  /** An element that only says that what is kept is gone. */
  readonly isDeletion: ((element: unknown) => boolean) | undefined;
}

export interface ChangelogParts {
  readonly key: KeySelector;
  readonly otherFrom: number;
  readonly left: ChangelogSide;
  readonly right: ChangelogSide;
  readonly leftOuter: boolean;
  readonly rightOuter: boolean;
  readonly ttl: StateTtl | undefined;
  readonly fn: (left: unknown, right: unknown) => unknown;
}

interface List {
  get(): readonly unknown[];
  add(value: unknown): void;
  update(values: readonly unknown[]): void;
}

interface Context extends PairContext {
  readonly state: { readonly left: List; readonly right: List };
  emit(value: { readonly change: Change; readonly row: unknown }): void;
}

export function changelogJoin(parts: ChangelogParts): ConnectSpec {
  const { key, otherFrom, left, right, ttl, fn, leftOuter, rightOuter } = parts;
  const onLeft = (element: unknown, context: unknown): void => {
    const ctx = context as Context;
    const { state } = ctx;
    change(left, element, state.left, state.right.get(), { fn, own: leftOuter, other: rightOuter, swapped: false }, ctx);
  };
  const onRight = (element: unknown, context: unknown): void => {
    const ctx = context as Context;
    const { state } = ctx;
    change(right, element, state.right, state.left.get(), { fn, own: rightOuter, other: leftOuter, swapped: true }, ctx);
  };
  return Object.freeze({
    otherFrom,
    joined: { kind: "changelog", leftOuter, rightOuter, leftLatest: left.latest, rightLatest: right.latest },
    process: Object.freeze({
      key,
      state: Object.freeze([listState("left", left.type, ttl), listState("right", right.type, ttl)]),
      side: Object.freeze([]),
      open: undefined,
      onElement: onLeft,
      onTimer: undefined,
    }),
    onOther: onRight,
  });
}

interface Pairing {
  readonly fn: (left: unknown, right: unknown) => unknown;
  /** The side that changes is the right one. */
  readonly swapped: boolean;
  /** The side that changes has rows without partners, too. */
  readonly own: boolean;
  readonly other: boolean;
}

/** Takes an element into its side and sends what changes in the result. */
function change(
  side: ChangelogSide,
  element: unknown,
  kept: List,
  partners: readonly unknown[],
  { fn, swapped, own, other }: Pairing,
  ctx: Context,
): void {
  const send = (kind: Change, ofSide: unknown, ofOther: unknown): void => {
    const row = swapped ? pairOf(fn, ofOther, ofSide, ctx) : pairOf(fn, ofSide, ofOther, ctx);
    if (row !== NO_PAIR) ctx.emit({ change: kind, row });
  };
  const before = kept.get();
  const deletes = side.isDeletion?.(element) === true;
  const removed = deletes || side.latest ? before : [];
  const added = deletes ? [] : [element];
  const partnersOrNone = partners.length > 0 ? partners : own ? [undefined] : [];
  if (removed.length === 0 && added.length > 0) kept.add(element);
  else if (removed.length > 0) kept.update(added);
  if (other && before.length === 0 && added.length > 0) for (const one of partners) send("-D", undefined, one);
  const isUpdate = removed.length === 1 && added.length === 1;
  for (const one of partnersOrNone) {
    for (const old of removed) send(isUpdate ? "-U" : "-D", old, one);
    for (const fresh of added) send(isUpdate ? "+U" : "+I", fresh, one);
  }
  const isEmpty = before.length - removed.length + added.length === 0;
  if (other && before.length > 0 && isEmpty) for (const one of partners) send("+I", undefined, one);
}
