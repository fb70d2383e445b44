// Where the broker is, under Apache Kafka's names: settings there, options of the start here. Told by DescribeConfigs, never changed.
import type { Address } from "../env/network.ts";
import type { ConfigType } from "./config-value.ts";
import type { OpenedListener } from "./listener.ts";

export interface BrokerPlace {
  readonly dataDir: string;
  /** In the order in which they were opened. */
  readonly listeners: readonly OpenedListener[];
}

export interface PlaceConfig {
  readonly name: string;
  readonly type: ConfigType;
  readonly value: string;
  readonly doc: string;
}

export function placeConfigs({ dataDir, listeners }: BrokerPlace): PlaceConfig[] {
  const all = (told: (listener: OpenedListener) => Address): string =>
    listeners.map((listener) => `${listener.name}://${hostAndPort(told(listener))}`).join(",");
  const protocols = [...new Set(listeners.map(({ name }) => `${name}:PLAINTEXT`))].join(",");
  return [
    { name: "listeners", type: "list", value: all(({ address }) => address), doc: "Where the broker listens." },
    { name: "advertised.listeners", type: "list", value: all(({ advertised }) => advertised), doc: "What clients are told to connect to." },
    { name: "listener.security.protocol.map", type: "string", value: protocols, doc: "No listener encrypts." },
    { name: "log.dirs", type: "list", value: dataDir, doc: "Where everything is kept." },
    { name: "process.roles", type: "list", value: "broker,controller", doc: "One process is both." },
  ];
}

function hostAndPort({ host, port }: Address): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}
