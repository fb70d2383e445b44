// The broker put together: log directory, coordinators, APIs, listener, housekeeping. It accepts clients only after the coordinators
// have read their state back. A failed fsync stops it: what was not acknowledged must not become visible.
import type { Env } from "../env/env.ts";
import type { Address } from "../env/network.ts";
import { LogDirectory } from "../log/log-directory.ts";
import type { ApiName } from "../protocol/apis.ts";
import { ALL_APIS } from "./apis/all.ts";
import { servedApis, type BrokerContext } from "./api.ts";
import { GroupCoordinator } from "./coordinators/group/group-coordinator.ts";
import { MarkerWriter } from "./coordinators/transaction/marker-writer.ts";
import { ProducerIds } from "./coordinators/transaction/producer-ids.ts";
import { TransactionCoordinator } from "./coordinators/transaction/transaction-coordinator.ts";
import { MetricCounters } from "./broker-metrics.ts";
import { DynamicSettings } from "./dynamic-settings.ts";
import { Faults, type Fault } from "./faults.ts";
import { FeatureLevels } from "./features.ts";
import { FetchSessions } from "./fetch-sessions.ts";
import { GroupConfigs } from "./group-configs.ts";
import { groupStates } from "./group-states.ts";
import { Housekeeping } from "./housekeeping.ts";
import { LEADER_EPOCH } from "./leader-epoch.ts";
import { BrokerListener, type ListenerPlace, type OpenedListener } from "./listener.ts";
import { isLoopback } from "./loopback.ts";
import { Settings } from "./settings.ts";
import { topicDefaults } from "./topic-config.ts";
import { Topics } from "./topics.ts";

export interface BrokerOptions {
  /** Everything the broker keeps is below it; one process at a time. */
  readonly dataDir: string;
  /** 127.0.0.1 unless said otherwise. */
  readonly host?: string;
  /** 9092 unless said otherwise; 0: any free one. */
  readonly port?: number;
  /** What clients are told to connect to, if that is not the address the broker listens on. */
  readonly advertised?: Address;
  /** Several addresses, instead of `host`, `port` and `advertised`: clients are told the one that belongs to theirs. */
  readonly listeners?: readonly ListenerPlace[];
  /** "disk" (default): acknowledged records survive a power cut. "page-cache": they survive the process only. */
  readonly durability?: "disk" | "page-cache";
  /** By Kafka's own names. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly nodeId?: number;
  /** Transactions that are open for longer are named in the log at the start; 60,000 ms unless said otherwise. */
  readonly oldTransactionMs?: number;
  /** Allows a listener that is reachable from other machines, without encryption and authentication. */
  readonly insecure?: boolean;
}

export interface BrokerMetrics {
  readonly connections: number;
  /** Bytes of requests in work. */
  readonly requestBytes: number;
  readonly topics: number;
  readonly partitions: number;
  readonly groups: number;
}

export interface Broker {
  readonly address: Address;
  /** "host:port" for clients: of the first listener. */
  readonly bootstrapServers: string;
  readonly clusterId: string;
  readonly logs: LogDirectory;
  /** Resolves if the broker had to stop by itself, with the reason. */
  readonly failed: Promise<Error>;
  metrics(): BrokerMetrics;
  /** The same and more in Prometheus' text format, under the names of Apache Kafka's metrics. */
  metricsText(): string;
  /**
   * Makes requests of an API fail on demand (delayed, dropped, refused): for tests of clients. Returns how to take that back.
   * Throws FaultError if the API's answers have no error of their own.
   */
  control<N extends ApiName>(api: N, fault: Fault<N>): () => void;
  /** Idempotent. Resolves when everything is on disk and closed. */
  close(): Promise<void>;
}

/** The options contradict each other or the rules of operation; the message says what to change. */
export class BrokerOptionsError extends Error {
  override readonly name = "BrokerOptionsError";
  readonly code = "INVALID_BROKER_OPTIONS";
}

