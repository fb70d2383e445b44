// What building a pipeline throws: the pipeline itself is wrong. Every error has a stable code, says what and where (the user's own
// call, "file:line") and what to do about it.

export type PipelineErrorCode =
  | "BAD_NAME"
  | "DUPLICATE_NAME"
  | "BAD_ARGUMENT"
  | "BAD_DURATION"
  | "BAD_STATE"
  | "BAD_AGGREGATE"
  | "UNKNOWN_FIELD"
  | "SCHEMA_REQUIRED"
  | "NOT_KEYED"
  | "NO_WATERMARKS"
  | "NO_SINK"
  | "NO_SOURCE"
  | "UNUSED_STREAM"
  | "UNUSED_SIDE_OUTPUT"
  | "OTHER_PIPELINE"
  | "AFTER_BUILD"
  | "ASYNC_BUILD"
  | "NOT_A_PIPELINE"
  | "OTHER_VERSION";

export class PipelineError extends Error {
  override readonly name = "PipelineError";
  readonly code: PipelineErrorCode;
  /** "file:line" of the call that was wrong, if it could be found. */
  readonly calledAt: string | undefined;

  constructor(code: PipelineErrorCode, message: string, calledAt?: string) {
    super(calledAt === undefined ? message : `${message} (at ${calledAt})`);
    this.code = code;
    this.calledAt = calledAt;
  }
}
