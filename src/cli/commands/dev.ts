// millrace dev [pipeline.ts …]: broker, registry, console and jobs in one process; jobs start again from a checkpoint when their files change.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createNodeEnv } from "../../env-node/node-env.ts";
import { startServer, type RunOptions, type Server } from "../../server/server.ts";
import { CliError } from "../cli-error.ts";
import { EXIT } from "../exit-codes.ts";
import { onInterrupt } from "../interrupt.ts";
import { LiveJob } from "../live-job.ts";
import { loadSettings, type LoadedSettings } from "../load-settings.ts";
import { checkModuleFile } from "../module-error.ts";
import { printSettings } from "../print-settings.ts";
import { reachBroker } from "../reach-broker.ts";
import type { Terminal } from "../terminal.ts";

export interface DevFlags {
  readonly data?: string;
  readonly ephemeral?: boolean;
  readonly brokerPort?: string;
  readonly consolePort?: string;
  readonly registryPort?: string;
  readonly authFile?: string;
  readonly durability?: string;
  readonly brokers?: string;
  readonly parallelism?: string;
  readonly checkpointInterval?: string;
  readonly from?: string;
  readonly set?: readonly string[];
  readonly json?: boolean;
  readonly showConfig?: boolean;
  readonly logLevel?: string;
  readonly logFormat?: string;
}

export async function dev(files: readonly string[], flags: DevFlags, terminal: Terminal): Promise<void> {
  const loaded = await loadDevSettings(flags, terminal);
  if (flags.showConfig === true) return printSettings(terminal, loaded, flags.json);
  const jobs = files.map((file) => new LiveJob(checkModuleFile(file), terminal));
  for (const job of jobs) await job.load();
  const dataDir = flags.ephemeral === true ? await mkdtemp(join(tmpdir(), "millrace-")) : loaded.values.dataDir;
  const interrupt = onInterrupt(
    terminal,
    jobs.length === 0
      ? "Stopping. Ctrl-C again ends at once."
      : "Stopping: a final checkpoint, then a clean exit. Ctrl-C again ends at once.",
  );
  try {
    const server = await startOn(loaded, flags, dataDir, terminal);
    try {
      for (const job of jobs) await job.start(server, runOptions(loaded, flags));
      await announce(server, jobs, flags, terminal);
      const failure = await Promise.race([interrupt.requested, server.failed]);
      if (failure !== undefined) throw new CliError(EXIT.failed, `The broker had to stop: ${failure.message}`, { cause: failure });
    } finally {
      for (const job of jobs) await job.close();
      await server.close();
    }
    for (const { failure } of jobs) if (failure !== undefined) throw failure;
  } finally {
    if (flags.ephemeral === true) await rm(dataDir, { recursive: true, force: true });
  }
}

function loadDevSettings(flags: DevFlags, terminal: Terminal): Promise<LoadedSettings> {
  const { data, brokerPort, consolePort, registryPort, durability, brokers, parallelism, checkpointInterval, logLevel, logFormat } = flags;
  if (flags.ephemeral === true && data !== undefined)
    throw new CliError(EXIT.usage, "--ephemeral keeps nothing and --data names where to keep it. Give one of the two.");
  return loadSettings(terminal, {
    dataDir: data,
    brokerPort,
    consolePort,
    registryPort,
    durability,
    brokers,
    parallelism,
    checkpointIntervalMs: checkpointInterval,
    logLevel,
    logFormat,
  });
}

async function startOn({ values, broker }: LoadedSettings, flags: DevFlags, dataDir: string, terminal: Terminal): Promise<Server> {
  const { parseBrokerSettings } = await import("../broker-set.ts");
  const { usersOf } = await import("../auth-file.ts");
  const users = await usersOf(flags.authFile, terminal);
  const env = createNodeEnv({ logLevel: values.logLevel, logFormat: values.logFormat });
  if (values.brokers !== undefined) await reachBroker(env, values.brokers);
  return startServer(env, {
    dataDir,
    brokerPort: values.brokerPort,
    consolePort: values.consolePort,
    registryPort: values.registryPort,
    ...(users === undefined ? {} : { registryUsers: users }),
    durability: flags.ephemeral === true ? "page-cache" : values.durability,
    settings: { ...broker, ...parseBrokerSettings(flags.set ?? []) },
    checkpointIntervalMs: values.checkpointIntervalMs,
    ...(values.brokers === undefined ? {} : { brokers: values.brokers }),
    ...(values.token === undefined ? {} : { token: values.token }),
  });
}

function runOptions({ values }: LoadedSettings, flags: DevFlags): RunOptions {
  return {
    parallelism: values.parallelism,
    checkpointIntervalMs: values.checkpointIntervalMs,
    ...(flags.from === undefined ? {} : { from: flags.from }),
  };
}

async function announce(server: Server, jobs: readonly LiveJob[], flags: DevFlags, terminal: Terminal): Promise<void> {
  const { bootstrapServers, consoleUrl, registryUrl, dataDir } = server;
  if (flags.json === true) {
    const line = {
      bootstrapServers,
      console: consoleUrl,
      registry: registryUrl,
      dataDir,
      pid: process.pid,
      jobs: jobs.map(({ name }) => name),
    };
    return terminal.out(`${JSON.stringify(line)}\n`);
  }
  if (terminal.quiet) return;
  terminal.note(`Kafka    ${bootstrapServers}`);
  terminal.note(`Console  ${consoleUrl}`);
  terminal.note(`Schemas  ${registryUrl}`);
  terminal.note(`Data     ${flags.ephemeral === true ? "kept until this ends" : dataDir}`);
  for (const { name } of jobs) terminal.note(`Job      ${name}`);
  terminal.note("Ctrl-C stops; the same command goes on from there.");
}
