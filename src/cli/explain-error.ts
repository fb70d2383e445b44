// Any error to one sentence and an exit code. The errors of the layers say what to do themselves; here stands what they mean for a shell.
import { CliError } from "./cli-error.ts";
import { EXIT, type ExitCode } from "./exit-codes.ts";

export interface Explanation {
  readonly exitCode: ExitCode;
  readonly message: string;
}

const EXIT_CODES: Readonly<Record<string, ExitCode>> = {
  // Kafka's names and the client's own
  UNKNOWN_TOPIC_OR_PARTITION: EXIT.notFound,
  UNKNOWN_TOPIC_ID: EXIT.notFound,
  UNKNOWN_PARTITION: EXIT.notFound,
  OFFSET_OUT_OF_RANGE: EXIT.notFound,
  GROUP_ID_NOT_FOUND: EXIT.notFound,
  TOPIC_ALREADY_EXISTS: EXIT.conflict,
  INVALID_ARGUMENT: EXIT.usage,
  INVALID_TOPIC_EXCEPTION: EXIT.usage,
  INVALID_CONFIG: EXIT.usage,
  INVALID_PARTITIONS: EXIT.usage,
  INVALID_REPLICATION_FACTOR: EXIT.usage,
  BROKER_UNREACHABLE: EXIT.unreachable,
  CONNECTION_CLOSED: EXIT.unreachable,
  REQUEST_TIMEOUT: EXIT.unreachable,
  TIMED_OUT: EXIT.unreachable,
  DELIVERY_TIMEOUT: EXIT.unreachable,
  // server, settings
  PORT_IN_USE: EXIT.conflict,
  PORT_REFUSED: EXIT.failed,
  ADDRESS_UNKNOWN: EXIT.usage,
  DATA_IN_USE: EXIT.conflict,
  DATA_UNWRITABLE: EXIT.failed,
  DATA_MISSING: EXIT.usage,
  JOB_EXISTS: EXIT.conflict,
  INVALID_SETTING: EXIT.usage,
  INVALID_BROKER_OPTIONS: EXIT.usage,
  // engine
  RESTORE_REFUSED: EXIT.conflict,
  CHECKPOINT_IN_USE: EXIT.conflict,
  CHECKPOINT_FOREIGN: EXIT.conflict,
  CHECKPOINT_NOT_FOUND: EXIT.notFound,
  SETUP_REFUSED: EXIT.conflict,
  JOB_FAILED: EXIT.jobFailed,
};

export function explainError(error: unknown): Explanation {
  if (error instanceof CliError) return { exitCode: error.exitCode, message: error.message };
  const code = codeOf(error);
  const message = sentence(messageOf(error));
  if (code === "BROKER_UNREACHABLE")
    return { exitCode: EXIT.unreachable, message: `${message} Start one with: millrace dev, or name another: --brokers HOST:PORT.` };
  if (message.includes("CORRUPT_MESSAGE"))
    return {
      exitCode: EXIT.failed,
      message: `${message} The broker's log has file and range, what is behind them can be read (-o OFFSET), and with the broker stopped millrace log repair cuts them out.`,
    };
  return { exitCode: EXIT_CODES[code ?? ""] ?? EXIT.failed, message };
}

export function codeOf(error: unknown): string | undefined {
  const code = typeof error === "object" && error !== null ? (error as { readonly code?: unknown }).code : undefined;
  return typeof code === "string" ? code : undefined;
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.message === "" ? error.name : error.message;
}

/** One line that ends like a sentence. */
function sentence(text: string): string {
  const line = text.trim().replace(/\s*\n\s*/g, " ");
  return /[.!?)"”]$/.test(line) ? line : `${line}.`;
}
