// Accepts connections for the broker, on one or several addresses, keeps count of them, closes those that nobody uses any more.
import { BufferPool } from "../bytes/buffer-pool.ts";
import type { Timer } from "../env/clock.ts";
import type { Address, Listener } from "../env/network.ts";
import type { BrokerContext } from "./api.ts";
import { BrokerConnection } from "./broker-connection.ts";
import { Dispatcher } from "./dispatch.ts";
import { ListenerCount } from "./metrics/listener-count.ts";
import { RequestMemory } from "./request-memory.ts";
import { SupersededConnections } from "./superseded-connections.ts";

const IDLE_CHECK_MS = 30_000;
/** Buffers of requests that wait to be used again, all connections together. */
const FREE_REQUEST_BYTES = 4 * 1024 * 1024;
/** How long close() waits for answers that are on their way before it cuts the connections. */
const CLOSE_GRACE_MS = 250;

const DEFAULT_NAME = "PLAINTEXT";

/** Where to listen. */
export interface ListenerPlace extends Address {
  /** What clients of this listener are told to connect to, if that is not its own address. */
  readonly advertised?: Address;
  /** As DescribeConfigs tells it in `listeners`; PLAINTEXT unless given. */
  readonly name?: string;
}

export interface OpenedListener {
  readonly name: string;
  /** As it was bound. */
  readonly address: Address;
  readonly advertised: Address;
}

export class BrokerListener {
  readonly #broker: BrokerContext;
  readonly #dispatcher: Dispatcher;
  readonly #memory: RequestMemory;
  readonly #buffers = new BufferPool(FREE_REQUEST_BYTES);
  readonly #connections = new Set<BrokerConnection>();
  readonly #listeners: Listener[] = [];
  readonly #counts: ListenerCount[] = [];
  readonly #superseded = new SupersededConnections();
  #accepted = 0;
  #idleTimer: Timer | undefined;
  #allClosed: (() => void) | undefined;
  #closing = false;

  constructor(broker: BrokerContext) {
    this.#broker = broker;
    this.#dispatcher = new Dispatcher(broker.apis);
    const queuedBytes = broker.settings.number("queued.max.request.bytes");
    this.#memory = new RequestMemory(queuedBytes < 0 ? Number.POSITIVE_INFINITY : queuedBytes);
  }

  get connections(): number {
    return this.#connections.size;
  }

  get counts(): readonly ListenerCount[] {
    return this.#counts;
  }

  /** Of all connections: requests that have not begun, and answers that wait for their turn. */
  get queued(): { readonly requests: number; readonly answers: number } {
    let requests = 0;
    let answers = 0;
    for (const { queued } of this.#connections) {
      requests += queued.requests;
      answers += queued.answers;
    }
    return { requests, answers };
  }

  get requestBytes(): number {
    return this.#memory.bytes;
  }

  /** Resolves to what clients of the address are told. Rejects with the network's error. */
  async open(place: ListenerPlace): Promise<OpenedListener> {
    const maxRequestBytes = this.#broker.settings.number("socket.request.max.bytes");
    let advertised = place.advertised ?? place;
    const name = place.name ?? DEFAULT_NAME;
    const { clock } = this.#broker.env;
    const count = new ListenerCount(name, clock.monotonicMs());
    const listener = await this.#broker.env.network.listen(place, (connection) => {
      const closed = (gone: BrokerConnection): void => {
        count.noteClosed(clock.monotonicMs());
        this.#closed(gone);
      };
      count.noteAccepted(clock.monotonicMs());
      const accepted = new BrokerConnection(connection, {
        broker: this.#broker,
        dispatcher: this.#dispatcher,
        memory: this.#memory,
        buffers: this.#buffers,
        maxRequestBytes,
        closed,
        number: this.#accepted++,
        superseded: this.#superseded,
        advertised,
      });
      this.#connections.add(accepted);
      if (this.#closing) accepted.destroy();
      else if (this.#connections.size > this.#broker.settings.number("max.connections")) this.#refuse(accepted);
    });
    this.#listeners.push(listener);
    this.#counts.push(count);
    advertised = place.advertised ?? { host: place.host, port: listener.address.port };
    if (this.#listeners.length === 1) this.#checkIdleLater();
    return { name, address: listener.address, advertised };
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
    for (const listener of this.#listeners) await listener.close();
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
    const idleMs = this.#broker.settings.number("connections.max.idle.ms");
    const limit = idleMs < 0 ? Number.NEGATIVE_INFINITY : this.#broker.env.clock.monotonicMs() - idleMs;
    for (const connection of this.#connections) if (connection.isIdle && connection.lastActive < limit) connection.finish();
    this.#checkIdleLater();
  }
}
