// Why compressed bytes were refused; the codes are those of Env's Compression.

export class CompressionError extends Error {
  /** EBADDATA: not in the format. EOVERSIZE: more than the caller allows comes out. */
  readonly code: "EBADDATA" | "EOVERSIZE";

  constructor(code: "EBADDATA" | "EOVERSIZE", message: string) {
    super(message);
    this.name = "CompressionError";
    this.code = code;
  }
}

export function badData(format: string, reason: string): CompressionError {
  return new CompressionError("EBADDATA", `The data are not valid ${format}: ${reason}.`);
}
