// A Kafka source at work: one split per partition, all read through one fetcher. FLIP-27.
import type { KafkaClient } from "../../client/client.ts";
import { fetchGroupOffsets, commitGroupOffsets, type OffsetCommit } from "../../client/group-offsets.ts";
import { listOffsets } from "../../client/list-offsets.ts";
import { PartitionFetcher } from "../../client/partition-fetcher.ts";
import type { TypeInfo } from "../../schema/type-info.ts";
import type { ConnectorContext, Json, SourceConnector, Split, SplitReader } from "../../stream/connector.ts";
import { KafkaConnectorError } from "./kafka-connector-error.ts";
import type { StartAt } from "./kafka-source.ts";
import { PartitionReader } from "./partition-reader.ts";
import { partitionCount } from "./topic-metadata.ts";

/** Fetched ahead of the readers, over all partitions of the source. */
const MAX_BUFFERED_BYTES = 32 << 20;

export interface KafkaSourceSettings {
  readonly topic: string;
  readonly type: TypeInfo;
  readonly startAt: StartAt;
  readonly onOutOfRange: "fail" | "earliest" | "latest";
  readonly groupId: string;
}

export class KafkaSourceConnector implements SourceConnector {
  readonly #context: ConnectorContext;
  readonly #client: KafkaClient;
  readonly #settings: KafkaSourceSettings;
  readonly #fetcher: PartitionFetcher;
  readonly #committed = new Map<number, number>();
  #discoveries = 0;
  #restored = false;
  #committing = false;

  constructor(context: ConnectorContext, client: KafkaClient, settings: KafkaSourceSettings) {
    this.#context = context;
    this.#client = client;
    this.#settings = settings;
    const { onOutOfRange } = settings;
    this.#fetcher = new PartitionFetcher(client.cluster, {
      isolation: "read_committed",
      maxBufferedBytes: MAX_BUFFERED_BYTES,
      outOfRange: onOutOfRange === "fail" ? "error" : onOutOfRange,
    });
  }

  async discover(): Promise<readonly Split[]> {
    const { topic } = this.#settings;
    const partitions = await partitionCount(this.#client.cluster, topic, this.#context.operator);
    this.#discoveries++;
    return Array.from({ length: partitions }, (_, partition) => ({ id: `${topic}-${partition}`, data: partition }));
  }

  async open(split: Split, position: Json | undefined): Promise<SplitReader> {
    const { topic, type } = this.#settings;
    const partition = this.#partitionOf(split);
    let offset = offsetOf(position);
    if (offset === undefined) offset = await this.#startOffset(partition);
    else this.#restored = true;
    const cursor = this.#fetcher.add(topic, partition, offset);
    const { cluster } = this.#client;
    return new PartitionReader(type, cursor, {
      // The log's end, not the last stable offset: a transaction whose commit was answered may still lack its marker, and its records were
      // there before. What is open is waited for.
      endOffset: async () => {
        const [end] = await listOffsets(cluster, [{ topic, partition, at: "latest" }], { isolation: "read_uncommitted" });
        return end!.offset;
      },
      close: () => this.#fetcher.remove(topic, partition),
    });
  }

  async checkpointed(_id: number, positions: ReadonlyMap<string, Json>): Promise<void> {
    // The next checkpoint says it again: a slow coordinator is not pressed.
    if (this.#committing) return;
    const { topic, groupId } = this.#settings;
    const offsets: OffsetCommit[] = [];
    for (const [split, position] of positions) {
      const partition = Number(split.slice(topic.length + 1));
      const offset = offsetOf(position);
      if (offset !== undefined && this.#committed.get(partition) !== offset) offsets.push({ topic, partition, offset });
    }
    if (offsets.length === 0) return;
    this.#committing = true;
    try {
      await commitGroupOffsets(this.#client.cluster, { groupId }, offsets);
      for (const { partition, offset } of offsets) this.#committed.set(partition, offset);
    } finally {
      this.#committing = false;
    }
  }

  async close(): Promise<void> {
    this.#fetcher.close();
    await this.#client.close();
  }

  #partitionOf(split: Split): number {
    const { topic } = this.#settings;
    const partition = split.id.startsWith(`${topic}-`) ? Number(split.id.slice(topic.length + 1)) : Number.NaN;
    const known = this.#client.cluster.topicNow(topic)?.partitions.length ?? 0;
    if (Number.isInteger(partition) && partition >= 0 && partition < known) return partition;
    throw new KafkaConnectorError(
      "UNKNOWN_SPLIT",
      `The checkpoint of source "${this.#context.operator}" has a position in "${split.id}", but topic "${topic}" has ${known} partitions now. Was it made anew? Start without the checkpoint, or restore the topic.`,
    );
  }

  /** Partitions that appear later hold records that nobody has read: from the beginning. */
  async #startOffset(partition: number): Promise<number> {
    const { topic, startAt, groupId } = this.#settings;
    const { cluster } = this.#client;
    const appeared = this.#restored || this.#discoveries > 1;
    if (startAt === "committed" && !appeared) {
      const [found] = await fetchGroupOffsets(cluster, groupId, [{ topic, partition }]);
      if (found !== undefined && found.offset >= 0) return found.offset;
    }
    const at = startAt === "latest" && !appeared ? "latest" : "earliest";
    const [start] = await listOffsets(cluster, [{ topic, partition, at }], { isolation: "read_committed" });
    return start!.offset;
  }
}

function offsetOf(position: Json | undefined): number | undefined {
  if (typeof position !== "object" || position === null || !("offset" in position)) return undefined;
  return typeof position.offset === "number" ? position.offset : undefined;
}
