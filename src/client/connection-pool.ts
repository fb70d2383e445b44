// The connections of one client, by broker address and lane. A lane keeps what may wait long (fetches, group joins) from what must not
// (produce, metadata): a broker answers one connection's requests in order. A broken connection is opened anew at the next use, after a
// pause that doubles while the broker stays away.
import type { Env } from "../env/env.ts";
import type { Address } from "../env/network.ts";
import { abortable } from "./abortable.ts";
import { addressText } from "./address.ts";
import { backoffMs, type Backoff } from "./backoff.ts";
import { BrokerConnection, type ConnectionOptions } from "./connection.ts";
import { ClientError } from "./errors.ts";

const RECONNECT_BACKOFF: Backoff = { firstMs: 20, maxMs: 1000 };

interface Slot {
  connection: BrokerConnection | undefined;
  opening: Promise<BrokerConnection> | undefined;
  failures: number;
  notBefore: number;
}

export class ConnectionPool {
  readonly #env: Env;
  readonly #options: ConnectionOptions;
  readonly #slots = new Map<string, Slot>();
  readonly #closing = new AbortController();

  constructor(env: Env, options: ConnectionOptions) {
    this.#env = env;
    this.#options = options;
  }

  /** An open connection. Rejects with BROKER_UNREACHABLE, CLIENT_CLOSED or the signal's reason. */
  get(address: Address, lane: string, signal?: AbortSignal): Promise<BrokerConnection> {
    if (this.#closing.signal.aborted) return Promise.reject(this.#closing.signal.reason);
    const key = `${addressText(address)}/${lane}`;
    let slot = this.#slots.get(key);
    if (slot === undefined) this.#slots.set(key, (slot = { connection: undefined, opening: undefined, failures: 0, notBefore: 0 }));
    if (slot.connection !== undefined && !slot.connection.closed) return Promise.resolve(slot.connection);
    slot.opening ??= this.#open(slot, address);
    return abortable(slot.opening, signal);
  }

  /** The connection if it is open now. */
  peek(address: Address, lane: string): BrokerConnection | undefined {
    const connection = this.#slots.get(`${addressText(address)}/${lane}`)?.connection;
    return connection === undefined || connection.closed ? undefined : connection;
  }

  /** Closes a lane's connections, so that what waits on them ends. */
  closeLane(lane: string): void {
    for (const [key, slot] of this.#slots) {
      if (!key.endsWith(`/${lane}`)) continue;
      slot.connection?.close();
      slot.opening?.then(
        (connection) => connection.close(),
        () => {},
      );
      this.#slots.delete(key);
    }
  }

  close(): void {
    this.#closing.abort(new ClientError("CLIENT_CLOSED", "The Kafka client was closed."));
    for (const slot of this.#slots.values()) slot.connection?.close();
    this.#slots.clear();
  }

  async #open(slot: Slot, address: Address): Promise<BrokerConnection> {
    const { signal } = this.#closing;
    try {
      const waitMs = slot.notBefore - this.#env.clock.monotonicMs();
      if (waitMs > 0) await this.#env.timers.sleep(waitMs, signal);
      const connection = await BrokerConnection.open(this.#env, address, this.#options, signal);
      if (signal.aborted) {
        connection.close();
        throw signal.reason;
      }
      slot.connection = connection;
      slot.failures = 0;
      slot.notBefore = this.#env.clock.monotonicMs() + RECONNECT_BACKOFF.firstMs;
      return connection;
    } catch (error) {
      slot.failures++;
      slot.notBefore = this.#env.clock.monotonicMs() + backoffMs(RECONNECT_BACKOFF, slot.failures, this.#env.random);
      throw error;
    } finally {
      slot.opening = undefined;
    }
  }
}
