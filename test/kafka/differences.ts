// What Kafka's clients and tools (java/*Checks.java) may see differently on our broker, with the reason. An entry that does not differ any
// more fails the lane: the list may only shrink.
export const DIFFERENCES: Readonly<Record<string, string>> = {
  "a consumer group's timeouts are configs of the group": "our groups have no configs of their own",
  "a group moves from the classic to the consumer protocol while it runs": "ours must be empty to change its protocol",
  "kafka-console-consumer shows the offsets topic": "our records have value version 3, without topic ids",
  "kafka-console-consumer shows the transactions topic": "our records do not tell the previous producer id",
};
