// Accepts connections for the broker, keeps count of them, closes those that nobody uses any more.
import type { Timer } from "../env/clock.ts";
import type { Address, Listener } from "../env/network.ts";
import type { BrokerContext } from "./api.ts";
import { BrokerConnection } from "./broker-connection.ts";
import { Dispatcher } from "./dispatch.ts";
import { RequestMemory } from "./request-memory.ts";
import { SupersededConnections } from "./superseded-connections.ts";

const IDLE_CHECK_MS = 30_000;
/** How long close() waits for answers that are on their way before it cuts the connections. */
const CLOSE_GRACE_MS = 250;

export class BrokerListener {
  readonly #broker: BrokerContext;
  readonly #dispatcher: Dispatcher;
  readonly #memory: RequestMemory;
  readonly #connections = new Set<BrokerConnection>();
  #listener: Listener | undefined;
  readonly #superseded = new SupersededConnections();
  #accepted = 0;
  #idleTimer: Timer | undefined;
  #allClosed: (() => void) | undefined;
  #closing = false;

  constructor(broker: BrokerContext) {
    this.#broker = broker;
    this.#dispatcher = new Dispatcher(broker.apis);
    this.#memory = new RequestMemory(broker.settings.number("queued.max.request.bytes"));
  }

  get connections(): number {
    return this.#connections.size;
  }

  get requestBytes(): number {
    return this.#memory.bytes;
  }

  /** Resolves to the address that was bound. */
  async open(address: Address): Promise<Address> {
    const maxRequestBytes = this.#broker.settings.number("socket.request.max.bytes");
    this.#listener = await this.#broker.env.network.listen(address, (connection) => {
      const closed = (gone: BrokerConnection): void => this.#closed(gone);
      const accepted = new BrokerConnection(connection, {
        broker: this.#broker,
        dispatcher: this.#dispatcher,
        memory: this.#memory,
        maxRequestBytes,
        closed,
        number: this.#accepted++,
        superseded: this.#superseded,
      });
      this.#connections.add(accepted);
      if (this.#closing) accepted.destroy();
      else if (this.#connections.size > this.#broker.settings.number("max.connections")) this.#refuse(accepted);
    });
    this.#checkIdleLater();
    return this.#listener.address;
  }

  async close(): Promise<void> {
    this.#closing = true;
    this.#idleTimer?.cancel();
    for (const connection of this.#connections) connection.finish();
    if (this.#connections.size > 0) {
      const allClosed = new Promise<void>((resolve) => (this.#allClosed = resolve));
      const timer = this.#broker.env.timers.after(CLOSE_GRACE_MS, () => this.#allClosed?.());
      await allClosed;
      timer.cancel();
    }
    await this.#listener?.close();
  }

  #closed(connection: BrokerConnection): void {
    this.#connections.delete(connection);
    if (this.#connections.size === 0) this.#allClosed?.();
  }

  #refuse(connection: BrokerConnection): void {
    this.#broker.env.logger.log("warn", "too-many-connections", { limit: this.#connections.size - 1, consequence: "the newest is closed" });
    connection.destroy();
  }

  #checkIdleLater(): void {
    this.#idleTimer = this.#broker.env.timers.after(IDLE_CHECK_MS, () => this.#closeIdle(), { unref: true });
  }

  #closeIdle(): void {
    const limit = this.#broker.env.clock.monotonicMs() - this.#broker.settings.number("connections.max.idle.ms");
    for (const connection of this.#connections) if (connection.isIdle && connection.lastActive < limit) connection.finish();
    this.#checkIdleLater();
  }
}
