// Why a server cannot start or a job cannot be run on it, in sentences that say what to do. `code` is stable.

export type ServerErrorCode =
  | "PORT_IN_USE"
  | "PORT_REFUSED"
  | "ADDRESS_UNKNOWN"
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
  readonly syscall?: string;
  readonly path?: string;
  readonly port?: number;
  readonly address?: string;
  readonly hostname?: string;
}

/** Whether a server could not listen, whatever the reason. */
export function isListenError(error: unknown): boolean {
  const { code, syscall } = (error ?? {}) as Partial<SystemError>;
  return syscall === "listen" || syscall === "bind" || syscall === "getaddrinfo" || code === "EADDRINUSE";
}

/**
 * The same error in a sentence if it is about the port or the address; otherwise the error itself. `port`: where the error itself has none.
 * `flag`: what to type for another port.
 */
export function explainListen(
  error: unknown,
  what: "broker" | "console" | "registry",
  port: number,
  flag = `--${what}-port N (0 = any free one)`,
): unknown {
  const system = (error ?? {}) as Partial<SystemError>;
  const which = system.port ?? port;
  const refused = (code: ServerErrorCode, text: string): ServerError => new ServerError(code, text, { cause: error });
  switch (system.code) {
    case "EADDRINUSE":
      return refused(
        "PORT_IN_USE",
        `The ${what}'s port ${which} is in use by another program. Stop that program, or choose another port: ${flag}.`,
      );
    case "EACCES":
      return refused("PORT_REFUSED", `The system does not allow the ${what} port ${which}. Choose one above 1023: ${flag}.`);
    case "EADDRNOTAVAIL":
    case "EAFNOSUPPORT":
      return refused(
        "ADDRESS_UNKNOWN",
        `The ${what} cannot listen on ${system.address ?? "that address"} (${system.code}): this machine has no such address. Listen on 127.0.0.1, or on one that it has.`,
      );
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return refused(
        "ADDRESS_UNKNOWN",
        `The ${what} cannot listen on ${system.hostname ?? "that host"} (${system.code}): the name has no address here. Check its spelling, or listen on 127.0.0.1.`,
      );
    default:
      return error;
  }
}

const ELSEWHERE = "or use another directory: --data DIR.";

/** The same error in a sentence if it is about the data directory; otherwise the error itself. */
export function explainDataDirectory(error: unknown, dataDir: string): unknown {
  const { code, path } = (error ?? {}) as Partial<SystemError>;
  const unusable = (text: string): ServerError => new ServerError("DATA_UNWRITABLE", `${text}, ${ELSEWHERE}`, { cause: error });
  const below = path !== undefined && path !== dataDir && path.startsWith(dataDir) ? ` (${path})` : "";
  switch (code) {
    case "ELOCKED": {
      const { pid } = error as { pid?: number };
      const text = `The data directory ${dataDir} is in use by process ${pid ?? "?"}. Stop that process, ${ELSEWHERE}`;
      return new ServerError("DATA_IN_USE", text, { cause: error });
    }
    case "EACCES":
    case "EPERM":
      return unusable(`The data directory ${dataDir} cannot be written (${code}${below.replace(" (", ": ").replace(")", "")}). Change its permissions`); // prettier-ignore
    case "EROFS":
      return unusable(
        `The data directory ${dataDir} cannot be written (EROFS): its file system is mounted read-only. Mount it for writing`,
      );
    case "ENOTDIR":
    case "EEXIST":
      return unusable(`The data directory ${dataDir} is, or lies below, a file, or holds one in the place of a directory${below}. Remove that file`); // prettier-ignore
    case "ENOSPC":
    case "EDQUOT":
      return unusable(`The disk of the data directory ${dataDir} is full (${code}). Free some space`);
    case "EMFILE":
    case "ENFILE":
      return unusable(`The process may open no more files (${code}) in the data directory ${dataDir}. Raise the limit: ulimit -n 4096`);
    default:
      return isAbout(error, dataDir)
        ? unusable(`The data directory ${dataDir} cannot be made, read or written (${(error as Error).message}). Check that place`)
        : error;
  }
}

/** A failed system call whose path is the directory's, or leads to it. */
function isAbout(error: unknown, dataDir: string): boolean {
  const { code, syscall, path } = (error ?? {}) as Partial<SystemError>;
  if (typeof code !== "string" || typeof syscall !== "string" || typeof path !== "string") return false;
  return path.startsWith(dataDir) || dataDir.startsWith(path);
}
