// A Kafka sink at work, for all its writers: checks the setup, resolves what former runs left, makes writers.
import type { KafkaClient } from "../../client/client.ts";
import { isRetriable } from "../../client/errors.ts";
import type { ConnectorContext, Recovered, SinkConnector, SinkWriter } from "../../stream/connector.ts";
import { abortLeftovers } from "./abort-leftovers.ts";
import { registryEncoding, type RegistryEncoding } from "./registry-encoding.ts";
import { hintAtKeys } from "./registry-check.ts";
import { SCHEMA_FORMATS } from "./schema-formats.ts";
import { decodeCommittable } from "./committable.ts";
import { connectorRegistry } from "./connector-client.ts";
import { FlushingWriter } from "./flushing-writer.ts";
import { KafkaConnectorError } from "./kafka-connector-error.ts";
import type { Delivery } from "./kafka-sink.ts";
import { RecordFeed } from "./record-feed.ts";
import { KeyEncoder } from "./key-encoder.ts";
import type { TopicEncodings } from "./record-encoder.ts";
import { RecordParts, type RecordFunctions } from "./record-parts.ts";
import { recoverTransactions } from "./recover-transactions.ts";
import type { Topic } from "./topic.ts";
import { keyPart } from "./topic-key.ts";
import type { RegisteredFormat, RegisteredPart } from "./topic-format.ts";
import { partitionCount } from "./topic-metadata.ts";
import { untilVisible } from "./transaction-outcome.ts";
import { TransactionPool } from "./transaction-pool.ts";
import { TransactionalWriter } from "./transactional-writer.ts";

/** Kafka's default of transaction.max.timeout.ms, for brokers that do not tell. */
const DEFAULT_MAX_TIMEOUT_MS = 900_000;
/** A transaction lives for an interval and a checkpoint, and then a restart must still find it. */
const TIMEOUT_MARGIN = 3;

export interface KafkaSinkSettings {
  readonly topic: Topic<unknown, unknown>;
  readonly delivery: Delivery;
  readonly transactionTimeoutMs: number | undefined;
  /** Ids are this + "<subtask>/<n>". */
  readonly transactionalIdPrefix: string;
  readonly onLostTransaction: "fail" | "continue";
  /** Undefined: none is given. */
  readonly functions: RecordFunctions<unknown, unknown> | undefined;
}

/** KIP-939: what a broker must offer for transactions that wait for their job without a timeout. */
const TWO_PHASE_SETTING = "transaction.two.phase.commit.enable";
const TWO_PHASE_VERSION = 6;

interface TransactionRules {
  readonly timeoutMs: number;
  readonly twoPhaseCommit: boolean;
}

export class KafkaSinkConnector implements SinkConnector {
  readonly #context: ConnectorContext;
  readonly #client: KafkaClient;
  readonly #settings: KafkaSinkSettings;
  readonly #writers: SinkWriter[] = [];
  #resting: ReadonlySet<string> = new Set();
  #transactions: Promise<TransactionRules> | undefined;
  #schemas: Promise<TopicEncodings> | undefined;

  constructor(context: ConnectorContext, client: KafkaClient, settings: KafkaSinkSettings) {
    this.#context = context;
    this.#client = client;
    this.#settings = settings;
  }

