// Which partitions a `millrace log` command is about: those of a data directory, some of them by topic or partition, or one by its path.
// Nothing is asked of a broker. Apache Kafka's own directories (its log.dirs) can be read, too: the files have the same format.
import { createNodeEnv } from "../env-node/node-env.ts";
import type { Env } from "../env/env.ts";
import { findPartitions, partitionFiles, type PartitionFiles } from "../log/inspect/partition-files.ts";
import { explainDataDirectory } from "../server/server-error.ts";
import { CliError } from "./cli-error.ts";
import { EXIT } from "./exit-codes.ts";
import { loadSettings } from "./load-settings.ts";
import { nearest } from "../stream/nearest.ts";
import type { Terminal } from "./terminal.ts";

export interface LogFlags {
  readonly data?: string;
  readonly json?: boolean;
}

export interface LogTarget {
  readonly env: Env;
  /** The directory a writer locks. */
  readonly logDirectory: string;
  readonly partitions: readonly PartitionFiles[];
  /** What to type behind another `millrace log` command that is about the same. */
  readonly again: string;
}

/** `which`: a topic, a partition ("orders-3"), the path of a partition's directory, or undefined for everything. */
export async function findLogs(terminal: Terminal, which: string | undefined, flags: LogFlags): Promise<LogTarget> {
  const env = createNodeEnv({ logLevel: "error" });
  const isPath = which !== undefined && which.includes("/");
  const directory = which?.replace(/\/+$/, "");
  const { dataDir } = isPath ? { dataDir: "" } : (await loadSettings(terminal, { dataDir: flags.data })).values;
  let logDirectory = directory?.slice(0, Math.max(1, directory.lastIndexOf("/"))) ?? dataDir;
  let partitions: readonly PartitionFiles[];
  try {
    if (!isPath) logDirectory = await logsOf(env, dataDir);
    const one = isPath ? await partitionFiles(env.files, directory!) : undefined;
    partitions = isPath ? (one === undefined ? [] : [one]) : await findPartitions(env.files, logDirectory, which);
  } catch (error) {
    if ((error as { code?: string }).code === "ENOENT") throw notFound(isPath ? directory! : logDirectory);
    throw explainDataDirectory(error, isPath ? directory! : dataDir);
  }
  if (partitions.length === 0 && which !== undefined)
    throw new CliError(
      EXIT.notFound,
      isPath
        ? `${which} is no partition's directory, such as .millrace/log/orders-0. Name a data directory with --data DIR.`
        : `There is no topic or partition ${which} in ${logDirectory}. ${await whatIsMeant(env, which, logDirectory, dataDir)}`,
    );
  const again = [...(which === undefined ? [] : [which]), ...(isPath || flags.data === undefined ? [] : ["--data", flags.data])];
  return { env, logDirectory, partitions, again: again.join(" ") };
}

/** Somebody's directory in the place of a topic, a topic with a similar name, or how to see which there are. */
async function whatIsMeant(env: Env, which: string, logDirectory: string, dataDir: string): Promise<string> {
  if ((await env.files.stat(which))?.kind === "directory") return `The directory is named so: --data ${which}`;
  const names = (await findPartitions(env.files, logDirectory)).flatMap(({ name }) => [name, name.slice(0, name.lastIndexOf("-"))]);
  const meant = nearest(which, names);
  return meant === undefined ? `See which there are: millrace log verify --data ${dataDir}` : `Did you mean "${meant}"?`;
}

/** A data directory has its logs in a folder of their own, a directory of Apache Kafka's log.dirs is that folder. */
async function logsOf(env: Env, dataDir: string): Promise<string> {
  const isForeign = (await env.files.stat(`${dataDir}/meta.properties`)) !== undefined;
  return isForeign ? dataDir : `${dataDir}/log`;
}

function notFound(directory: string): CliError {
  return new CliError(EXIT.notFound, `There is no log in ${directory}. Name a data directory with --data DIR, or a partition's directory.`);
}
