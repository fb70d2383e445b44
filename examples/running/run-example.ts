// Runs an example: broker, registry and console, its topics, its pipeline, and a feeder on a thread of its own.
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { createClient } from "millrace/client";
import { startServer, type Job, type Server } from "millrace/server";
import type { Board, Example } from "./example.ts";
import type { FeederMessage, FeederOptions } from "./feeder.ts";
import { OUTPUT_VARIABLE } from "./output-directory.ts";
import { readOptions, usage, type Options } from "./options.ts";

/**
 * Event time is not the wall clock's: data that is years old must not expire by age, and after two hours of live traffic at an hour a
 * second results lie in the future.
 */
const TOPIC_CONFIG = { "retention.ms": "-1", "message.timestamp.after.max.ms": "9223372036854775807" };
const POSITION_TOPIC = { "feed-position": 1 };

async function createTopics(example: Example, brokers: string): Promise<void> {
  const client = createClient({ brokers, clientId: example.name });
  const admin = client.admin();
  const existing = new Set((await admin.listTopics()).map((topic) => topic.name));
  const missing = Object.entries({ ...example.topics, ...POSITION_TOPIC }).filter(([name]) => !existing.has(name));
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

function lineOf(time: number, eventsPerSecond: number, figures: Record<string, string>): string {
  const eventTime = Number.isNaN(time) ? "–" : new Date(time).toISOString().slice(0, 16).replace("T", " ");
  return [eventTime, `${eventsPerSecond.toFixed(0)} events/s`, ...Object.entries(figures).map(([name, value]) => `${name} ${value}`)].join(
    " · ",
  );
}

/** Prints a line every second until the signal, and shows the same on the console's page. */
function showProgress(server: Server, example: Example, json: boolean, feeding: Feeding, board: Board, signal: AbortSignal): void {
  let last: number | undefined;
  let lastAt = performance.now();
  let perSecond = 0;
  server.show(example.title, () => ({ "events/s": perSecond.toFixed(0), ...board.figures() }));
  const every = setInterval(() => {
    const { position, time } = feeding.sent();
    perSecond = last === undefined ? 0 : ((position - last) * 1000) / (performance.now() - lastAt);
    if (position > 0) last = position;
    lastAt = performance.now();
    if (json) console.log(JSON.stringify({ position, eventTime: time, eventsPerSecond: Math.round(perSecond), ...board.json() }));
    else {
      const line = lineOf(time, perSecond, board.figures());
      process.stderr.write(process.stderr.isTTY ? `\r\u001B[K${line}` : `${line}\n`);
    }
  }, 1000);
  signal.addEventListener("abort", () => clearInterval(every), { once: true });
}

async function replayOnce(example: Example, server: Server, job: Job, feeding: Feeding, options: Options): Promise<void> {
  const start = performance.now();
  await Promise.race([feeding.done, job.finished.then(() => feeding.done)]);
  await job.stop({ drain: true });
  await job.finished;
  const seconds = Math.round((performance.now() - start) / 100) / 10;
  const { result, lines } = await example.report(server.bootstrapServers);
  if (options.json) console.log(JSON.stringify({ ...result, seconds }));
  else for (const line of [`${result.events} events in ${seconds} s`, ...lines]) console.log(line);
}

async function runOn(server: Server, example: Example, options: Options): Promise<void> {
  const end = new AbortController();
  try {
    await createTopics(example, server.bootstrapServers);
    const job = await server.run(example.pipeline);
    const feeding = startFeeder({
      brokers: server.bootstrapServers,
      example: example.name,
      source: options.source,
      feeds: example.feeds.href,
    });
    const board = example.board(server.bootstrapServers);
    const following = options.once ? Promise.resolve() : board.follow(end.signal);
    if (options.json)
      console.log(JSON.stringify({ bootstrapServers: server.bootstrapServers, registry: server.registryUrl, console: server.consoleUrl }));
    else
      console.error(
        `Console  ${server.consoleUrl}\nKafka    ${server.bootstrapServers}   topics ${example.shown.join(", ")}\nRegistry ${server.registryUrl}\nCtrl-C stops with a final checkpoint; the same command goes on from there.\n`,
      );
    const interrupted = new Promise<"interrupted">((resolve) => {
      for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolve("interrupted"));
    });
    if (!options.once) showProgress(server, example, options.json, feeding, board, end.signal);
    const work = options.once
      ? replayOnce(example, server, job, feeding, options)
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
  } finally {
    end.abort();
  }
}

/** Resolves to the exit code. */
export async function runExample(example: Example, args: readonly string[]): Promise<number> {
  if (args.includes("--help") || args.includes("-h")) {
    console.log(usage(example));
    return 0;
  }
  let options: Options;
  try {
    options = readOptions(example, args);
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${usage(example)}`);
    return 2;
  }
  const { data, brokers, brokerPort, registryPort, consolePort } = options;
  process.env[OUTPUT_VARIABLE] = join(options.data, "output");
  const server = await startServer({ dataDir: data, ...(brokers === undefined ? { brokerPort } : { brokers }), registryPort, consolePort });
  try {
    await runOn(server, example, options);
    return 0;
  } finally {
    await server.close();
  }
}
