// What a reader or writer of frames throws: the bytes are not what the format says. It costs the sender its connection, never the process.

export type FrameErrorCode = "TRUNCATED" | "BAD_VARINT" | "BAD_LENGTH" | "OUT_OF_RANGE" | "TOO_LARGE";

export class FrameError extends Error {
  override readonly name = "FrameError";
  readonly code: FrameErrorCode;

  constructor(code: FrameErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
