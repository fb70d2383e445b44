// What goes wrong in a file source or sink beyond what the file system says: a stable code, and what to do.

export type FileConnectorErrorCode =
  | "BAD_OPTION"
  | "BAD_FORMAT"
  | "NO_FILES"
  | "FILE_GONE"
  | "FILE_SHRUNK"
  | "BAD_HEADER"
  | "BAD_COMMITTABLE"
  | "OUTPUT_LOST"
  | "SINK_ROW";

export class FileConnectorError extends Error {
  override readonly name = "FileConnectorError";
  readonly code: FileConnectorErrorCode;

  constructor(code: FileConnectorErrorCode, message: string, options: { readonly cause?: unknown } = {}) {
    super(message, options);
    this.code = code;
  }
}
