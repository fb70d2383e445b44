// `npm start -- --example session-recommendations`: invoice lines in; hourly sales, sessions and recommendations out.
import type { Example } from "../running/example.ts";
import { ShopBoard, shopReport } from "./board.ts";
import { TOPICS } from "./topics.ts";

export const example: Example = {
  name: "session-recommendations",
  title: "Shop (p50, p99: from a session's last line to its recommendation)",
  live: { rate: 500, speed: 1_800, what: "lines" },
  input: "a CSV file of invoice lines (.csv, .csv.gz)",
  topics: TOPICS,
  shown: ["purchases", "sessions", "recommendations", "similar-products", "hourly-sales"],
  pipeline: new URL("./pipeline.ts", import.meta.url),
  feeds: new URL("./feeds.ts", import.meta.url),
  board: (brokers) => new ShopBoard(brokers),
  report: shopReport,
};
