// What a window throws at an element that it cannot place, and at the answers of the user's functions that it cannot use.
export type WindowErrorCode = "NO_EVENT_TIME" | "BAD_TRIGGER_RESULT" | "BAD_WINDOW" | "BAD_JOIN_INPUT";

export class WindowError extends Error {
  override readonly name = "WindowError";
  readonly code: WindowErrorCode;

  constructor(message: string, code: WindowErrorCode = "NO_EVENT_TIME") {
    super(message);
    this.code = code;
  }
}
