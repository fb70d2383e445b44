// millrace registry: the schema registry alone, on somebody's Kafka (--brokers) or with an embedded broker on --data.
import { startBroker, type Broker } from "../../broker/broker.ts";
import { createNodeEnv } from "../../env-node/node-env.ts";
import type { Env } from "../../env/env.ts";
import { startRegistry } from "../../registry/start-registry.ts";
import { packageVersion } from "../../server/package-version.ts";
import { explainDataDirectory, explainListen, isListenError } from "../../server/server-error.ts";
import type { Settings } from "../../server/settings.ts";
import { usersOf } from "../auth-file.ts";
import { CliError } from "../cli-error.ts";
import { EXIT } from "../exit-codes.ts";
import { codeOf } from "../explain-error.ts";
import { onInterrupt } from "../interrupt.ts";
import { loadSettings } from "../load-settings.ts";
import { printSettings } from "../print-settings.ts";
import { reachBroker } from "../reach-broker.ts";
import type { Terminal } from "../terminal.ts";

export interface RegistryFlags {
  readonly port?: string;
  readonly authFile?: string;
  readonly brokers?: string;
  readonly data?: string;
  readonly brokerPort?: string;
  readonly json?: boolean;
  readonly showConfig?: boolean;
  readonly logLevel?: string;
  readonly logFormat?: string;
}

const HOST = "127.0.0.1";

export async function registry(flags: RegistryFlags, terminal: Terminal): Promise<void> {
  const { port, brokers, data, brokerPort, logLevel, logFormat } = flags;
  const loaded = await loadSettings(
    terminal,
    { registryPort: port, brokers, dataDir: data, brokerPort, logLevel, logFormat },
    { registryPort: "--port" },
  );
  if (flags.showConfig === true) return printSettings(terminal, loaded, flags.json);
  const { values } = loaded;
  const users = await usersOf(flags.authFile, terminal);
  const env = createNodeEnv({ logLevel: values.logLevel, logFormat: values.logFormat });
  const interrupt = onInterrupt(terminal, "Stopping. Ctrl-C again ends at once.");
  if (values.brokers !== undefined) await reachBroker(env, values.brokers);
  const broker = values.brokers === undefined ? await ownBroker(env, values) : undefined;
  try {
    const bootstrapServers = values.brokers ?? broker!.bootstrapServers;
    const version = await packageVersion(env.files);
    const running = await startRegistry(env, { bootstrapServers, host: HOST, port: values.registryPort, version, users }).catch(
      (error: unknown) => {
        throw withPortFlag(explainListen(error, "registry", values.registryPort));
      },
    );
    try {
      if (flags.json === true) await terminal.out(`${JSON.stringify({ registry: running.url, bootstrapServers, pid: process.pid })}\n`);
      else if (!terminal.quiet) {
        terminal.note(`Schemas  ${running.url}`);
        terminal.note(`Kafka    ${bootstrapServers}${broker === undefined ? "" : `  (data in ${values.dataDir})`}. Ctrl-C stops.`);
      }
      const failure = await Promise.race([interrupt.requested, ...(broker === undefined ? [] : [broker.failed])]);
      if (failure !== undefined) throw new CliError(EXIT.failed, `The broker had to stop: ${failure.message}`, { cause: failure });
    } finally {
      await running.close();
    }
  } finally {
    await broker?.close();
  }
}

async function ownBroker(env: Env, { dataDir, brokerPort }: Settings): Promise<Broker> {
  try {
    return await startBroker(env, { dataDir, host: HOST, port: brokerPort });
  } catch (error) {
    throw isListenError(error) ? explainListen(error, "broker", brokerPort) : explainDataDirectory(error, dataDir);
  }
}

function withPortFlag(error: unknown): unknown {
  if (codeOf(error) !== "PORT_IN_USE" && codeOf(error) !== "PORT_REFUSED") return error;
  return Object.assign(new Error((error as Error).message.replace("--registry-port", "--port"), { cause: error }), { code: codeOf(error) });
}
