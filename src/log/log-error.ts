// The log's errors are Kafka's: a name clients know, and a sentence that says what happened where.
import { type ErrorName, KafkaError } from "../protocol/errors.ts";

export function logError(name: ErrorName, message: string, cause?: unknown): KafkaError {
  return new KafkaError(name, message, cause === undefined ? undefined : { cause });
}

/** The `code` of an operating system error ("ENOSPC"), "" if it has none. */
export function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
}

/** No room, by any limit of the file system: writing may work again later. */
export function isOutOfSpace(error: unknown): boolean {
  const code = codeOf(error);
  return code === "ENOSPC" || code === "EDQUOT" || code === "EFBIG";
}

/** What an error says, to be quoted in a sentence: without the name of a KafkaError in front and the full stop at the end. */
export function messageOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const bare = error instanceof KafkaError && message.startsWith(`${error.code}: `) ? message.slice(error.code.length + 2) : message;
  return bare.replace(/\.+$/, "");
}
