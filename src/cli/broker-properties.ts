// What a server.properties says about places (listeners, log.dirs) becomes options of the broker; everything else are its settings.
import type { Address } from "../env/network.ts";
import { CliError } from "./cli-error.ts";
import { EXIT } from "./exit-codes.ts";

export interface FileOptions {
  readonly listener?: Address;
  readonly advertised?: Address;
  readonly dataDir?: string;
  readonly settings: Readonly<Record<string, string>>;
}

/** Throws a CliError (usage). */
export function brokerOptionsOf(properties: Readonly<Record<string, string>>, file: string): FileOptions {
  const { listeners, "advertised.listeners": advertised, "log.dirs": logDirs, "log.dir": logDir, ...settings } = properties;
  const dataDir = logDirs ?? logDir;
  if (dataDir?.includes(",") === true)
    throw new CliError(EXIT.usage, `${file}: log.dirs names several directories; the broker has one. Name one.`);
  return {
    ...(listeners === undefined ? {} : { listener: onlyListener(listeners, `${file}: listeners`) }),
    ...(advertised === undefined ? {} : { advertised: onlyListener(advertised, `${file}: advertised.listeners`) }),
    ...(dataDir === undefined ? {} : { dataDir }),
    settings,
  };
}

/** A controller's listener is ignored: this broker needs no controller. */
function onlyListener(text: string, where: string): Address {
  const listeners = text.split(",").filter((each) => !/^\s*CONTROLLER:/i.test(each));
  if (listeners.length === 1) return parseListener(listeners[0]!, where);
  throw new CliError(EXIT.usage, `${where}=${text}: the broker has one listener; name one, such as PLAINTEXT://127.0.0.1:9092.`);
}

/** "PLAINTEXT://host:port" or "host:port". An empty host means every interface. */
export function parseListener(text: string, where: string): Address {
  const match = /^\s*(?:([A-Za-z_]+):\/\/)?(?:\[([^\]]+)\]|([^:/[\]]*)):(\d{1,5})\s*$/.exec(text);
  const port = Number(match?.[4]);
  if (match === null || port > 65_535) throw new CliError(EXIT.usage, `${where} ${text}: expected HOST:PORT, such as 127.0.0.1:9092.`);
  if (match[1] !== undefined && match[1].toUpperCase() !== "PLAINTEXT")
    throw new CliError(EXIT.usage, `${where} ${text}: only PLAINTEXT listeners are served.`);
  const host = match[2] ?? match[3]!;
  return { host: host === "" ? "0.0.0.0" : host, port };
}
