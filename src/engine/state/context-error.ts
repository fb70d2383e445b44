// A context that was used outside a call: there is no key then, and the last one must never be hit silently.
export class ContextError extends Error {
  override readonly name = "ContextError";
  readonly code: "NO_CURRENT_KEY" | "NO_ON_TIMER";

  constructor(message: string, code: ContextError["code"] = "NO_CURRENT_KEY") {
    super(message);
    this.code = code;
  }
}

/** `what`: subject and verb, such as "A timer was set". */
export function noCurrentKey(what: string): ContextError {
  return new ContextError(
    `${what} outside a call: the context is valid only during onElement and onTimer, not afterwards (in a promise or a callback).`,
  );
}
