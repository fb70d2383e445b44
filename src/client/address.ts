// "host:port" text to addresses and back. IPv6 in brackets. The port is 9092 when it is left out.
import type { Address } from "../env/network.ts";
import { ClientError } from "./errors.ts";

const DEFAULT_PORT = 9092;

export function addressText(address: Address): string {
  return address.host.includes(":") ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`;
}

export function parseAddress(text: string): Address {
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+))(?::(\d{1,5}))?$/.exec(text.trim());
  const port = match?.[3] === undefined ? DEFAULT_PORT : Number(match[3]);
  const host = match?.[1] ?? match?.[2];
  if (host === undefined || port > 65535 || port === 0)
    throw new ClientError("INVALID_ARGUMENT", `"${text}" is not a broker address. Write host:port, such as 127.0.0.1:9092.`);
  return { host, port };
}

/** A comma-separated list, or an array of addresses. At least one. */
export function parseBrokers(brokers: string | readonly string[]): Address[] {
  const texts = typeof brokers === "string" ? brokers.split(",") : brokers.flatMap((text) => text.split(","));
  const addresses = texts.filter((text) => text.trim() !== "").map(parseAddress);
  if (addresses.length === 0) throw new ClientError("INVALID_ARGUMENT", 'No broker address given. Write brokers: "host:port,host:port".');
  return addresses;
}
