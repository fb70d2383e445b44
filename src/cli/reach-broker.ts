// Asks whether anybody listens at the brokers' addresses before a command begins: the client would try again and again, as a service
// must, but a person wants to know at once.
import { parseBrokers, addressText } from "../client/address.ts";
import type { Env } from "../env/env.ts";
import { CliError } from "./cli-error.ts";
import { codeOf } from "./explain-error.ts";
import { EXIT } from "./exit-codes.ts";

const CONNECT_TIMEOUT_MS = 3000;

/** Throws a CliError (unreachable) unless one of them accepts a connection. */
export async function reachBroker(env: Env, brokers: string): Promise<void> {
  const addresses = parseBrokers(brokers);
  const attempts = addresses.map(async (address) => {
    const connection = await env.network.connect(address, { timeoutMs: CONNECT_TIMEOUT_MS });
    connection.handle({ data: () => {}, close: () => {} });
    connection.destroy();
  });
  try {
    await Promise.any(attempts);
  } catch (error) {
    const reasons = new Set((error as AggregateError).errors.map((each: unknown) => codeOf(each) ?? String(each)));
    throw new CliError(
      EXIT.unreachable,
      `No Kafka broker answers at ${addresses.map(addressText).join(", ")} (${[...reasons].join(", ")}). Start one with: millrace dev, or name another: --brokers HOST:PORT.`,
      { cause: error },
    );
  }
}