/** Beside the log: what is the broker's own. */
const BROKER_DIRECTORY = "broker";
const DEFAULT_HOST = "127.0.0.1";
const DEFAULT_PORT = 9092;
const NOWHERE: Address = { host: DEFAULT_HOST, port: 0 };
const WILDCARDS: ReadonlySet<string> = new Set(["0.0.0.0", "::"]);

/** Rejects with the log directory's or the network's error (ELOCKED, EADDRINUSE, …), SettingError or BrokerOptionsError. */
export async function startBroker(env: Env, options: BrokerOptions): Promise<Broker> {
  const places = placesOf(options);
  const settings = new Settings(options.settings);
  await refuseForeignDirectory(env, options.dataDir);
  if (settings.unknown.length > 0)
    env.logger.log("warn", "unknown-settings", { names: settings.unknown, consequence: "they have no effect" });
  await DynamicSettings.load(env.files, `${options.dataDir}/${BROKER_DIRECTORY}`, settings);
  const groupConfigs = await GroupConfigs.load(env.files, `${options.dataDir}/${BROKER_DIRECTORY}`, settings);
  const features = await FeatureLevels.load(env.files, `${options.dataDir}/${BROKER_DIRECTORY}`);
  const logs = await LogDirectory.open(env, `${options.dataDir}/log`, {
    durability: options.durability ?? "disk",
    topicDefaults: topicDefaults(settings),
    retentionIntervalMs: 0,
    compactionIntervalMs: 0,
    leaderEpoch: LEADER_EPOCH,
    producerExpirationMs: () => settings.number("producer.id.expiration.ms"),
  });
  const broker = new RunningBroker(env, { settings, groupConfigs, features, logs }, options);
  try {
    await broker.open(places);
  } catch (error) {
    await broker.close();
    throw error;
  }
  return broker;
}

/** Apache Kafka does not start any more on a log directory that holds folders of others. Rejects with a BrokerOptionsError. */
async function refuseForeignDirectory(env: Env, dataDir: string): Promise<void> {
  if ((await env.files.stat(`${dataDir}/meta.properties`)) === undefined) return;
  throw new BrokerOptionsError(
    `${dataDir} is a log directory of Apache Kafka (it has meta.properties), which would not start on it again with another broker's files in it. Use another directory (dataDir); its records are copied by a client, or read with millrace log dump.`,
  );
}

/** Throws a BrokerOptionsError. */
function placesOf({ listeners, host = DEFAULT_HOST, port = DEFAULT_PORT, advertised, insecure }: BrokerOptions): readonly ListenerPlace[] {
  const places = listeners ?? [{ host, port, ...(advertised === undefined ? {} : { advertised }) }];
  if (places.length === 0) throw new BrokerOptionsError("A broker needs at least one listener.");
  for (const place of places) {
    if (!isLoopback(place.host) && insecure !== true) {
      const remedy = "Listen on 127.0.0.1, or allow it explicitly (insecure).";
      throw new BrokerOptionsError(
        `A broker on ${place.host} would serve everybody who can reach it, unencrypted and without authentication. ${remedy}`,
      );
    }
    if (WILDCARDS.has(place.host) && place.advertised === undefined)
      throw new BrokerOptionsError(`A broker on ${place.host} has to be told which address its clients should use (advertised).`);
  }
  return places;
}

/** What was there before the start. */
type Stored = Pick<BrokerContext, "settings" | "groupConfigs" | "features" | "logs">;

class RunningBroker implements Broker {
  readonly logs: LogDirectory;
  readonly failed: Promise<Error>;
  readonly #env: Env;
  readonly #context: BrokerContext;
  readonly #markers: MarkerWriter;
  readonly #listener: BrokerListener;
  readonly #housekeeping: Housekeeping;
  readonly #opened: OpenedListener[] = [];
  #closing: Promise<void> | undefined;

