// What Kafka's clients and tools (java/*Checks.java) may see differently on our broker, with the reason. An entry that does not differ any
// more fails the lane: the list may only shrink.
export const DIFFERENCES: Readonly<Record<string, string>> = {};
