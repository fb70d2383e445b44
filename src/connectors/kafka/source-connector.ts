// A Kafka source at work: one split per partition, all read through one fetcher. FLIP-27.
import type { KafkaClient } from "../../client/client.ts";
import { commitGroupOffsets, type OffsetCommit } from "../../client/group-offsets.ts";
import { PartitionFetcher } from "../../client/partition-fetcher.ts";
import type { TypeInfo } from "../../schema/type-info.ts";
import type { ConnectorContext, Json, SourceConnector, Split, SplitReader } from "../../stream/connector.ts";
import type { KeyCheck } from "./key-check.ts";
import type { ValueDecoder } from "./registry-values.ts";
import { KafkaConnectorError } from "./kafka-connector-error.ts";
import { endOffset, startOffset, untilOffset, type Place, type StartAt, type Until } from "./offset-range.ts";
import { PartitionReader } from "./partition-reader.ts";
import { TombstoneReader, type DeletedRow } from "./tombstones.ts";
import { partitionCount } from "./topic-metadata.ts";

/** Fetched ahead of the readers, over all partitions of the source. */
const MAX_BUFFERED_BYTES = 32 << 20;

export interface KafkaSourceSettings {
  /** Makes what reads the values of a partition; undefined: JSON. */
  readonly decoder?: (() => ValueDecoder) | undefined;
  /** Makes what looks at the keys of a partition; undefined: nothing does. */
  readonly keys?: (() => KeyCheck) | undefined;
  readonly tombstones: DeletedRow | "skip" | "error";
  /** Before the job starts: rejects when the schemas of these topics cannot be read as the type. */
  readonly check?: ((topics: readonly string[]) => Promise<void>) | undefined;
  readonly topic: string | RegExp;
  readonly type: TypeInfo;
  readonly startAt: StartAt;
  readonly until: Until | undefined;
  readonly onOutOfRange: "fail" | "earliest" | "latest";
  readonly discoverEveryMs: number | undefined;
  readonly groupId: string;
}

interface Partition {
  readonly topic: string;
  readonly partition: number;
}

export class KafkaSourceConnector implements SourceConnector {
  readonly discoverEveryMs: number | undefined;
  readonly #context: ConnectorContext;
  readonly #client: KafkaClient;
  readonly #settings: KafkaSourceSettings;
  readonly #fetcher: PartitionFetcher;
  readonly #committed = new Map<string, number>();
  #discoveries = 0;
  #restored = false;
  #committing = false;
  /** The registry could not be asked yet. */
  #unchecked = false;