  constructor(env: Env, stored: Stored, options: BrokerOptions) {
    const { settings, groupConfigs, logs } = stored;
    this.#env = env;
    this.logs = logs;
    const topics = new Topics(logs, settings);
    const groups = new GroupCoordinator(env, topics, settings, groupConfigs);
    this.#markers = new MarkerWriter(env, topics, (producerId, commit) => groups.transactionEnded(producerId, commit));
    const ids = new ProducerIds(env.files, `${options.dataDir}/${BROKER_DIRECTORY}`);
    const dynamicSettings = new DynamicSettings(env.files, `${options.dataDir}/${BROKER_DIRECTORY}`, settings, () =>
      logs.setTopicDefaults(topicDefaults(settings)),
    );
    const transactions = new TransactionCoordinator(env, topics, settings, ids, this.#markers, options.oldTransactionMs);
    const nodeId = options.nodeId ?? settings.nodeId;
    const fetchSessions = new FetchSessions(env.clock, env.random, settings.number("max.incremental.fetch.session.cache.slots"));
    const coordinators = { groups, transactions };
    const tools = { fetchSessions, faults: new Faults(), counters: new MetricCounters() };
    this.#context = {
      env,
      ...stored,
      dynamicSettings,
      topics,
      ...coordinators,
      ...tools,
      nodeId,
      place: { dataDir: options.dataDir, listeners: this.#opened },
      apis: servedApis(ALL_APIS, settings.boolean("unstable.api.versions.enable")),
    };
    this.#listener = new BrokerListener(this.#context);
    this.#housekeeping = new Housekeeping(this.#context);
    this.failed = new Promise((resolve) => {
      logs.onFatal((reason) => {
        resolve(reason);
        this.#stopAfter(reason);
      });
    });
  }

  get address(): Address {
    return this.#opened[0]?.address ?? NOWHERE;
  }

  get bootstrapServers(): string {
    const { host, port } = this.#opened[0]?.advertised ?? NOWHERE;
    return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
  }

  get clusterId(): string {
    return this.logs.clusterId;
  }

  async open(places: readonly ListenerPlace[]): Promise<void> {
    await this.#context.groups.load();
    await this.#context.transactions.load();
    for (const place of places) this.#opened.push(await this.#listener.open(place));
    this.#context.transactions.resume();
    this.#housekeeping.start();
  }

  metrics(): BrokerMetrics {
    let topics = 0;
    let partitions = 0;
    for (const topic of this.logs.topics()) {
      topics++;
      partitions += topic.partitions.length;
    }
    const { connections, requestBytes } = this.#listener;
    return { connections, requestBytes, topics, partitions, groups: this.#context.groups.groupIds().size };
  }

  metricsText(): string {
    const { env, logs, place, apis, groups, transactions, fetchSessions, counters } = this.#context;
    const { counts: listeners, queued, requestBytes } = this.#listener;
    let offsets = 0;
    for (const group of groups.offsets.groups()) offsets += groups.offsets.allKeys(group).length;
    const coordinated = { groups: groupStates(groups), offsets, transactionalIds: [...transactions.states()].length };
    return counters.text({
      logs,
      logDirectory: place.dataDir,
      apis,
      listeners,
      now: env.clock.monotonicMs(),
      queued,
      requestBytes,
      ...coordinated,
      fetchSessions: fetchSessions.metrics,
    });
  }

  control<N extends ApiName>(api: N, fault: Fault<N>): () => void {
    return this.#context.faults.add(api, fault);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  #stopAfter(reason: Error): void {
    const { logger } = this.#env;
    logger.log("error", "broker-stopped", { error: reason, consequence: "no request is served any more; mend the disk and start again" });
    this.close().catch((cause: unknown) => logger.log("error", "broker-not-closed", { error: cause }));
  }

  async #close(): Promise<void> {
    this.#housekeeping.close();
    await this.#listener.close();
    this.#context.groups.close();
    this.#context.transactions.close();
    this.#markers.close();
    try {
      await this.logs.close();
    } catch (error) {
      this.#env.logger.log("error", "log-not-closed", { error, consequence: "the next start checks the log" });
    }
  }
}
