// Why a server cannot start or a job cannot be run on it, in sentences that say what to do. `code` is stable.

export type ServerErrorCode =
  | "PORT_IN_USE"
  | "PORT_REFUSED"
  | "DATA_IN_USE"
  | "DATA_UNWRITABLE"
  | "DATA_MISSING"
  | "JOB_EXISTS"
  | "SERVER_CLOSED";

export class ServerError extends Error {
  override readonly name = "ServerError";
  readonly code: ServerErrorCode;

  constructor(code: ServerErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

interface SystemError extends Error {
  readonly code: string;
  readonly path?: string;
}

/** The same error in a sentence if it is about the port; otherwise the error itself. */
export function explainListen(error: unknown, what: "broker" | "console" | "registry", port: number): unknown {
  const flag = `--${what}-port`;
  switch (codeOf(error)) {
    case "EADDRINUSE":
      return new ServerError(
        "PORT_IN_USE",
        `The ${what}'s port ${port} is in use by another program. Stop that program, or choose another port: ${flag} N (0 = any free one).`,
        { cause: error },
      );
    case "EACCES":
      return new ServerError("PORT_REFUSED", `The system does not allow the ${what} port ${port}. Choose one above 1023: ${flag} N.`, {
        cause: error,
      });
    default:
      return error;
  }
}

/** The same error in a sentence if it is about the data directory; otherwise the error itself. */
export function explainDataDirectory(error: unknown, dataDir: string): unknown {
  const code = codeOf(error);
  const elsewhere = "or use another directory: --data DIR.";
  switch (code) {
    case "ELOCKED": {
      const { pid } = error as { pid?: number };
      const text = `The data directory ${dataDir} is in use by process ${pid ?? "?"}. Stop that process, ${elsewhere}`;
      return new ServerError("DATA_IN_USE", text, { cause: error });
    }
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return new ServerError(
        "DATA_UNWRITABLE",
        `The data directory ${dataDir} cannot be written (${code}). Change its permissions, ${elsewhere}`,
        {
          cause: error,
        },
      );
    case "ENOTDIR":
    case "EEXIST":
      return new ServerError("DATA_UNWRITABLE", `The data directory ${dataDir} is, or lies below, a file. Remove that file, ${elsewhere}`, {
        cause: error,
      });
    case "ENOSPC":
      return new ServerError("DATA_UNWRITABLE", `The disk of the data directory ${dataDir} is full. Free some space, ${elsewhere}`, {
        cause: error,
      });
    default:
      return error;
  }
}

function codeOf(error: unknown): string | undefined {
  const { code } = (error ?? {}) as Partial<SystemError>;
  return typeof code === "string" ? code : undefined;
}
