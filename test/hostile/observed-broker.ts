// A broker in a process of its own that watches itself: the most CPU time that its thread spends between two turns of its event loop
// (what a busy machine takes away does not count), and the most memory. Run by fork(): "figures" is answered, "reset" begins anew.
import { startBroker } from "millrace/broker";
import { keepHeapSmall } from "../../src/cli/runtime-limits.ts";

export interface Figures {
  readonly stallMs: number;
  readonly rssMb: number;
  readonly mostRssMb: number;
}

/** The timer's own period is waiting, not work. */
const LOOK_EVERY_MS = 5;
const RSS_EVERY = 20;
const MB = 1024 * 1024;

keepHeapSmall(); // as `millrace broker` does
const broker = await startBroker({
  port: 0,
  dataDir: process.argv[2]!,
  logger: { log: () => {} },
  settings: { "auto.create.topics.enable": "false", "num.partitions": "2" },
});
let stallMs = 0;
let mostRss = 0;
let looks = 0;
let before = process.threadCpuUsage();
setInterval(() => {
  const spent = process.threadCpuUsage(before);
  before = process.threadCpuUsage();
  stallMs = Math.max(stallMs, (spent.user + spent.system) / 1000);
  if (looks++ % RSS_EVERY === 0) mostRss = Math.max(mostRss, process.memoryUsage.rss());
}, LOOK_EVERY_MS);

process.on("message", (message) => {
  const rss = process.memoryUsage.rss();
  if (message === "reset") {
    stallMs = 0;
    mostRss = rss;
  }
  const figures: Figures = { stallMs, rssMb: rss / MB, mostRssMb: Math.max(mostRss, rss) / MB };
  process.send!(figures);
});
process.on("disconnect", () => process.exit());
process.send!(broker.bootstrapServers);
