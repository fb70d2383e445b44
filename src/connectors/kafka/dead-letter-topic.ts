// A topic of dead letters: what could not be decoded or processed, with its error, operator and origin.
import type { Sink } from "../../stream/connector.ts";
import { DeadLetterSchema } from "../../stream/dead-letter.ts";
import type { DeadLetter } from "../../stream/graph.ts";
import { kafkaSink } from "./kafka-sink.ts";
import { topic, type Topic } from "./topic.ts";

export interface DeadLetterTopic extends Topic<DeadLetter> {
  /** Lets `deadLetter(topic)` take the topic itself. */
  readonly "~deadLetterSink": () => Sink<DeadLetter>;
}

/** Records have no key: they go to all partitions in turn. */
export function deadLetterTopic(name: string): DeadLetterTopic {
  const letters = topic(name, DeadLetterSchema);
  return Object.freeze({ ...letters, "~deadLetterSink": () => kafkaSink(letters) });
}
