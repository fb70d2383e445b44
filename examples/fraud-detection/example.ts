// `npm start`: card transactions and fraud labels in, fraud alerts out.
import type { Example } from "../running/example.ts";
import { countCommitted, FraudBoard } from "./scoreboard.ts";
import { TOPICS } from "./topics.ts";

export const example: Example = {
  name: "fraud-detection",
  title: "Card fraud (p50, p99: from produce to alert)",
  live: { rate: 500, speed: 3600, what: "transactions" },
  input: "a CSV file of transactions (.csv, .csv.gz)",
  topics: TOPICS,
  shown: ["transactions", "labels", "fraud-alerts"],
  pipeline: new URL("./pipeline.ts", import.meta.url),
  feeds: new URL("./feeds.ts", import.meta.url),
  board: (brokers) => new FraudBoard(brokers),
  async report(brokers) {
    const result = await countCommitted(brokers);
    const rules = Object.entries(result.rules);
    return { result: { ...result }, lines: rules.map(([rule, { alerts, fraud }]) => `${rule}: ${alerts} alerts, ${fraud} of them fraud`) };
  },
};
