// The way from "this request, to whom it concerns" to a connection: which broker leads a partition, coordinates a group or a transaction;
// retries with pauses what can be retried, and looks up anew who is concerned when an answer says that it moved.
import type { Env } from "../env/env.ts";
import type { Address } from "../env/network.ts";
import type { ApiName, RequestOf, ResponseOf } from "../protocol/apis.ts";
import { newFindCoordinatorRequest } from "../protocol/generated/find-coordinator.gen.ts";
import { newMetadataRequest, newMetadataRequestTopic } from "../protocol/generated/metadata.gen.ts";
import { abortable } from "./abortable.ts";
import { addressText } from "./address.ts";
import type { Backoff } from "./backoff.ts";
import type { BrokerConnection, RequestOptions } from "./connection.ts";
import { ConnectionPool } from "./connection-pool.ts";
import { brokerError, ClientError, codeOf, isConnectionLoss, isRetriable } from "./errors.ts";
import { MetadataCache, type PartitionMetadata, type TopicMetadata } from "./metadata-cache.ts";
import { retrying } from "./retry.ts";

export interface ClusterOptions {
  readonly brokers: readonly Address[];
  readonly clientId: string;
  readonly connectTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly apiTimeoutMs: number;
  readonly metadataMaxAgeMs: number;
  readonly retryBackoff: Backoff;
}

export type CoordinatorKind = "group" | "transaction";

/** Who a request concerns. */
export type Target =
  | { readonly to: "any" }
  | { readonly to: "controller" }
  | { readonly to: "node"; readonly nodeId: number }
  | { readonly to: "coordinator"; readonly kind: CoordinatorKind; readonly key: string };

export interface CallOptions extends RequestOptions {
  /** "control" unless set. */
  readonly lane?: string | undefined;
}

export interface RetriedCallOptions extends CallOptions {
  /** Completes "… failed"; such as "Committing offsets of group orders". */
  readonly what: string;
  /** The time for all tries; apiTimeoutMs unless set. */
  readonly totalTimeoutMs?: number | undefined;
}

/** How long a topic may be unknown before it is an error: it may be in creation. */
const UNKNOWN_TOPIC_TIMEOUT_MS = 2000;
const CONTROL_LANE = "control";
const KEY_TYPE: Readonly<Record<CoordinatorKind, number>> = { group: 0, transaction: 1 };
const MOVED_COORDINATOR = new Set(["NOT_COORDINATOR", "COORDINATOR_NOT_AVAILABLE"]);

export class Cluster {
  readonly env: Env;
  readonly options: ClusterOptions;
  readonly metadata = new MetadataCache();
  readonly #pool: ConnectionPool;
  readonly #coordinators = new Map<string, Address>();
  readonly #refreshedAt = new Map<string, number>();
  #refreshing: { readonly promise: Promise<Map<string, number>>; readonly topics: ReadonlySet<string> } | undefined;
  #turn = 0;
  #lanes = 0;
  #closed = false;

  constructor(env: Env, options: ClusterOptions) {
    this.env = env;
    this.options = options;
    this.#pool = new ConnectionPool(env, options);
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** A name for a lane of its own; closeLane() ends it. */
  newLane(purpose: string): string {
    return `${purpose}-${++this.#lanes}`;
  }

  closeLane(lane: string): void {
    this.#pool.closeLane(lane);
  }

  close(): void {
    this.#closed = true;
    this.#pool.close();
  }

  /** "node 1 (127.0.0.1:9092)" for messages. */
  nodeText(nodeId: number): string {
    const address = this.metadata.brokers.get(nodeId);
    return address === undefined ? `node ${nodeId}` : `node ${nodeId} (${addressText(address)})`;
  }

  // ---------- connections ----------

  async connection(target: Target, lane = CONTROL_LANE, signal?: AbortSignal): Promise<BrokerConnection> {
    switch (target.to) {
      case "any":
        return this.#anyConnection(lane, signal);
      case "controller":
        return this.#nodeConnection(this.metadata.controllerId, lane, signal);
      case "node":
        return this.#nodeConnection(target.nodeId, lane, signal);
      case "coordinator":
        return this.#pool.get(await this.#coordinator(target.kind, target.key, signal), lane, signal);
    }
  }

  /** The open connection to a node, without waiting. */
  openConnection(nodeId: number, lane: string): BrokerConnection | undefined {
    const address = this.metadata.brokers.get(nodeId);
    return address === undefined ? undefined : this.#pool.peek(address, lane);
  }

  async #nodeConnection(nodeId: number, lane: string, signal?: AbortSignal): Promise<BrokerConnection> {
    const address = this.metadata.brokers.get(nodeId);
    if (address !== undefined) return this.#pool.get(address, lane, signal);
    if (nodeId < 0) return this.#anyConnection(lane, signal);
    throw new ClientError("BROKER_UNREACHABLE", `Broker ${nodeId} is not in the cluster's metadata.`, { retriable: true });
  }

