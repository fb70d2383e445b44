// How a LogDirectory behaves, with defaults filled in. Topic settings (retention, segment size, …) are topic-config.ts's.
import * as limits from "./limits.ts";
import type { TopicConfig } from "./topic-config.ts";

/** "disk": appends resolve after fdatasync. "page-cache": after the write; a power cut may take acknowledged records. */
export type Durability = "disk" | "page-cache";

export interface LogOptions {
  readonly durability: Durability;
  /** Default of `segment.bytes` for topics that do not set it. */
  readonly segmentBytes?: number;
  /** Defaults for topics that do not set them, by Kafka's topic setting names. */
  readonly topicDefaults?: TopicConfig;
  readonly maxOpenFiles?: number;
  readonly flushConcurrency?: number;
  readonly hotTailBytes?: number;
  readonly indexCacheBytes?: number;
  readonly checkpointBytes?: number;
  /** 0: no timer; recovery points are then written by size, roll and close only. */
  readonly checkpointIntervalMs?: number;
  /** 0: no timer; the owner calls LogDirectory.applyRetention. */
  readonly retentionIntervalMs?: number;
  /** 0: no timer; the owner calls LogDirectory.compact. */
  readonly compactionIntervalMs?: number;
  readonly compactionMapBytes?: number;
  /** Asked for again whenever it matters, if it is a function. */
  readonly producerExpirationMs?: number | (() => number);
  /** 0: it is not checked whether the directory is still there. */
  readonly presenceIntervalMs?: number;
  /** The one leader epoch of all batches, if there is only one: no checksum covers it, so it is not read from the disk. */
  readonly leaderEpoch?: number;
}

export interface ResolvedLogOptions {
  readonly durability: Durability;
  readonly maxOpenFiles: number;
  readonly flushConcurrency: number;
  readonly hotTailBytes: number;
  readonly indexCacheBytes: number;
  readonly checkpointBytes: number;
  /** Partitions that may have BURST_FACTOR times as much. */
  readonly checkpointBursts: number;
  readonly checkpointIntervalMs: number;
  readonly retentionIntervalMs: number;
  readonly compactionIntervalMs: number;
  readonly compactionMapBytes: number;
  readonly producerExpirationMs: () => number;
  readonly presenceIntervalMs: number;
  readonly leaderEpoch: number | undefined;
}

export function resolveLogOptions(options: LogOptions): ResolvedLogOptions {
  const { producerExpirationMs = limits.PRODUCER_EXPIRATION_MS } = options;
  return {
    durability: options.durability,
    maxOpenFiles: options.maxOpenFiles ?? limits.MAX_OPEN_FILES,
    flushConcurrency: options.flushConcurrency ?? limits.FLUSH_CONCURRENCY,
    hotTailBytes: options.hotTailBytes ?? limits.HOT_TAIL_BYTES,
    indexCacheBytes: options.indexCacheBytes ?? limits.INDEX_CACHE_BYTES,
    checkpointBytes: options.checkpointBytes ?? limits.CHECKPOINT_BYTES,
    checkpointBursts: options.durability === "page-cache" ? limits.CHECKPOINT_BURSTS : 0,
    checkpointIntervalMs: options.checkpointIntervalMs ?? limits.CHECKPOINT_INTERVAL_MS,
    retentionIntervalMs: options.retentionIntervalMs ?? limits.RETENTION_INTERVAL_MS,
    compactionIntervalMs: options.compactionIntervalMs ?? limits.COMPACTION_INTERVAL_MS,
    compactionMapBytes: options.compactionMapBytes ?? limits.COMPACTION_MAP_BYTES,
    producerExpirationMs: typeof producerExpirationMs === "function" ? producerExpirationMs : () => producerExpirationMs,
    presenceIntervalMs: options.presenceIntervalMs ?? limits.PRESENCE_INTERVAL_MS,
    leaderEpoch: options.leaderEpoch,
  };
}
