// One query over generated events in a process of its own. Prints one JSON line. CPU is that of the whole process (all threads, generator
// included) from the job's start to its end, compilation and warm-up included; checkpoints run every second.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "millrace";
import { blackholeSink } from "millrace/connectors/memory";
import { start } from "millrace/server";
import { events } from "./events.ts";
import { nexmarkSource } from "./generator.ts";
import { QUERIES } from "./queries.ts";

const [name, countText] = process.argv.slice(2);
const query = QUERIES.find((each) => each.name === name)!;
const count = Number(countText);
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
  const wallSeconds = (performance.now() - since) / 1000;
  const cpuS = (used.user + used.system) / 1e6;
  const line = {
    query: query.name,
    events: count,
    eventsPerS: Math.round(count / wallSeconds),
    eventsPerSPerCore: Math.round(count / cpuS),
    cpuS: Math.round(cpuS * 100) / 100,
    rssMb: Math.round(process.resourceUsage().maxRSS / 1024),
    rowsOut,
  };
  console.log(JSON.stringify(line));
} finally {
  rmSync(dataDir, { recursive: true, force: true });
}
