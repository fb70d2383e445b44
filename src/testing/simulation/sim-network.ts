// The network of a simulation: hosts by name, one space of ports, TCP connections with delay, split, reset and black holes by the seed.
// Loopback names reach every host's listeners, so that processes of one test find each other whatever they advertise.
import type { Address, Connection, Listener, Network } from "../../env/network.ts";
import type { Prng } from "./prng.ts";
import type { Scheduler } from "./scheduler.ts";
import { SimConnection } from "./sim-connection.ts";
import type { Range } from "./sim-files.ts";
import type { SimProcess } from "./sim-process.ts";

/** Matches a connection, seen from the end that opened it. */
export type ConnectionMatch = (from: Address, to: Address) => boolean;

const LOOPBACK = new Set(["localhost", "127.0.0.1", "::1", "0.0.0.0", "::"]);
const FIRST_FREE_PORT = 20_000;
/** What Linux waits for an answer to its first packet. */
const CONNECT_TIMEOUT_MS = 127_000;

export interface NetworkOperation {
  /** In the order of the calls, from 0. */
  readonly index: number;
  readonly kind: "listen" | "connect" | "write";
  /** The host whose process does it. */
  readonly host: string;
  readonly to: Address;
}

/**
 * kill: kill -9 of the process's host; crash: its power cut; reset: the connection breaks for both ends (a connect is refused). `lateMs`: the
 * writer's end breaks at once, what it wrote arrives so much later, as a packet that was sent again by the kernel: after its repetition, perhaps.
 */
export type NetworkVerdict = "ok" | `${"kill" | "crash" | "reset"}-${"before" | "after"}` | { readonly lateMs: number };

interface SimListener {
  readonly address: Address;
  readonly process: SimProcess;
  readonly accept: (connection: Connection) => void;
}

export class SimNetwork {
  /** Virtual milliseconds a piece is under way. */
  latencyMs: Range = [0.05, 0.5];
  /** The probability that a piece is cut somewhere. */
  splitProbability = 0.3;
  /** The probability that a connection breaks when a piece is sent. */
  resetProbability = 0;
  /** Asked before each operation of any process takes effect. */
  onOperation: ((operation: NetworkOperation) => NetworkVerdict) | undefined;
  /** Operations so far. */
  operations = 0;
  readonly scheduler: Scheduler;
  readonly random: Prng;
  readonly #end: (host: string, how: "kill" | "crash") => void;
  readonly #listeners = new Map<number, SimListener>();
  readonly #connections = new Set<SimConnection>();
  /** Ends that opened their connection. */
  readonly #initiators = new WeakSet<SimConnection>();
  readonly #peers = new WeakMap<SimConnection, SimConnection>();
  readonly #blackHoles = new Set<ConnectionMatch>();
  readonly #hosts = new Set<string>();
  #nextPort = FIRST_FREE_PORT;

  constructor(scheduler: Scheduler, random: Prng, end: (host: string, how: "kill" | "crash") => void) {
    this.scheduler = scheduler;
    this.random = random;
    this.#end = end;
  }

  /** Asks for the verdict on an operation and lets "kill" and "crash" happen around `act`; the rest is the caller's. */
  operate(kind: NetworkOperation["kind"], process: SimProcess, to: Address, act: (verdict: NetworkVerdict) => void): NetworkVerdict {
    const operation: NetworkOperation = { index: this.operations++, kind, host: process.host, to };
    const verdict = this.onOperation?.(operation) ?? "ok";
    if (verdict === "kill-before" || verdict === "crash-before") this.#end(process.host, verdict === "kill-before" ? "kill" : "crash");
    else if (verdict !== "reset-before") act(verdict);
    if (verdict === "kill-after" || verdict === "crash-after") this.#end(process.host, verdict === "kill-after" ? "kill" : "crash");
    return verdict;
  }

