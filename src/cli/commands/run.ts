// millrace run pipeline.ts: one job on a Kafka that runs elsewhere (or beside it: millrace dev). Ends with the job.
import { pathToFileURL } from "node:url";
import type { Job, JobResult, JobStatus } from "../../engine/coordinator/job-status.ts";
import { loadPipelineGraph } from "../../engine/host/load-pipeline.ts";
import { takeImportsForModules } from "../../env-node/module-syntax.ts";
import { runJob } from "../../engine/run-job.ts";
import { createNodeEnv } from "../../env-node/node-env.ts";
import { explainDataDirectory } from "../../server/server-error.ts";
import type { StreamGraph } from "../../stream/graph.ts";
import { findBrokers } from "../find-server.ts";
import { onInterrupt } from "../interrupt.ts";
import { loadSettings } from "../load-settings.ts";
import { checkModuleFile, explainModuleError } from "../module-error.ts";
import { printSettings } from "../print-settings.ts";
import { reachBroker } from "../reach-broker.ts";
import { registryUrl } from "./schema.ts";
import type { Terminal } from "../terminal.ts";

export interface RunFlags {
  readonly parallelism?: string;
  readonly from: string;
  readonly once?: boolean;
  readonly restart: "exponential-delay" | "none";
  readonly brokers?: string;
  readonly data?: string;
  readonly checkpointInterval?: string;
  readonly json?: boolean;
  readonly showConfig?: boolean;
  readonly logLevel?: string;
  readonly logFormat?: string;
}

const PROGRESS_MS = 1000;

export async function run(file: string, flags: RunFlags, terminal: Terminal): Promise<void> {
  const { data, parallelism, brokers, checkpointInterval, logLevel, logFormat } = flags;
  const loaded = await loadSettings(terminal, {
    dataDir: data,
    parallelism,
    brokers,
    checkpointIntervalMs: checkpointInterval,
    logLevel,
    logFormat,
  });
  if (flags.showConfig === true) return printSettings(terminal, loaded, flags.json);
  const { values } = loaded;
  const path = checkModuleFile(file);
  const moduleUrl = pathToFileURL(path).href;
  takeImportsForModules();
  const graph = await loadPipelineGraph(moduleUrl).catch((error: unknown) => {
    throw explainModuleError(error, path);
  });
  const env = createNodeEnv({ logLevel: values.logLevel, logFormat: values.logFormat });
  const address = findBrokers(values);
  if (usesKafka(graph)) await reachBroker(env, address);
  const interrupt = onInterrupt(terminal, "Stopping: a final checkpoint, then a clean exit. Ctrl-C again ends at once.");
  const job = await runJob(env, {
    moduleUrl,
    host: "worker",
    parallelism: values.parallelism,
    checkpoints: { dir: `${values.dataDir}/checkpoints`, everyMs: values.checkpointIntervalMs },
    restoreFrom: flags.from === "latest" || flags.from === "none" ? { kind: flags.from } : { kind: "path", path: flags.from },
    drain: flags.once === true,
    ...(flags.restart === "none" ? { restart: { kind: "none" } } : {}),
    settings: { "kafka.brokers": address, "schema.registry.url": await registryUrl(terminal, flags) },
  }).catch((error: unknown) => {
    throw explainDataDirectory(error, values.dataDir);
  });
  const result = await follow(job, interrupt.requested, terminal);
  if (flags.json === true) await terminal.out(`${JSON.stringify(result)}\n`);
  else if (!terminal.quiet)
    terminal.note(`Job "${job.name}" ${result.state}${result.checkpoint === undefined ? "" : ` with checkpoint ${result.checkpoint}`}.`);
}

function usesKafka(graph: StreamGraph): boolean {
  return graph.nodes.some(
    (node) => (node.kind === "source" && node.source.connector === "kafka") || (node.kind === "sink" && node.sink.connector === "kafka"),
  );
}

async function follow(job: Job, interrupted: Promise<void>, terminal: Terminal): Promise<JobResult> {
  const progress =
    terminal.noteIsTerminal && !terminal.quiet
      ? setInterval(() => process.stderr.write(`\r\u001B[K${progressLine(job.status())}`), PROGRESS_MS)
      : undefined;
  void interrupted.then(() => job.stop()).catch(() => {}); // told by `finished`
  try {
    return await job.finished;
  } finally {
    clearInterval(progress);
    if (progress !== undefined) process.stderr.write("\r\u001B[K");
  }
}

function progressLine(status: JobStatus): string {
  const sources = status.operators.filter(({ kind }) => kind === "source");
  const rate = sources.reduce((sum, { recordsOutPerSecond }) => sum + (recordsOutPerSecond ?? 0), 0);
  const count = sources.reduce((sum, { recordsOut }) => sum + recordsOut, 0);
  const { last } = status.checkpoints;
  const failure = status.lastFailure === undefined ? "" : ` · last failure: ${status.lastFailure.message}`;
  return `${status.name} ${status.state} · ${count} records · ${Math.round(rate)}/s · checkpoint ${last?.id ?? "–"}${failure}`;
}
