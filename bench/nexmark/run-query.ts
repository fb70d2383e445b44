// One query over generated events in a process of its own. Prints one JSON line. CPU is that of the whole process (all threads, generator
// and compilation included) from the job's start to its end; checkpoints run every second. A job over a few events goes before it, so that
// loading the package does not count, as the start of Apache Flink does not count in its figures.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "millrace";
import { blackholeSink } from "millrace/connectors/memory";
import { start } from "millrace/server";
import { events } from "./events.ts";
import { nexmarkSource } from "./generator.ts";
import { QUERIES } from "./queries.ts";
import { q0 } from "./stateless-queries.ts";
import type { Query } from "./query.ts";

const FEW_EVENTS = 100;

async function run(query: Query, count: number): Promise<{ wallSeconds: number; cpuSeconds: number; rowsOut: number }> {
  let rowsOut = 0;
  const sink = blackholeSink((batch) => void (rowsOut += batch.rows));
  const built = pipeline(query.name, (p) => query.build(events(p, nexmarkSource(count))).to("out", sink));
  const dataDir = mkdtempSync(join(tmpdir(), "millrace-nexmark-"));
  try {
    const cpu = process.cpuUsage();
    const since = performance.now();
    const job = await start(built, { dataDir, checkpoints: { every: "1s" }, logger: { log() {} } });
    await job.finished;
    const used = process.cpuUsage(cpu);
    return { wallSeconds: (performance.now() - since) / 1000, cpuSeconds: (used.user + used.system) / 1e6, rowsOut };
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
}

const [name, countText] = process.argv.slice(2);
const count = Number(countText);
await run(q0, FEW_EVENTS);
const { wallSeconds, cpuSeconds, rowsOut } = await run(
  QUERIES.find((each) => each.name === name)!,
  count,
);
const line = {
  query: name,
  events: count,
  eventsPerS: Math.round(count / wallSeconds),
  eventsPerSPerCore: Math.round(count / cpuSeconds),
  cpuS: Math.round(cpuSeconds * 100) / 100,
  rssMb: Math.round(process.resourceUsage().maxRSS / 1024),
  rowsOut,
};
console.log(JSON.stringify(line));
