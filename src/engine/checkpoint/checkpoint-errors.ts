// What can go wrong with checkpoints, as stable codes. A failed checkpoint is tried again; a refused restore is never worked around silently.

export type CheckpointErrorCode =
  /** This checkpoint does not exist for anybody; the next one may succeed (full disk). */
  | "CHECKPOINT_FAILED"
  /** Nobody can say whether the manifest survives a power cut: the job stops, a new start reads what the disk says. */
  | "CHECKPOINT_UNCERTAIN"
  | "CHECKPOINT_NOT_FOUND"
  | "CHECKPOINT_DAMAGED"
  | "CHECKPOINT_FOREIGN"
  | "CHECKPOINT_IN_USE"
  | "RESTORE_REFUSED";

export class CheckpointError extends Error {
  readonly code: CheckpointErrorCode;

  constructor(code: CheckpointErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = "CheckpointError";
    this.code = code;
  }
}
