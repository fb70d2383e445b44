// What becomes of an element that an operator throws on: the job fails, the element is dropped and counted, or it goes to a
// dead-letter stream with its error, operator and offset.
import { t } from "../schema/t.ts";
import type { Schema } from "../schema/type-info.ts";
import { calledAt } from "./called-at.ts";
import type { Sink } from "./connector.ts";
import type { DeadLetter } from "./graph.ts";
import { PipelineError } from "./pipeline-error.ts";

/** The schema of a dead-letter topic. */
export const DeadLetterSchema: Schema<DeadLetter> = t.record("DeadLetter", {
  operator: t.string(),
  error: t.string(),
  topic: t.string(),
  partition: t.int(),
  offset: t.long(),
  timestamp: t.timestamp(),
  key: t.string(),
  value: t.string(),
  place: t.optional(t.string()),
});

/** Something that can make a sink for dead letters, such as a topic. */
export interface DeadLetterTarget {
  readonly "~deadLetterSink": () => Sink<DeadLetter>;
}

export interface DeadLetterPolicy {
  readonly deadLetter: Sink<DeadLetter>;
}

export type ErrorHandling = "fail" | "skip" | DeadLetterPolicy;

export function deadLetter(target: Sink<DeadLetter> | DeadLetterTarget): DeadLetterPolicy {
  const sink = typeof target === "object" && target !== null && "~deadLetterSink" in target ? target["~deadLetterSink"]() : target;
  if (typeof (sink as Partial<Sink<DeadLetter>> | undefined)?.create !== "function")
    throw new PipelineError(
      "BAD_ARGUMENT",
      'deadLetter(target): a sink or a topic is wanted, such as deadLetterTopic("payments-dead").',
      calledAt(deadLetter),
    );
  return Object.freeze({ deadLetter: sink });
}