  /** Breaks connections (all unless `match` says which); both ends see ECONNRESET. Returns how many. */
  reset(match: ConnectionMatch = () => true): number {
    let count = 0;
    for (const connection of this.#connections) {
      if (!this.#initiators.has(connection) || !match(connection.local, connection.remote)) continue;
      this.#peers.get(connection)?.fail();
      connection.fail();
      count++;
    }
    return count;
  }

  /** Nothing passes on matching connections, in either direction, and new ones get no answer, until the returned function is called. */
  blackHole(match: ConnectionMatch = () => true): () => void {
    this.#blackHoles.add(match);
    return () => {
      this.#blackHoles.delete(match);
      for (const connection of this.#connections) connection.pump();
    };
  }

  /** What is open, for messages. */
  describe(): string[] {
    const listeners = [...this.#listeners.values()].map(({ address }) => `listener ${address.host}:${address.port}`);
    const connections = [...this.#connections].filter((connection) => this.#initiators.has(connection));
    return [...listeners, ...connections.map(({ local, remote }) => `connection ${local.port} -> ${remote.port}`)];
  }

  /** The Network of one process's Env. */
  view(process: SimProcess): Network {
    this.#hosts.add(process.host);
    process.onEnd(() => this.#sweep());
    return {
      listen: (address, accept) => this.#listen(process, address, accept),
      connect: (address, options) => this.#connect(process, address, options?.timeoutMs, options?.signal),
    };
  }

  delay(): number {
    return this.random.between(this.latencyMs[0], this.latencyMs[1]);
  }

  pieceBytes(available: number): number {
    return available > 1 && this.random.chance(this.splitProbability) ? this.random.integer(1, available) : available;
  }

  isBlackHole(from: Address, to: Address): boolean {
    for (const match of this.#blackHoles) if (match(from, to) || match(to, from)) return true;
    return false;
  }

  /** By resetProbability, at the end of the current event. */
  maybeReset(connection: SimConnection): void {
    if (this.resetProbability === 0 || !this.random.chance(this.resetProbability)) return;
    this.scheduler.after(0, "reset", () => this.reset((from, to) => isBetween(connection, from, to)));
  }

  forget(connection: SimConnection): void {
    this.#connections.delete(connection);
  }

  #listen(process: SimProcess, address: Address, accept: (connection: Connection) => void): Promise<Listener> {
    return this.#soon(process, "listen", () => {
      this.operate("listen", process, address, () => undefined);
      if (!process.running) throw process.crashError("listen");
      if (!this.#isReachable(address.host)) throw networkError("EADDRNOTAVAIL", "listen", address);
      const port = address.port === 0 ? this.#freePort() : address.port;
      if (this.#listeners.has(port)) throw networkError("EADDRINUSE", "listen", address);
      const listener: SimListener = { address: { host: address.host, port }, process, accept };
      this.#listeners.set(port, listener);
      const stop = (): void => {
        if (this.#listeners.get(port) === listener) this.#listeners.delete(port);
      };
      return { address: listener.address, close: () => this.#closeListener(listener, stop) };
    });
  }

  #closeListener(listener: SimListener, stop: () => void): Promise<void> {
    return this.#soon(listener.process, "close listener", () => {
      stop();
      for (const connection of this.#connections) {
        if (connection.local.port === listener.address.port && !this.#initiators.has(connection)) connection.destroy();
      }
    });
  }

  #connect(process: SimProcess, to: Address, timeoutMs = CONNECT_TIMEOUT_MS, signal?: AbortSignal): Promise<Connection> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) return reject(signal.reason as Error);
      if (!process.running) return reject(process.crashError("connect"));
      const verdict = this.operate("connect", process, to, () => undefined);
      if (!process.running) return reject(process.crashError("connect"));
      if (typeof verdict === "object" || verdict.startsWith("reset")) return reject(networkError("ECONNREFUSED", "connect", to));
      const from: Address = { host: process.host, port: this.#freePort() };
      let settled = false;
      const settle = (act: () => void): void => {
        if (settled || process.state === "terminated") return;
        settled = true;
        this.scheduler.cancel(timeout);
        signal?.removeEventListener("abort", onAbort);
        act();
      };
      const onAbort = (): void => settle(() => reject(signal!.reason as Error));
      const timeout = this.scheduler.after(timeoutMs, "connect timeout", () =>
        settle(() => reject(networkError("ETIMEDOUT", "connect", to))),
      );
      signal?.addEventListener("abort", onAbort, { once: true });
      this.scheduler.after(this.delay() * 2, `connect ${to.host}:${to.port}`, () => {
        if (settled || this.isBlackHole(from, to)) return;
        settle(() => this.#answer(process, from, to, resolve, reject));
      });
    });
  }

  #answer(
    process: SimProcess,
    from: Address,
    to: Address,
    resolve: (connection: Connection) => void,
    reject: (error: Error) => void,
  ): void {
    if (!process.running) return reject(process.crashError("connect"));
    if (!this.#isReachable(to.host)) return reject(networkError("ENOTFOUND", "connect", to));
    const listener = this.#listeners.get(to.port);
    if (listener === undefined || !listener.process.running || !hears(listener.address.host, to.host)) {
      return reject(networkError("ECONNREFUSED", "connect", to));
    }
    const near = new SimConnection(this, process, from, to);
    const far = new SimConnection(this, listener.process, to, from);
    SimConnection.join(near, far);
    this.#initiators.add(near);
    this.#peers.set(near, far);
    this.#connections.add(near);
    this.#connections.add(far);
    listener.process.enter(() => listener.accept(far));
    resolve(near);
  }

  /** The kernel closes what a process that ended had open. */
  #sweep(): void {
    for (const [port, listener] of this.#listeners) if (!listener.process.running) this.#listeners.delete(port);
    for (const connection of this.#connections) if (!connection.process.running) connection.abandon();
  }

  #soon<T>(process: SimProcess, label: string, act: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      this.scheduler.after(this.delay(), label, () => {
        if (process.state === "terminated") return;
        if (!process.running) return reject(process.crashError(label));
        try {
          resolve(act());
        } catch (error) {
          reject(error as Error);
        }
      });
    });
  }

  #isReachable(host: string): boolean {
    return LOOPBACK.has(host) || this.#hosts.has(host);
  }

  #freePort(): number {
    while (this.#listeners.has(this.#nextPort)) this.#nextPort++;
    return this.#nextPort++;
  }
}

function hears(listening: string, asked: string): boolean {
  return listening === asked || LOOPBACK.has(listening) || LOOPBACK.has(asked);
}

function isBetween({ local, remote }: SimConnection, from: Address, to: Address): boolean {
  return (local.port === from.port && remote.port === to.port) || (local.port === to.port && remote.port === from.port);
}

function networkError(code: string, operation: string, address: Address): Error {
  const texts: Record<string, string> = {
    EADDRINUSE: "address already in use",
    EADDRNOTAVAIL: "this host has no such address",
    ECONNREFUSED: "nothing listens there",
    ENOTFOUND: "no host of this name",
    ETIMEDOUT: "no answer in time",
  };
  const text = `${operation} ${code} ${address.host}:${address.port}: ${texts[code] ?? code}`;
  return Object.assign(new Error(text), { code, address: address.host, port: address.port });
}
