// Where a running server is: --url or MILLRACE_URL, or DATA/server.json if the process that wrote it is alive.
import { readFileSync } from "node:fs";
import { serverFilePath, type ServerFile } from "../server/server-file.ts";
import type { Settings } from "../server/settings.ts";
import { CliError } from "./cli-error.ts";
import { EXIT } from "./exit-codes.ts";

export interface ServerAddress {
  /** "http://127.0.0.1:4400" */
  readonly console: string;
  readonly token: string;
}

/** undefined: no server runs on this data directory. */
export function runningServer(dataDir: string): ServerFile | undefined {
  let file: ServerFile;
  try {
    file = JSON.parse(readFileSync(serverFilePath(dataDir), "utf8")) as ServerFile;
  } catch {
    return undefined;
  }
  return isAlive(file.pid) ? file : undefined;
}

/** Throws a CliError (unreachable) with the ways to name a server. */
export function findServer(settings: Settings): ServerAddress {
  if (settings.url !== undefined) return parseUrl(settings.url, settings.token);
  const file = runningServer(settings.dataDir);
  if (file?.console !== undefined) return { console: file.console, token: settings.token ?? file.token ?? "" };
  if (file !== undefined)
    throw new CliError(
      EXIT.unreachable,
      `Only a broker runs on the data directory ${settings.dataDir} (${file.brokers}). Jobs run in: millrace dev.`,
    );
  throw new CliError(
    EXIT.unreachable,
    `No server runs on the data directory ${settings.dataDir}. Start one with: millrace dev, name its directory with --data DIR, or its address with --url.`,
  );
}

function parseUrl(text: string, token: string | undefined): ServerAddress {
  let url: URL;
  try {
    url = new URL(/^https?:\/\//.test(text) ? text : `http://${text}`);
  } catch {
    throw new CliError(
      EXIT.usage,
      `"${text}" is not an address. Write the one that the server printed, such as http://127.0.0.1:4400/?token=….`,
    );
  }
  const given = url.searchParams.get("token") ?? token;
  if (given === undefined)
    throw new CliError(
      EXIT.usage,
      `The address ${url.origin} has no token. Give the whole address that the server printed (…/?token=…), or set MILLRACE_TOKEN.`,
    );
  return { console: url.origin, token: given };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Brokers that a command talks to: what is set, the running server's, or the default address. */
export function findBrokers(settings: Settings): string {
  return settings.brokers ?? runningServer(settings.dataDir)?.brokers ?? `127.0.0.1:${settings.brokerPort}`;
}
