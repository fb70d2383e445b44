// The errors a user of the client meets. `code` is stable: one of the client's own below, or Kafka's name of the broker's error.
// The message says what, where (broker, topic-partition, group) and what to do next.
import { errorByCode } from "../protocol/errors.ts";

export type ClientErrorCode =
  | "BROKER_UNREACHABLE"
  | "CONNECTION_CLOSED"
  | "REQUEST_TIMEOUT"
  | "MALFORMED_RESPONSE"
  | "UNSUPPORTED_VERSION"
  | "TIMED_OUT"
  | "DELIVERY_TIMEOUT"
  | "BUFFER_FULL"
  | "RECORD_TOO_LARGE"
  | "UNKNOWN_PARTITION"
  | "INVALID_ARGUMENT"
  | "INVALID_STATE"
  | "TRANSACTION_ABORTED"
  | "UNSUPPORTED_COMPRESSION_TYPE"
  | "CLIENT_CLOSED";

export interface ClientErrorOptions {
  readonly retriable?: boolean;
  readonly cause?: unknown;
  /** Kafka's number, when the broker answered with an error. */
  readonly errorCode?: number;
}

export class ClientError extends Error {
  readonly code: string;
  /** The same call may succeed later; the client has already retried within its timeouts. */
  readonly retriable: boolean;
  readonly errorCode: number | undefined;

  constructor(code: ClientErrorCode | (string & {}), message: string, options: ClientErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "ClientError";
    this.code = code;
    this.retriable = options.retriable ?? false;
    this.errorCode = options.errorCode;
  }
}

/** A transaction went wrong. `resolution` "abort": call abortTransaction() and try again; "close": this producer is of no more use. */
export class TransactionError extends ClientError {
  readonly resolution: "abort" | "close";

  constructor(code: string, message: string, resolution: "abort" | "close", options: ClientErrorOptions = {}) {
    super(code, message, options);
    this.name = "TransactionError";
    this.resolution = resolution;
  }
}

/** What to do next, for errors whose text does not say it. */
const HINTS: Readonly<Record<string, string>> = {
  UNKNOWN_TOPIC_OR_PARTITION: "Create the topic first, or check its name.",
  UNKNOWN_TOPIC_ID: "The topic was deleted, perhaps created anew.",
  TOPIC_AUTHORIZATION_FAILED: "Grant the principal access to the topic.",
  GROUP_AUTHORIZATION_FAILED: "Grant the principal access to the group.",
  CLUSTER_AUTHORIZATION_FAILED: "Grant the principal access to the cluster.",
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED: "Grant the principal access to the transactional id.",
  MESSAGE_TOO_LARGE: "Raise the topic's max.message.bytes, or lower the producer's batchBytes.",
  RECORD_LIST_TOO_LARGE: "Raise the topic's segment.bytes, or lower the producer's batchBytes.",
  OFFSET_OUT_OF_RANGE: "Seek to an offset that the log still has, such as the earliest.",
  PRODUCER_FENCED: "Another producer with this transactional id took over; close this one.",
  INVALID_PRODUCER_EPOCH: "Another producer with this transactional id took over; close this one.",
  INVALID_TRANSACTION_TIMEOUT: "Lower transactionTimeoutMs to the broker's transaction.max.timeout.ms at most.",
  NOT_ENOUGH_REPLICAS: "Wait for replicas to come back, or lower the topic's min.insync.replicas.",
  INVALID_REPLICATION_FACTOR: "Use a replication factor of at most the number of brokers.",
  TOPIC_ALREADY_EXISTS: "Choose another name, or delete the topic first.",
  ILLEGAL_GENERATION: "The group rebalanced in the meantime.",
  UNKNOWN_MEMBER_ID: "The group removed this member: its heartbeats came too late, or it took longer than rebalanceTimeoutMs over a batch.",
  FENCED_INSTANCE_ID: "Another member with the same groupInstanceId joined.",
  GROUP_MAX_SIZE_REACHED: "The group has as many members as the broker allows (group.max.size).",
  NON_EMPTY_GROUP: "Stop the group's members first.",
  INCONSISTENT_GROUP_PROTOCOL: "Give all members of the group a common assignor.",
};

/** The broker answered with `errorCode`; `where` completes "… failed: ", such as "Produce to orders-3 on 127.0.0.1:9092". */
export function brokerError(errorCode: number, where: string, detail?: string | null): ClientError {
  const known = errorByCode(errorCode);
  return new ClientError(known.name, errorText(known.name, known.text, where, detail), { retriable: known.retriable, errorCode });
}

/** As brokerError, for an error that decides what becomes of the transaction. */
export function transactionError(errorCode: number, where: string, resolution: "abort" | "close"): TransactionError {
  const known = errorByCode(errorCode);
  return new TransactionError(known.name, errorText(known.name, known.text, where), resolution, { errorCode });
}

function errorText(name: string, text: string, where: string, detail?: string | null): string {
  const hint = HINTS[name];
  const said = detail || text;
  return `${where} failed: ${said.startsWith(`${name}: `) ? said : `${name}: ${said}`}${hint === undefined ? "" : ` ${hint}`}`;
}

export function isRetriable(error: unknown): boolean {
  return error instanceof ClientError && error.retriable;
}

/** The connection failed before an answer came: whether the broker carried the request out is unknown. */
export function isConnectionLoss(error: unknown): boolean {
  return (
    error instanceof ClientError &&
    (error.code === "CONNECTION_CLOSED" || error.code === "REQUEST_TIMEOUT" || error.code === "BROKER_UNREACHABLE")
  );
}

export function codeOf(error: unknown): string {
  return error instanceof ClientError ? error.code : "";
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
