// The call of a join's function for one pair, under the policy of its operator. A pair whose function threw is dropped and counted, or becomes
// a dead letter { left, right }; the elements stay, and the join goes on with the next pair. With "fail" the operator's own error handling sees it.

/** What a pair gives that is not to be sent. */
export const NO_PAIR = Symbol("no pair");

/** The part of a context that this is about: absent under "fail". */
export interface PairContext {
  readonly "~failed"?: ((thrown: unknown, value: unknown) => void) | undefined;
}

/** The row of a pair, or NO_PAIR. */
export function pairOf(fn: (left: unknown, right: unknown) => unknown, left: unknown, right: unknown, ctx: PairContext): unknown {
  const failed = ctx["~failed"];
  if (failed === undefined) return fn(left, right);
  try {
    return fn(left, right);
  } catch (thrown) {
    failed(thrown, { left, right });
    return NO_PAIR;
  }
}
