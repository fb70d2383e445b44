// `npm start`: broker, console and the fraud pipeline on live, labelled traffic; or a file replayed with --input.
import { existsSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { parseArgs } from "node:util";
import { createClient } from "millrace/client";
import { startServer, type Job, type Server } from "millrace/server";
import type { FeederMessage, FeederOptions } from "./feeder.ts";
import { countCommitted, percentile, Scoreboard } from "./scoreboard.ts";
import { TOPICS } from "./topics.ts";

export const USAGE = `npm start -- [options]
  --data DIR       data directory (.millrace/fraud-detection)
  --rate N         transactions per second (500)
  --speed N|max    seconds of event time per second; 3600 = an hour a second (3600; with --input: max)
  --seed N         another seed, other customers and frauds (1)
  --input FILE     replay a CSV file (.csv, .csv.gz) instead of live traffic
  --once           with --input: end when the file is through, and print the result
  --json           one JSON document per line on standard output
  --broker-port N  --registry-port N  --console-port N    (9092, 8081, 4400; 0 = any)
`;

interface Options {
  readonly data: string;
  readonly brokerPort: number;
  readonly consolePort: number;
  readonly registryPort: number;
  readonly once: boolean;
  readonly json: boolean;
  readonly source: FeederOptions["source"];
}

class UsageError extends Error {}

export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      data: { type: "string", default: ".millrace/fraud-detection" },
      rate: { type: "string", default: "500" },
      speed: { type: "string" },
      seed: { type: "string", default: "1" },
      input: { type: "string" },
      once: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      "broker-port": { type: "string", default: "9092" },
      "console-port": { type: "string", default: "4400" },
      "registry-port": { type: "string", default: "8081" },
    },
  });
  const number = (name: string, text: string, least: number): number => {
    const value = Number(text);
    if (!(value >= least)) throw new UsageError(`--${name} ${text}: expected a number of at least ${least}.`);
    return value;
  };
  const speed = values.speed ?? (values.input === undefined ? "3600" : "max");
  const speedNumber = speed === "max" ? Number.POSITIVE_INFINITY : number("speed", speed, 1);
  if (values.input === undefined && speed === "max") throw new UsageError("--speed max needs a file: add --input FILE, or give a number.");
  if (values.input !== undefined && !existsSync(values.input)) throw new UsageError(`--input ${values.input}: there is no such file.`);
  if (values.input === undefined && values.once) throw new UsageError("--once needs a file that ends: add --input FILE.");
  return {
    data: values.data,
    brokerPort: number("broker-port", values["broker-port"], 0),
    consolePort: number("console-port", values["console-port"], 0),
    registryPort: number("registry-port", values["registry-port"], 0),
    once: values.once,
    json: values.json,
    source:
      values.input === undefined
        ? { kind: "live", live: { seed: number("seed", values.seed, 0), rate: number("rate", values.rate, 1), speed: speedNumber } }
        : { kind: "file", path: values.input, speed: speedNumber },
  };
}

/**
 * The topics exist before the first record. Event time is not the wall clock's: data that is years old must not expire by age, and after
 * two hours of live traffic at an hour a second alerts lie in the future.
 */
const TOPIC_CONFIG = { "retention.ms": "-1", "message.timestamp.after.max.ms": "9223372036854775807" };

async function createTopics(brokers: string): Promise<void> {
  const client = createClient({ brokers, clientId: "fraud-detection" });
  const admin = client.admin();
  const existing = new Set((await admin.listTopics()).map((topic) => topic.name));
  const missing = Object.entries(TOPICS).filter(([name]) => !existing.has(name));
  if (missing.length > 0) await admin.createTopics(missing.map(([name, partitions]) => ({ name, partitions, config: TOPIC_CONFIG })));
  await client.close();
}

interface Feeding {
  readonly sent: () => { position: number; time: number };
  readonly done: Promise<void>;
  stop(): void;
}

function startFeeder(options: FeederOptions): Feeding {
  const worker = new Worker(new URL("./feeder.ts", import.meta.url), { workerData: options, name: "feeder" });
  let sent = { position: 0, time: Number.NaN };
  const done = new Promise<void>((resolve, reject) => {
    worker.on("message", (message: FeederMessage) => {
      if (message.kind === "sent") sent = message;
      else if (message.kind === "done") resolve();
      else reject(new Error(`The feeder stopped: ${message.message}`));
    });
    worker.on("error", reject);
  });
  return { sent: () => sent, done, stop: () => worker.postMessage("stop") };
}

