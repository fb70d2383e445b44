// Topics as the broker's APIs see them: which names are allowed, which are internal, creation on first use (once at a time per name).
import type { LogDirectory, TopicInfo } from "../log/log-directory.ts";
import type { PartitionLog } from "../log/partition-log.ts";
import { KafkaError } from "../protocol/errors.ts";
import { ZERO_UUID, type Uuid } from "../protocol/primitives.ts";
import type { Settings } from "./settings.ts";

export const OFFSETS_TOPIC = "__consumer_offsets";
export const TRANSACTIONS_TOPIC = "__transaction_state";
const MAX_NAME_LENGTH = 249;
/** Partitions one request may create: far above any sensible topic, far below what would stop the process. */
export const MAX_PARTITIONS = 10_000;

export function isInternalTopic(name: string): boolean {
  return name === OFFSETS_TOPIC || name === TRANSACTIONS_TOPIC;
}

/** Why `name` cannot be a topic's; undefined if it can. */
export function invalidTopicName(name: string): string | undefined {
  if (name === "") return "A topic's name must not be empty";
  if (name === "." || name === "..") return 'A topic\'s name cannot be "." or ".."';
  if (name.length > MAX_NAME_LENGTH)
    return `A topic's name must not be longer than ${MAX_NAME_LENGTH} characters, ${name.length} were given`;
  if (!/^[a-zA-Z0-9._-]+$/.test(name)) return `The topic name "${name}" has characters other than letters, digits, ".", "_" and "-"`;
  return undefined;
}

/** The partition's key in coordinator state. The last dash separates: topic names may have dashes, partitions do not. */
export function partitionKey(topic: string, partition: number): string {
  return `${topic}-${partition}`;
}

export function parsePartitionKey(key: string): { topic: string; partition: number } {
  const dash = key.lastIndexOf("-");
  return { topic: key.slice(0, dash), partition: Number(key.slice(dash + 1)) };
}

/** As Apache Kafka makes them. */
const OFFSETS_CONFIG = { "compression.type": "producer" };
const TRANSACTIONS_CONFIG = { "compression.type": "uncompressed", "min.insync.replicas": "1", "unclean.leader.election.enable": "false" };

export class Topics {
  readonly #logs: LogDirectory;
  readonly #settings: Settings;
  readonly #creating = new Map<string, Promise<TopicInfo>>();

  constructor(logs: LogDirectory, settings: Settings) {
    this.#logs = logs;
    this.#settings = settings;
  }

  byName(name: string): TopicInfo | undefined {
    return this.#logs.topic(name);
  }

  byId(id: Uuid): TopicInfo | undefined {
    return id === ZERO_UUID ? undefined : this.#logs.topicById(id);
  }

  partition(topic: string, partition: number): PartitionLog | undefined {
    return this.#logs.topic(topic)?.partitions[partition];
  }

  all(): Iterable<TopicInfo> {
    return this.#logs.topics();
  }

  /**
   * The topic, made with the broker's defaults if it is not there. Rejects with a KafkaError for a name that is not allowed; one that collides
   * is never there, as on Apache Kafka, whose controller refuses it.
   */
  async ensure(name: string): Promise<TopicInfo> {
    const existing = this.#logs.topic(name);
    if (existing !== undefined) return existing;
    const problem = invalidTopicName(name);
    if (problem !== undefined) throw new KafkaError("INVALID_TOPIC_EXCEPTION", problem);
    if (name === OFFSETS_TOPIC || name === TRANSACTIONS_TOPIC) return this.ensureInternal(name);
    const other = this.collisions([name]).get(name);
    if (other !== undefined) throw new KafkaError("UNKNOWN_TOPIC_OR_PARTITION", `Topic '${name}' collides with existing topic '${other}'.`);
    return this.create(name, this.#settings.number("num.partitions"), {});
  }

  ensureInternal(name: string): Promise<TopicInfo> {
    const settings = name === OFFSETS_TOPIC ? "offsets.topic" : "transaction.state.log";
    const segments = { "cleanup.policy": "compact", "segment.bytes": this.#settings.text(`${settings}.segment.bytes`) };
    const config = { ...segments, ...(name === OFFSETS_TOPIC ? OFFSETS_CONFIG : TRANSACTIONS_CONFIG) };
    return this.create(name, this.#settings.number(`${settings}.num.partitions`), config);
  }

  /** Creates the topic, or waits for the one who is creating it. */
  create(name: string, partitions: number, config: Record<string, string>): Promise<TopicInfo> {
    const running = this.#creating.get(name);
    if (running !== undefined) return running;
    const existing = this.#logs.topic(name);
    if (existing !== undefined) return Promise.resolve(existing);
    const creating = this.#logs.createTopic(name, { partitions, config }).finally(() => this.#creating.delete(name));
    this.#creating.set(name, creating);
    return creating;
  }

  /** Of new names: the topic whose name would be the same in metrics, where "." becomes "_". */
  collisions(names: Iterable<string>): ReadonlyMap<string, string> {
    const topics = new Map<string, string>();
    for (const { name } of this.#logs.topics()) topics.set(foldedName(name), name);
    const found = new Map<string, string>();
    for (const name of names) {
      const other = topics.get(foldedName(name));
      if (other !== undefined && other !== name) found.set(name, other);
    }
    return found;
  }
}

function foldedName(name: string): string {
  return name.replaceAll(".", "_");
}
