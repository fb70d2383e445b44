// What Kafka's clients and tools (java/*Checks.java) may see differently on our broker, with the reason. An entry that does not differ any
// more fails the lane: the list may only shrink.
export const DIFFERENCES: Readonly<Record<string, string>> = {
  "kafka-console-consumer shows the transactions topic": "our records do not tell the previous producer id",
};