  /** Brokers that were met first, then the bootstrap addresses; each is tried once, beginning with another one after a failure. */
  async #anyConnection(lane: string, signal?: AbortSignal): Promise<BrokerConnection> {
    const candidates = new Map<string, Address>();
    for (const address of [...this.metadata.brokers.values(), ...this.options.brokers]) candidates.set(addressText(address), address);
    const addresses = [...candidates.values()];
    let failure: unknown;
    for (let i = 0; i < addresses.length; i++) {
      try {
        return await this.#pool.get(addresses[(this.#turn + i) % addresses.length]!, lane, signal);
      } catch (error) {
        if (!isRetriable(error)) throw error;
        failure = error;
      }
    }
    this.#turn++;
    throw failure;
  }

  // ---------- calls ----------

  /** One try. */
  async call<N extends ApiName>(
    target: Target,
    name: N,
    message: RequestOf<N> | ((version: number) => RequestOf<N>),
    options: CallOptions = {},
  ): Promise<ResponseOf<N>> {
    const connection = await this.connection(target, options.lane, options.signal);
    return connection.request(name, message, options);
  }

  /** Tries until `accept` returns without a retriable error. `accept` turns error codes of the response into errors (brokerError). */
  retriedCall<N extends ApiName, T>(
    target: Target,
    name: N,
    message: RequestOf<N> | ((version: number) => RequestOf<N>),
    accept: (response: ResponseOf<N>, where: string) => T,
    options: RetriedCallOptions,
  ): Promise<T> {
    const attempt = async (): Promise<T> => {
      const connection = await this.connection(target, options.lane, options.signal);
      return accept(await connection.request(name, message, options), `${options.what} on ${addressText(connection.address)}`);
    };
    return this.retried(options.what, attempt, { ...options, target });
  }

  /** As retriedCall, for attempts of any shape. */
  retried<T>(
    what: string,
    attempt: () => Promise<T>,
    options: { readonly signal?: AbortSignal | undefined; readonly totalTimeoutMs?: number | undefined; readonly target?: Target } = {},
  ): Promise<T> {
    return retrying(this.env, attempt, {
      what,
      timeoutMs: options.totalTimeoutMs ?? this.options.apiTimeoutMs,
      timeoutName: "apiTimeoutMs",
      backoff: this.options.retryBackoff,
      signal: options.signal,
      onRetry: (error) => this.#reconsider(options.target, error),
    });
  }

  #reconsider(target: Target | undefined, error: unknown): void {
    if (target?.to !== "coordinator") return;
    if (MOVED_COORDINATOR.has(codeOf(error)) || isConnectionLoss(error)) this.forgetCoordinator(target.kind, target.key);
  }

  // ---------- coordinators ----------

  forgetCoordinator(kind: CoordinatorKind, key: string): void {
    this.#coordinators.delete(`${kind}/${key}`);
  }

  async #coordinator(kind: CoordinatorKind, key: string, signal?: AbortSignal): Promise<Address> {
    const known = this.#coordinators.get(`${kind}/${key}`);
    if (known !== undefined) return known;
    const response = await this.call(
      { to: "any" },
      "FindCoordinator",
      (version) =>
        newFindCoordinatorRequest(version >= 4 ? { keyType: KEY_TYPE[kind], coordinatorKeys: [key] } : { keyType: KEY_TYPE[kind], key }),
      { signal },
    );
    const found = response.coordinators[0] ?? response;
    if (found.errorCode !== 0) throw brokerError(found.errorCode, `Finding the coordinator of ${kind} "${key}"`, found.errorMessage);
    const address = { host: found.host, port: found.port };
    this.#coordinators.set(`${kind}/${key}`, address);
    return address;
  }

  // ---------- metadata ----------

  /** From the cache, or undefined. */
  topicNow(name: string): TopicMetadata | undefined {
    return this.metadata.topic(name);
  }

  leaderNow(topic: string, partition: number): PartitionMetadata | undefined {
    return this.metadata.leader(topic, partition);
  }

  /** Whether the cached metadata of a topic is older than metadataMaxAgeMs. */
  isStale(topic: string): boolean {
    return this.env.clock.monotonicMs() - (this.#refreshedAt.get(topic) ?? -Infinity) > this.options.metadataMaxAgeMs;
  }

  /** Metadata of a topic, from the cache or asked for; every partition has a leader. Rejects with UNKNOWN_TOPIC_OR_PARTITION after 2 s. */
  topic(
    name: string,
    options: { readonly signal?: AbortSignal | undefined; readonly autoCreate?: boolean; readonly fresh?: boolean } = {},
  ): Promise<TopicMetadata> {
    const known = this.metadata.topic(name);
    if (known !== undefined && options.fresh !== true && known.partitions.every((partition) => partition.leaderId >= 0))
      return Promise.resolve(known);
    const started = this.env.clock.monotonicMs();
    const attempt = async (): Promise<TopicMetadata> => {
      const errors = await this.refresh([name], options.signal, options.autoCreate);
      const errorCode = errors.get(name) ?? 0;
      if (errorCode !== 0) {
        const error = brokerError(errorCode, `Metadata of topic "${name}"`);
        const unknown = error.code === "UNKNOWN_TOPIC_OR_PARTITION" && this.env.clock.monotonicMs() - started > UNKNOWN_TOPIC_TIMEOUT_MS;
        throw unknown ? new ClientError(error.code, error.message, { errorCode }) : error;
      }
      const topic = this.metadata.topic(name);
      const leaderless = topic?.partitions.find((partition) => partition.leaderId < 0);
      if (topic === undefined || leaderless !== undefined)
        throw new ClientError("LEADER_NOT_AVAILABLE", `Partition ${name}-${leaderless?.partition ?? 0} has no leader.`, {
          retriable: true,
        });
      return topic;
    };
    return this.retried(`Metadata of topic "${name}"`, attempt, { signal: options.signal });
  }

  /** Asks one broker once for these topics; concurrent calls for the same topics share a request. Resolves to the topics' error codes. */
  async refresh(topics: readonly string[], signal?: AbortSignal, autoCreate = false): Promise<Map<string, number>> {
    const running = this.#refreshing;
    if (running !== undefined && !autoCreate && topics.every((topic) => running.topics.has(topic)))
      return abortable(running.promise, signal);
    const promise = this.#requestMetadata(topics, autoCreate);
    const entry = { promise, topics: new Set(topics) };
    this.#refreshing = entry;
    promise
      .catch(() => {})
      .finally(() => {
        if (this.#refreshing === entry) this.#refreshing = undefined;
      });
    return abortable(promise, signal);
  }

  async #requestMetadata(topics: readonly string[], autoCreate: boolean): Promise<Map<string, number>> {
    const message = newMetadataRequest({
      topics: topics.map((name) => newMetadataRequestTopic({ name })),
      allowAutoTopicCreation: autoCreate,
    });
    const response = await this.call({ to: "any" }, "Metadata", message);
    if (response.errorCode !== 0) throw brokerError(response.errorCode, "Metadata");
    const now = this.env.clock.monotonicMs();
    for (const topic of topics) this.#refreshedAt.set(topic, now);
    return this.metadata.apply(response);
  }
}