  constructor(context: ConnectorContext, client: KafkaClient, settings: KafkaSourceSettings) {
    this.discoverEveryMs = settings.discoverEveryMs;
    this.#context = context;
    this.#client = client;
    this.#settings = settings;
    this.#restored = context.restored === true;
    const { onOutOfRange } = settings;
    this.#fetcher = new PartitionFetcher(client.cluster, {
      isolation: "read_committed",
      maxBufferedBytes: MAX_BUFFERED_BYTES,
      outOfRange: onOutOfRange === "fail" ? "error" : onOutOfRange,
    });
  }

  /** A registry that cannot be reached refuses nothing: open() meets it again, and may be tried again. */
  async check(): Promise<void> {
    try {
      await this.#checkTopics();
    } catch (error) {
      if ((error as { code?: string }).code !== "REGISTRY_UNREACHABLE") throw error;
      this.#unchecked = true;
    }
  }

  async #checkTopics(): Promise<void> {
    const { check } = this.#settings;
    if (check !== undefined) await check(await this.#topics());
  }

  async discover(): Promise<readonly Split[]> {
    const { operator } = this.#context;
    const topics = await this.#topics();
    const splits: Split[] = [];
    for (const name of topics) {
      const partitions = await partitionCount(this.#client.cluster, name, operator);
      for (let partition = 0; partition < partitions; partition++) splits.push({ id: `${name}-${partition}`, data: partition });
    }
    this.#discoveries++;
    return splits;
  }

  async open(split: Split, position: Json | undefined): Promise<SplitReader> {
    if (this.#unchecked) {
      await this.#checkTopics();
      this.#unchecked = false;
    }
    const { type, until } = this.#settings;
    const { topic, partition } = this.#partitionOf(split);
    const place: Place = { cluster: this.#client.cluster, topic, partition, groupId: this.#settings.groupId };
    const appeared = this.#restored || this.#discoveries > 1;
    let offset = numberIn(position, "offset");
    let stopAt = numberIn(position, "until");
    if (offset === undefined) {
      // Partitions that appear later hold records that nobody has read: from the beginning; a bounded source ends with what was there.
      offset = await startOffset(place, appeared ? "earliest" : this.#settings.startAt);
      if (until !== undefined) stopAt = appeared ? offset : await untilOffset(place, until);
    } else this.#restored = true;
    const cursor = this.#fetcher.add(topic, partition, offset);
    const { tombstones } = this.#settings;
    const keys = this.#settings.keys?.();
    return new PartitionReader(type, cursor, {
      stopAt,
      decoder: this.#settings.decoder?.(),
      keys,
      tombstones: typeof tombstones === "function" ? new TombstoneReader(tombstones, keys) : tombstones,
      endOffset: () => endOffset(place),
      close: () => this.#fetcher.remove(topic, partition),
    });
  }

  async checkpointed(_id: number, positions: ReadonlyMap<string, Json>): Promise<void> {
    // The next checkpoint says it again: a slow coordinator is not pressed.
    if (this.#committing) return;
    const { groupId } = this.#settings;
    const offsets: OffsetCommit[] = [];
    for (const [split, position] of positions) {
      const offset = numberIn(position, "offset");
      if (offset !== undefined && this.#committed.get(split) !== offset) offsets.push({ ...partitionIn(split)!, offset });
    }
    if (offsets.length === 0) return;
    this.#committing = true;
    try {
      await commitGroupOffsets(this.#client.cluster, { groupId }, offsets);
      for (const { topic, partition, offset } of offsets) this.#committed.set(`${topic}-${partition}`, offset);
    } finally {
      this.#committing = false;
    }
  }

  async close(): Promise<void> {
    this.#fetcher.close();
    await this.#client.close();
  }

  async #topics(): Promise<readonly string[]> {
    const { topic } = this.#settings;
    return typeof topic === "string" ? [topic] : await this.#matchingTopics(topic);
  }

  async #matchingTopics(pattern: RegExp): Promise<string[]> {
    const listed = await this.#client.admin().listTopics();
    return listed
      .map(({ name }) => name)
      .filter((name) => !name.startsWith("__") && pattern.test(name))
      .toSorted();
  }

  #partitionOf(split: Split): Partition {
    const { topic } = this.#settings;
    const found = partitionIn(split.id);
    const isOurs = found !== undefined && (typeof topic === "string" ? found.topic === topic : topic.test(found.topic));
    const known = isOurs ? (this.#client.cluster.topicNow(found.topic)?.partitions.length ?? 0) : 0;
    if (isOurs && found.partition < known) return found;
    const what =
      typeof topic === "string" ? `topic "${topic}" has ${known} partitions now` : `no topic that matches ${String(topic)} has it now`;
    throw new KafkaConnectorError(
      "UNKNOWN_SPLIT",
      `The checkpoint of source "${this.#context.operator}" has a position in "${split.id}", but ${what}. Was it made anew? Start without the checkpoint, or restore the topic.`,
    );
  }
}

/** Of a split's id. */
function partitionIn(id: string): Partition | undefined {
  const match = /^(.+)-(\d{1,9})$/.exec(id);
  return match === null ? undefined : { topic: match[1]!, partition: Number(match[2]) };
}

function numberIn(position: Json | undefined, name: "offset" | "until"): number | undefined {
  if (typeof position !== "object" || position === null) return undefined;
  const value = (position as { readonly [field: string]: Json })[name];
  return typeof value === "number" ? value : undefined;
}
