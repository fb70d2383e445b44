// State of a checkpoint that this job cannot take: the message names operator, state, and what was stored against what is declared.

export type StateRestoreCode =
  | "UNKNOWN_OPERATOR"
  | "WRONG_KEY_GROUP"
  | "NO_STATE"
  | "UNKNOWN_STATE"
  | "STATE_TYPE_CHANGED"
  | "STATE_VERSION"
  | "STATE_CORRUPT";

export class StateRestoreError extends Error {
  override readonly name = "StateRestoreError";
  readonly code: StateRestoreCode;

  constructor(code: StateRestoreCode, message: string) {
    super(message);
    this.code = code;
  }
}
