// millrace broker: the Kafka-compatible broker alone.
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { startBroker, type Broker, type BrokerOptions } from "../../broker/broker.ts";
import { createNodeEnv } from "../../env-node/node-env.ts";
import { processMetrics } from "../../env-node/process-metrics.ts";
import { type MetricsServer, startMetricsServer } from "../../server/http/metrics-server.ts";
import { writeServerFile } from "../../server/http/server-file-writer.ts";
import { listenerPlaces, parseListener } from "../broker-listeners.ts";
import { explainBrokerStart, type SettingOrigin } from "../broker-start-error.ts";
import { brokerOptionsOf } from "../broker-properties.ts";
import { parseBrokerSettings } from "../broker-set.ts";
import { CliError } from "../cli-error.ts";
import { codeOf } from "../explain-error.ts";
import { EXIT } from "../exit-codes.ts";
import { onInterrupt } from "../interrupt.ts";
import { loadSettings, type LoadedSettings } from "../load-settings.ts";
import { nameMergedFrames } from "../merged-frames.ts";
import { printSettings } from "../print-settings.ts";
import { parseProperties } from "../properties-file.ts";
import { keepHeapSmall } from "../runtime-limits.ts";
import type { Terminal } from "../terminal.ts";

const DEFAULT_HOST = "127.0.0.1";

export interface BrokerFlags {
  readonly port?: string;
  readonly data?: string;
  readonly durability?: string;
  readonly set?: readonly string[];
  readonly config?: string;
  readonly listener?: readonly string[];
  readonly advertisedListener?: readonly string[];
  readonly insecure?: boolean;
  readonly metricsPort?: number;
  readonly json?: boolean;
  readonly showConfig?: boolean;
  readonly logLevel?: string;
  readonly logFormat?: string;
}

export async function broker(flags: BrokerFlags, terminal: Terminal): Promise<void> {
  nameMergedFrames(import.meta.url);
  const { data, port, durability, logLevel, logFormat } = flags;
  const loaded = await loadSettings(
    terminal,
    { dataDir: data, brokerPort: port, durability, logLevel, logFormat },
    { brokerPort: "--port" },
  );
  if (flags.showConfig === true) return printSettings(terminal, loaded, flags.json);
  const { options, notes, origins } = optionsOf(flags, loaded);
  if (!terminal.quiet) for (const note of notes) terminal.note(note);
  const env = createNodeEnv({ logLevel: loaded.values.logLevel, logFormat: loaded.values.logFormat });
  const interrupt = onInterrupt(terminal, "Stopping. Ctrl-C again ends at once.");
  keepHeapSmall();
  const running = await startBroker(env, options).catch((error: unknown) => {
    throw explainBrokerStart(error, options, origins);
  });
  const { bootstrapServers, clusterId } = running;
  let removeServerFile: (() => void) | undefined;
  let metrics: MetricsServer | undefined;
  try {
    removeServerFile = publish(options, bootstrapServers, origins);
    metrics = await startMetrics(running, options.listeners![0]!.host, flags.metricsPort);
    const address = metrics === undefined ? undefined : metricsAddress(options.listeners![0]!.host, metrics.port);
    if (flags.json === true)
      await terminal.out(
        `${JSON.stringify({ bootstrapServers, clusterId, dataDir: options.dataDir, pid: process.pid, metrics: address })}\n`,
      );
    else if (!terminal.quiet) {
      terminal.note(`Kafka  ${bootstrapServers}  (data in ${options.dataDir}). Ctrl-C stops.`);
      if (address !== undefined) terminal.note(`Metrics  ${address}`);
    }
    const failure = await Promise.race([interrupt.requested, running.failed]);
    if (failure !== undefined) throw new CliError(EXIT.failed, `The broker had to stop: ${failure.message}`, { cause: failure });
  } finally {
    removeServerFile?.();
    await metrics?.close();
    await running.close();
  }
}

/** Where other commands find the broker. */
function publish(options: BrokerOptions, brokers: string, origins: readonly SettingOrigin[]): () => void {
  try {
    return writeServerFile(options.dataDir, { startedAt: Date.now(), brokers });
  } catch (error) {
    throw explainBrokerStart(error, options, origins);
  }
}

async function startMetrics(running: Broker, host: string, port: number | undefined): Promise<MetricsServer | undefined> {
  if (port === undefined) return undefined;
  const ofProcess = processMetrics();
  try {
    return await startMetricsServer(host, port, () => running.metricsText() + ofProcess());
  } catch (error) {
    throw new CliError(
      EXIT.conflict,
      `--metrics-port ${port} cannot be listened on (${codeOf(error) ?? String(error)}). 0 takes any free one.`,
    );
  }
}

function metricsAddress(host: string, port: number): string {
  return `http://${host.includes(":") ? `[${host}]` : host}:${port}/metrics`;
}

/** Flags win over the properties file, that over millrace.config.ts. */
function optionsOf(
  flags: BrokerFlags,
  { values, settings, broker: configured }: LoadedSettings,
): { readonly options: BrokerOptions; readonly notes: readonly string[]; readonly origins: readonly SettingOrigin[] } {
  const file = flags.config === undefined ? undefined : brokerOptionsOf(readProperties(flags.config), flags.config);
  const given = parseBrokerSettings(flags.set ?? []);
  const isSet = (name: string): boolean => settings.find((each) => each.name === name)?.origin === "flag";
  const fromFile = file?.listeners ?? [{ name: "PLAINTEXT", host: DEFAULT_HOST, port: values.brokerPort }];
  const listeners = flags.listener?.map((each) => parseListener(each, "--listener")) ?? fromFile;
  const advertised = flags.advertisedListener?.map((each) => parseListener(each, "--advertised-listener")) ?? file?.advertised ?? [];
  const [first, ...others] = listenerPlaces(listeners, advertised, {
    listeners: flags.listener === undefined && file?.listeners !== undefined ? `${flags.config}: listeners` : "--listener",
    advertised: flags.advertisedListener === undefined ? `${flags.config}: advertised.listeners` : "--advertised-listener",
  });
  const options = {
    dataDir: isSet("dataDir") ? values.dataDir : (file?.dataDir ?? values.dataDir),
    listeners: [isSet("brokerPort") ? { ...first!, port: values.brokerPort } : first!, ...others],
    durability: values.durability,
    settings: { ...configured, ...file?.settings, ...given },
    insecure: flags.insecure === true,
  };
  const origins = [
    { prefix: "--set ", settings: given },
    { prefix: `${flags.config}: `, settings: file?.settings ?? {} },
    { prefix: "millrace.config.ts: broker: ", settings: configured },
  ];
  return { options, notes: file?.notes ?? [], origins };
}

function readProperties(path: string): Record<string, string> {
  try {
    return parseProperties(readFileSync(path, "utf8"));
  } catch (error) {
    const code = codeOf(error);
    if (code === "ENOENT") throw new CliError(EXIT.notFound, `--config ${path}: there is no file ${resolve(path)}.`);
    if (code === "EISDIR")
      throw new CliError(EXIT.usage, `--config ${path} is a directory. Name a file in it, such as ${path}/server.properties.`);
    throw new CliError(
      EXIT.failed,
      `--config ${path} cannot be read (${code ?? String(error)}). Change its permissions, or name another file.`,
    );
  }
}