/** What the terminal and the console show. */
function figures(score: Scoreboard["score"], eventsPerSecond: number, time: number): Record<string, string> {
  const { alerts, judged, judgedFraud, frauds, latencies } = score;
  const percent = (a: number, b: number): string => (b === 0 ? "–" : `${((100 * a) / b).toFixed(0)} %`);
  const milliseconds = (p: number): string => (latencies.length === 0 ? "–" : `${percentile(latencies, p).toFixed(0)} ms`);
  return {
    "event time": Number.isNaN(time) ? "–" : new Date(time).toISOString().slice(0, 16).replace("T", " "),
    "events/s": eventsPerSecond.toFixed(0),
    alerts: String(alerts),
    p50: milliseconds(0.5),
    p99: milliseconds(0.99),
    precision: percent(judgedFraud, judged),
    recall: percent(judgedFraud, frauds),
  };
}

const lineOf = ({ "event time": time, "events/s": rate, alerts, ...others }: Record<string, string>): string =>
  [time, `${rate} events/s`, `${alerts} alerts`, ...Object.entries(others).map(([name, value]) => `${name} ${value}`)].join(" · ");

/** Prints a line every second until the signal, and shows the same on the console's page. */
function showProgress(server: Server, options: Options, feeding: Feeding, board: Scoreboard, signal: AbortSignal): void {
  let last: number | undefined;
  let lastAt = performance.now();
  let shown = figures(board.score, 0, Number.NaN);
  server.show("Card fraud (p50, p99: from produce to alert)", () => shown);
  const every = setInterval(() => {
    const { position, time } = feeding.sent();
    const perSecond = last === undefined ? 0 : ((position - last) * 1000) / (performance.now() - lastAt);
    if (position > 0) last = position;
    lastAt = performance.now();
    shown = figures(board.score, perSecond, time);
    const { latencies, newest: _, ...score } = board.score;
    const p50Ms = percentile(latencies, 0.5);
    const p99Ms = percentile(latencies, 0.99);
    if (options.json)
      console.log(JSON.stringify({ position, eventTime: time, eventsPerSecond: Math.round(perSecond), ...score, p50Ms, p99Ms }));
    else process.stderr.write(process.stderr.isTTY ? `\r\u001B[K${lineOf(shown)}` : `${lineOf(shown)}\n`);
  }, 1000);
  signal.addEventListener("abort", () => clearInterval(every), { once: true });
}

async function replayOnce(server: Server, job: Job, feeding: Feeding, options: Options): Promise<void> {
  const start = performance.now();
  await Promise.race([feeding.done, job.finished.then(() => feeding.done)]);
  await job.stop({ drain: true });
  await job.finished;
  const seconds = Math.round((performance.now() - start) / 100) / 10;
  const result = { ...(await countCommitted(server.bootstrapServers)), seconds };
  if (options.json) console.log(JSON.stringify(result));
  else {
    console.log(`${result.events} events in ${seconds} s`);
    for (const [rule, { alerts, fraud }] of Object.entries(result.rules)) console.log(`${rule}: ${alerts} alerts, ${fraud} of them fraud`);
  }
}

export async function main(args: readonly string[]): Promise<number> {
  if (args.includes("--help") || args.includes("-h")) {
    console.log(USAGE);
    return 0;
  }
  let options: Options;
  try {
    options = readOptions(args);
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${USAGE}`);
    return 2;
  }
  const end = new AbortController();
  const server = await startServer({
    dataDir: options.data,
    brokerPort: options.brokerPort,
    registryPort: options.registryPort,
    consolePort: options.consolePort,
  });
  try {
    await createTopics(server.bootstrapServers);
    const job = await server.run(new URL("./pipeline.ts", import.meta.url));
    const feeding = startFeeder({ brokers: server.bootstrapServers, source: options.source });
    const board = new Scoreboard(server.bootstrapServers);
    const following = options.once ? Promise.resolve() : board.follow(end.signal);
    if (options.json)
      console.log(JSON.stringify({ bootstrapServers: server.bootstrapServers, registry: server.registryUrl, console: server.consoleUrl }));
    else
      console.error(
        `Console  ${server.consoleUrl}\nKafka    ${server.bootstrapServers}   topics transactions, labels, fraud-alerts\nRegistry ${server.registryUrl}\nCtrl-C stops with a final checkpoint; the same command goes on from there.\n`,
      );
    const interrupted = new Promise<"interrupted">((resolve) => {
      for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolve("interrupted"));
    });
    if (!options.once) showProgress(server, options, feeding, board, end.signal);
    const work = options.once
      ? replayOnce(server, job, feeding, options)
      : Promise.all([job.finished, feeding.done.then(() => new Promise(() => {}))]);
    const broken = server.failed.then((error) => Promise.reject(error));
    const outcome = await Promise.race([work, interrupted, broken]);
    end.abort();
    if (outcome === "interrupted") {
      process.once("SIGINT", () => process.exit(130));
      console.error("\nStopping: a final checkpoint, then a clean exit. Ctrl-C again ends at once.");
      feeding.stop();
      await feeding.done.catch(() => {});
      await job.stop();
    }
    await following;
    return 0;
  } finally {
    end.abort();
    await server.close();
  }
}
