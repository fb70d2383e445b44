// What the function of a flatMap must return.

export function iterable(many: unknown): Iterable<unknown> {
  if (many !== undefined && many !== null && typeof (many as Partial<Iterable<unknown>>)[Symbol.iterator] === "function")
    return many as Iterable<unknown>;
  const got = many === null ? "null" : typeof many === "object" ? "an object" : many === undefined ? "undefined" : `a ${typeof many}`;
  throw new TypeError(`flatMap(fn): the function returns an array or another iterable ([] for no element), not ${got}.`);
}
