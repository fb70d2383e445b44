// Every bound of the log in one place: queues, caches, buffers and intervals. LogOptions may override those marked (option).

/** Open file handles kept by one LogDirectory, before in-use ones are counted as an excess (option `maxOpenFiles`). */
export const MAX_OPEN_FILES = 1_000;
/** Files being fdatasync'ed at the same time by one flush group (option `flushConcurrency`). */
export const FLUSH_CONCURRENCY = 32;
/** Bytes and chunks of one gathered write; Linux takes at most 1,024 chunks. */
export const MAX_WRITE_BYTES = 8 * 1024 * 1024;
export const MAX_WRITE_CHUNKS = 512;
/** Bytes waiting to be written in one partition before appends are refused. */
export const MAX_QUEUED_BYTES = 256 * 1024 * 1024;
/** Newest appended bytes kept in memory for tailing readers, all partitions of a directory together (option `hotTailBytes`). */
export const HOT_TAIL_BYTES = 8 * 1024 * 1024;
/** A partition whose end nobody has read for so many appended bytes keeps none of them there. */
export const FOLLOWED_BYTES = HOT_TAIL_BYTES;
/** Buffers of reads that wait to be used again, all partitions of a directory together. */
export const FREE_READ_BYTES = 4 * 1024 * 1024;
/** Bytes of loaded indexes of sealed segments kept in memory (option `indexCacheBytes`). */
export const INDEX_CACHE_BYTES = 64 * 1024 * 1024;
/** End positions of recent reads remembered per partition, so that a reader that goes on scans nothing. */
export const MAX_READ_POSITIONS = 16;
/** Least bytes of one disk read while looking for a batch. */
export const MIN_READ_BYTES = 16 * 1024;
/** Largest answer to one read, whatever the caller asks for. */
export const MAX_READ_BYTES = 64 * 1024 * 1024;
/** Bytes per read of recovery and of index rebuilding. */
export const SCAN_CHUNK_BYTES = 1024 * 1024;
/** Recovery points are written when a partition has this much unscanned log, and at this interval (options). */
export const CHECKPOINT_BYTES = 64 * 1024 * 1024;
/** So many partitions at a time may have so many times as much where appends are not flushed: read again in a second after a crash. */
export const CHECKPOINT_BURSTS = 8;
export const BURST_FACTOR = 4;
export const CHECKPOINT_INTERVAL_MS = 60_000;
/** What the shared file of recovery points holds per partition of what has no file of its own yet: index entries, and producers. */
export const INLINE_INDEX_BYTES = 1024;
export const INLINE_PRODUCER_BYTES = 1024;
/** Partitions opened, checkpointed or closed at the same time. */
export const PARTITION_CONCURRENCY = 16;
/** Retention is applied at this interval (option `retentionIntervalMs`). */
export const RETENTION_INTERVAL_MS = 300_000;
/** Batches remembered per idempotent producer: what a client may have in flight. */
export const PRODUCER_BATCHES = 5;
/** An idle producer is forgotten after this time (Kafka's producer.id.expiration.ms; option). */
export const PRODUCER_EXPIRATION_MS = 86_400_000;
/** Producers remembered per partition; beyond it the longest idle ones without a transaction are forgotten. */
export const MAX_PRODUCERS = 100_000;
/** Producers per partition whose next transactional batch is being verified; beyond it the oldest are forgotten. */
export const MAX_VERIFICATIONS = 10_000;
/** Snapshots of producer state kept beside the log. */
export const KEPT_SNAPSHOTS = 2;
/** Decompressed bytes of one batch when its records must be read: keys of compacted topics, lookups by timestamp, `log dump`. */
export const MAX_DECOMPRESSED_BYTES = 16 * 1024 * 1024;
/** Partitions of one topic. */
export const MAX_PARTITIONS = 10_000;
/** Files and directories that wait for file.delete.delay.ms; what is deleted beyond them goes at once. */
export const MAX_DELAYED_DELETIONS = 50_000;
/** How often it is checked that the data directory is still there: a deleted one goes on taking writes without an error (option). */
export const PRESENCE_INTERVAL_MS = 1_000;
/** Memory of a compaction for the keys it compares: what does not fit is left for the next one (option `compactionMapBytes`). */
export const COMPACTION_MAP_BYTES = 64 * 1024 * 1024;
/** A piece of memory for keys. */
export const MAX_KEY_CHUNK_BYTES = 1024 * 1024;
/** A compaction works this long at a time, and rests this long in between. */
export const COMPACTION_SLICE_MS = 2;
export const COMPACTION_REST_MS = 2;
/** How often it is looked whether a partition should be compacted (option `compactionIntervalMs`). */
export const COMPACTION_INTERVAL_MS = 15_000;
/** The active segment of a compacted topic is sealed early, at this size, if most of it is uncompacted: a start then reads little. */
export const COMPACTION_ROLL_BYTES = 16 * 1024 * 1024;
/** Bytes of one write of a compaction. */
export const COMPACTION_WRITE_BYTES = 1024 * 1024;
/** Bytes behind a damaged place in which the next sound batch is looked for (millrace log verify). */
export const MAX_RESYNC_BYTES = 64 * 1024 * 1024;
