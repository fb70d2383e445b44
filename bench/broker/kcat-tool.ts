// librdkafka, through kcat: a file's lines produced, a topic consumed to its end. Timed from the outside, less what an empty run takes.
import { spawn, spawnSync } from "node:child_process";
import { closeSync, existsSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LARGE_BATCH, LARGE_LINGER_MS, type Figures, type Work } from "./compare-case.ts";
import { round } from "./process-figures.ts";

/** In memory where there is such a place: these lines are not what the disk is measured with. */
const FOLDER = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "millrace-bench-lines-"));
process.once("exit", () => rmSync(FOLDER, { recursive: true, force: true }));
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));

export function hasKcat(): boolean {
  return spawnSync("kcat", ["-V"]).status === 0;
}

export async function runKcat(brokers: string, one: Work, topic: string): Promise<Figures> {
  const empty = await timed(["-b", brokers, "-L", "-t", topic]);
  const seconds = one.kind === "produce" ? await produceLines(brokers, one, topic) : await consumeAll(brokers, one, topic);
  const net = Math.max(0.001, seconds - empty);
  return { recordsPerS: Math.round(one.records / net), mbPerS: round((one.records * one.valueBytes) / net / 1e6) };
}

function produceLines(brokers: string, one: Work, topic: string): Promise<number> {
  const large = one.batches === "default" ? [] : [`batch.size=${LARGE_BATCH}`, `linger.ms=${LARGE_LINGER_MS}`];
  const settings = [`acks=${one.acks === "all" ? -1 : one.acks}`, "queue.buffering.max.messages=1000000", ...large];
  const place = one.partitions === 1 ? ["-p", "0"] : [];
  return timed(["-b", brokers, "-P", "-t", topic, ...place, "-l", ...settings.flatMap((each) => ["-X", each]), linesFile(one)]);
}

/** Above 100,000 fetched records (its default) librdkafka sleeps half a second before it fetches again: that would be all that is measured. */
const READ_AHEAD = ["queued.min.messages=10000000", "queued.max.messages.kbytes=1000000"].flatMap((each) => ["-X", each]);

function consumeAll(brokers: string, one: Work, topic: string): Promise<number> {
  const all = ["-C", "-q", "-t", topic, "-p", "0", "-o", "beginning", "-c", String(one.records), "-f", "%o\n"];
  return timed(["-b", brokers, ...all, ...READ_AHEAD]);
}

function linesFile({ records, valueBytes }: Work): string {
  const path = join(FOLDER, `${records}-${valueBytes}`);
  if (existsSync(path)) return path;
  const line = Buffer.from(`${"x".repeat(valueBytes)}\n`);
  const chunk = Buffer.concat(Array.from({ length: 1000 }, () => line));
  const fd = openSync(path, "w");
  for (let left = records; left > 0; left -= 1000) writeSync(fd, chunk, 0, Math.min(left, 1000) * line.length);
  closeSync(fd);
  return path;
}

function timed(args: readonly string[]): Promise<number> {
  const begin = performance.now();
  const child = spawn("kcat", args, { stdio: ["ignore", "ignore", "pipe"] });
  let told = "";
  child.stderr.on("data", (bytes) => (told = (told + String(bytes)).slice(-2000)));
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => {
      if (code === 0) resolve((performance.now() - begin) / 1000);
      else reject(new Error(`kcat ${args.join(" ")} ended with ${code}: ${told}`));
    });
  });
}
