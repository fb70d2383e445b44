// Where a broker listens, as the command line and server.properties say it: NAME://HOST:PORT or HOST:PORT, several with different names;
// what clients of each are told has the same name.
import type { ListenerPlace } from "../broker/listener.ts";
import type { Address } from "../env/network.ts";
import { CliError } from "./cli-error.ts";
import { EXIT } from "./exit-codes.ts";

export interface NamedAddress extends Address {
  readonly name: string;
}

/** The name of a listener that has none. */
const PLAINTEXT = "PLAINTEXT";
const PROTOCOLS: ReadonlySet<string> = new Set([PLAINTEXT, "SSL", "SASL_PLAINTEXT", "SASL_SSL"]);

/**
 * An empty host means every interface. `protocols`: by name, what listener.security.protocol.map says; a name that is a protocol's means it.
 * Throws a CliError (usage).
 */
export function parseListener(text: string, where: string, protocols: Readonly<Record<string, string>> = {}): NamedAddress {
  const match = /^\s*(?:([A-Za-z0-9_.-]+):\/\/)?(?:\[([^\]]+)\]|([^:/[\]]*)):(\d{1,5})\s*$/.exec(text);
  const port = Number(match?.[4]);
  if (match === null || port > 65_535)
    throw new CliError(EXIT.usage, `${where} ${text}: expected HOST:PORT or NAME://HOST:PORT, such as 127.0.0.1:9092.`);
  const name = (match[1] ?? PLAINTEXT).toUpperCase();
  const protocol = protocols[name] ?? (PROTOCOLS.has(name) ? name : PLAINTEXT);
  if (protocol !== PLAINTEXT || /^https?$/i.test(name))
    throw new CliError(EXIT.usage, `${where} ${text}: only PLAINTEXT listeners are served, not ${protocol}.`);
  const host = match[2] ?? match[3]!;
  return { name, host: host === "" ? "0.0.0.0" : host, port };
}

/** Gives each listener what its clients are told. Throws a CliError (usage). */
export function listenerPlaces(
  listeners: readonly NamedAddress[],
  advertised: readonly NamedAddress[],
  where: { readonly listeners: string; readonly advertised: string },
): ListenerPlace[] {
  const told = byName(advertised, where.advertised);
  const places = [...byName(listeners, where.listeners)].map(([name, { host, port }]): ListenerPlace => {
    const address = told.get(name);
    told.delete(name);
    return address === undefined ? { name, host, port } : { name, host, port, advertised: { host: address.host, port: address.port } };
  });
  for (const name of told.keys()) {
    const names = listeners.map((listener) => listener.name).join(", ");
    throw new CliError(EXIT.usage, `${where.advertised}: no listener is named ${name}; there is ${names}.`);
  }
  return places;
}

function byName(addresses: readonly NamedAddress[], where: string): Map<string, NamedAddress> {
  const named = new Map<string, NamedAddress>();
  for (const address of addresses) {
    if (named.has(address.name)) {
      const remedy = `Name them, as in INSIDE://127.0.0.1:9092 and OUTSIDE://0.0.0.0:9093.`;
      throw new CliError(EXIT.usage, `${where}: two addresses have the name ${address.name}. ${remedy}`);
    }
    named.set(address.name, address);
  }
  return named;
}