  async check(): Promise<void> {
    await this.#checkSchema();
    if (this.#settings.delivery !== "exactly-once") return;
    const intervalMs = Number(this.#context.settings["checkpoint.interval.ms"] ?? Number.NaN);
    if (!Number.isFinite(intervalMs)) return;
    let rules;
    try {
      rules = await this.#transactionRules();
    } catch (error) {
      // An unreachable broker is no wrong setup: recover() meets it, too, and may be tried again.
      if (isRetriable(error)) return;
      throw error;
    }
    const { timeoutMs, twoPhaseCommit } = rules;
    if (twoPhaseCommit || intervalMs * TIMEOUT_MARGIN <= timeoutMs) return;
    const { topic, transactionTimeoutMs } = this.#settings;
    const source = transactionTimeoutMs === undefined ? "transaction.max.timeout.ms of the broker" : "option transactionTimeoutMs";
    throw new KafkaConnectorError(
      "CHECKPOINT_INTERVAL_TOO_LONG",
      `Sink "${this.#context.operator}" writes topic "${topic.name}" exactly once, in one transaction per checkpoint. With a checkpoint interval of ${intervalMs} ms a transaction needs ${intervalMs * TIMEOUT_MARGIN} ms (${TIMEOUT_MARGIN} intervals, so that a restart still finds it open), but the broker ends it after ${timeoutMs} ms (${source}). Set the interval to ${Math.floor(timeoutMs / TIMEOUT_MARGIN)} ms or less, raise transaction.max.timeout.ms, or use delivery: "at-least-once".`,
    );
  }

  /** Registers or finds the schemas. An unreachable registry is no wrong setup: writer() meets it, too, and may be tried again. */
  async #checkSchema(): Promise<void> {
    try {
      await this.#encodings();
    } catch (error) {
      if ((error as { code?: string }).code !== "REGISTRY_UNREACHABLE") throw error;
    }
  }

  async recover(committables: readonly Uint8Array[]): Promise<Recovered> {
    const { delivery, onLostTransaction, transactionalIdPrefix } = this.#settings;
    const prepared = committables.map((bytes) => decodeCommittable(bytes, this.#context.operator));
    await recoverTransactions(this.#client, this.#context, prepared, onLostTransaction);
    this.#resting = new Set(prepared.map(({ transactionalId }) => transactionalId));
    if (delivery !== "exactly-once" && prepared.length === 0) return { committed: 0, aborted: 0 };
    const { timeoutMs } = await this.#transactionRules();
    const aborted = await abortLeftovers(this.#client, { prefix: transactionalIdPrefix, timeoutMs, keep: this.#resting });
    const { job, operator, env } = this.#context;
    if (prepared.length + aborted.length > 0)
      env.logger.log("info", "transactions-recovered", { job, operator, committed: prepared.length, aborted: aborted.length });
    return { committed: prepared.length, aborted: aborted.length };
  }

  async writer(subtask: number): Promise<SinkWriter> {
    const { topic, delivery } = this.#settings;
    const { env, operator } = this.#context;
    const partitions = await partitionCount(this.#client.cluster, topic.name, operator);
    const { functions } = this.#settings;
    const encodings = await this.#encodings();
    const { value, key } = encodings;
    const hasParts = functions !== undefined || value?.header !== undefined || value?.headerNow !== undefined || key?.header !== undefined;
    const keys = key === undefined ? undefined : new KeyEncoder(topic.schema.type, topic, key);
    const schemaParts = { value: value?.header, valueNow: value?.headerNow, key: key?.header, keys };
    const parts = hasParts ? new RecordParts(functions ?? {}, topic.name, partitions, schemaParts) : undefined;
    const feed = new RecordFeed(topic, env.clock, parts, encodings);
    const writer =
      delivery === "exactly-once"
        ? await this.#transactionalWriter(subtask, feed)
        : new FlushingWriter(this.#client.producer(), feed, env.timers, delivery === "at-least-once");
    this.#writers.push(writer);
    return writer;
  }

  async close(): Promise<void> {
    // The client's own close would abort what is prepared: writers go first.
    await Promise.allSettled(this.#writers.map((writer) => writer.close()));
    await this.#client.close();
  }

  async #transactionalWriter(subtask: number, feed: RecordFeed): Promise<SinkWriter> {
    const { topic, transactionalIdPrefix } = this.#settings;
    const rules = await this.#transactionRules();
    const prefix = `${transactionalIdPrefix}${subtask}/`;
    const pool = new TransactionPool(this.#client, { prefix, topic: topic.name, ...rules, resting: this.#resting });
    const { timers } = this.#context.env;
    const { cluster } = this.#client;
    return new TransactionalWriter(topic.name, pool, feed, await pool.begin(), {
      afterwards: (fn) => timers.soon(fn),
      visible: (committable) => untilVisible(cluster, committable),
    });
  }

  /** Asked once for all writers. */
  #encodings(): Promise<TopicEncodings> {
    this.#schemas ??= this.#registered().catch((error: unknown) => {
      this.#schemas = undefined;
      throw error;
    });
    return this.#schemas;
  }

  async #registered(): Promise<TopicEncodings> {
    const { topic, functions } = this.#settings;
    const { format = "json", keyFormat } = topic;
    const value = format === "json" ? undefined : await this.#encoding(topic, format, `format: "${format}"`);
    const ofKeys = keyPart(topic);
    if (ofKeys !== undefined) return { value, key: await this.#encoding(ofKeys, keyFormat!, `keyFormat: "${keyFormat}"`) };
    if (value !== undefined && (topic.key !== undefined || functions?.key !== undefined))
      await hintAtKeys(topic, connectorRegistry(this.#context, topic.registry?.url, `format: "${format}"`), this.#context, "written");
    return { value };
  }

  #encoding(part: RegisteredPart, format: RegisteredFormat, needed: string): Promise<RegistryEncoding> {
    return registryEncoding(part, SCHEMA_FORMATS[format], connectorRegistry(this.#context, part.registry?.url, needed));
  }

  #transactionRules(): Promise<TransactionRules> {
    this.#transactions ??= this.#readRules().catch((error: unknown) => {
      this.#transactions = undefined;
      throw error;
    });
    return this.#transactions;
  }

  async #readRules(): Promise<TransactionRules> {
    let maxMs = DEFAULT_MAX_TIMEOUT_MS;
    let twoPhaseCommit = false;
    const { cluster } = this.#client;
    try {
      const configs = await this.#client.admin().describeBrokerConfigs();
      const told = Number(configs.find(({ name }) => name === "transaction.max.timeout.ms")?.value ?? Number.NaN);
      if (Number.isInteger(told) && told > 0) maxMs = told;
      // A timeout that was asked for holds.
      if (this.#settings.transactionTimeoutMs === undefined && configs.find(({ name }) => name === TWO_PHASE_SETTING)?.value === "true") {
        const connection = await cluster.retried("Asking for two-phase commit", () => cluster.connection({ to: "any" }));
        twoPhaseCommit = connection.versions.supports("InitProducerId", TWO_PHASE_VERSION);
      }
    } catch (error) {
      // Not allowed to ask: Kafka's default holds, and the broker refuses a longer timeout by itself.
      if (isRetriable(error)) throw error;
    }
    return { timeoutMs: Math.min(maxMs, this.#settings.transactionTimeoutMs ?? maxMs), twoPhaseCommit };
  }
}
