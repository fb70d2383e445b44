// All partitions of one broker in one directory: opening (lock, cluster id, unfinished creations and deletions, recovery), topics,
// housekeeping, fail-stop.
// Invariant: one writer per directory; topic changes happen one after the other.
import { BufferPool } from "../bytes/buffer-pool.ts";
import type { Env } from "../env/env.ts";
import type { DirectoryLock } from "../env/files.ts";
import type { Timer } from "../env/clock.ts";
import { writeFileAtomically } from "./atomic-file.ts";
import { compactAll } from "./compaction/compactor.ts";
import { CheckpointBursts } from "./checkpoint-bursts.ts";
import { DamageRegister } from "./damage-register.ts";
import { DelayedDeletion } from "./delayed-deletion.ts";
import { makeDirectoryDurably } from "./durable-directory.ts";
import { FileCache } from "./file-cache.ts";
import { FlushGroup } from "./flush-group.ts";
import { FullDisk } from "./full-disk.ts";
import { HotTail } from "./hot-tail.ts";
import { IndexCache } from "./index-cache.ts";
import { FREE_READ_BYTES, MAX_PARTITIONS, PARTITION_CONCURRENCY } from "./limits.ts";
import type { LogContext } from "./log-context.ts";
import { PatientFiles } from "./patient-files.ts";
import { codeOf, isOutOfSpace, logError, messageOf } from "./log-error.ts";
import { type LogOptions, resolveLogOptions, type ResolvedLogOptions } from "./log-options.ts";
import { inParallel } from "./parallel.ts";
import type { PartitionCheckpoint } from "./partition-checkpoint.ts";
import { PartitionLog } from "./partition-log.ts";
import { pointKey, readRecoveryPoints } from "./recovery-points.ts";
import { META_DIRECTORY, parsePartitionDirectory, partitionDirectoryName } from "./segment-files.ts";
import { checkpointTogether } from "./shared-checkpoint.ts";
import { SuspectPages } from "./suspect-pages.ts";
import { checkTopicConfig, parseTopicConfig, type TopicConfig } from "./topic-config.ts";
import { checkTopicName, type StoredTopic, TopicStore } from "./topic-store.ts";
import { randomUuid } from "./uuid.ts";

export interface TopicInfo {
  readonly name: string;
  readonly id: string;
  /** By partition number. */
  readonly partitions: readonly PartitionLog[];
  /** What was set for the topic itself. */
  readonly config: TopicConfig;
}

export interface CreateTopicOptions {
  readonly partitions: number;
  readonly config?: TopicConfig;
  readonly id?: string;
}

export interface LogMetrics {
  readonly openFiles: number;
  readonly hotTailBytes: number;
  readonly indexCacheBytes: number;
  /** Stretches of segment files that readers found to hold no sound batch, since the directory was opened. */
  readonly damagedRanges: number;
}

const META_FILE = "meta.json";
const SUSPECT_PAGES_FILE = "flush-failed";
const DELETED = "What it held is gone with it. Bring back a copy, or start again with an empty directory that nothing else clears.";

export class LogDirectory {
  readonly path: string;
  readonly flush: FlushGroup;
  readonly #env: Env;
  readonly #options: ResolvedLogOptions;
  #defaults: TopicConfig;
  readonly #context: LogContext;
  readonly #store: TopicStore;
  readonly #lock: DirectoryLock;
  readonly #topics = new Map<string, TopicInfo>();
  readonly #topicsById = new Map<string, TopicInfo>();
  readonly #fatalListeners: ((error: Error) => void)[] = [];
  #clusterId = "";
  #failure: Error | undefined;
  /** The chain of topic changes; never rejects. */
  #changes: Promise<unknown> = Promise.resolve();
  /** The chain of checkpoints of all partitions; never rejects. */
  #checkpoints: Promise<void> = Promise.resolve();
  #timers: Timer[] = [];
  #closing: Promise<void> | undefined;

  /**
   * Takes the directory's lock and recovers every partition. Rejects with code ELOCKED while another process has it, and with
   * KafkaError KAFKA_STORAGE_ERROR if what is there cannot be trusted.
   */
  static async open(env: Env, path: string, options: LogOptions): Promise<LogDirectory> {
    await makeDirectoryDurably(env.files, path);
    const lock = await env.files.lockDirectory(path);
    const directory = new LogDirectory(env, path, options, lock);
    try {
      await directory.#load();
    } catch (error) {
      await directory.#context.deletions.close();
      await directory.#context.files.close();
      await lock.release();
      throw error;
    }
    directory.#startTimers();
    return directory;
  }

  private constructor(given: Env, path: string, options: LogOptions, lock: DirectoryLock) {
    const env = { ...given, files: new PatientFiles(given.files, given.timers, () => this.#context.files.makeRoom()) };
    this.path = path;
    this.#env = env;
    this.#options = resolveLogOptions(options);
    this.#defaults = {
      ...options.topicDefaults,
      ...(options.segmentBytes === undefined ? {} : { "segment.bytes": String(options.segmentBytes) }),
    };
    checkTopicConfig(this.#defaults);
    this.#lock = lock;
    this.#store = new TopicStore(env.files, `${path}/${META_DIRECTORY}/topics`);
    const fail = (what: string, error: unknown): Error => this.#fail(what, error);
    this.flush = new FlushGroup(env.clock, this.#options.flushConcurrency, (error) => fail(`fdatasync in ${path}`, error));
    const failure = (): Error | undefined => this.#failure;
    this.#context = {
      env,
      options: this.#options,
      files: new FileCache(env.files, this.#options.maxOpenFiles),
      flush: this.flush,
      bursts: new CheckpointBursts(this.#options.checkpointBursts),
      hotTail: new HotTail(this.#options.hotTailBytes),
      buffers: new BufferPool(FREE_READ_BYTES),
      indexCache: new IndexCache(this.#options.indexCacheBytes),
      fullDisk: new FullDisk(env.clock, env.logger, () => this.#context.deletions.hurry()),
      deletions: new DelayedDeletion(env, () => this.#context.fullDisk.isFull),
      suspectPages: new SuspectPages(env.files, `${path}/${META_DIRECTORY}/${SUSPECT_PAGES_FILE}`),
      damages: new DamageRegister(env.logger),
      get failure() {
        return failure();
      },
      fail,
    };
  }

  get clusterId(): string {
    return this.#clusterId;
  }

  /** Defaults for topics, by Kafka's topic setting names, as given in the options. */
  get topicDefaults(): TopicConfig {
    return this.#defaults;
  }

  get metrics(): LogMetrics {
    const { files, hotTail, indexCache, damages } = this.#context;
    const { openCount: openFiles } = files;
    return { openFiles, hotTailBytes: hotTail.bytes, indexCacheBytes: indexCache.bytes, damagedRanges: damages.found };
  }

  // Opening ------------------------------------------------------------------------------------------------------------------------------

  async #load(): Promise<void> {
    await this.#context.suspectPages.load();
    const { topics, deleted } = await this.#store.load();
    this.#clusterId = await this.#loadClusterId();
    for (const topic of deleted) await this.#removeDirectories(topic, 0);
    await this.#undoCreations(topics);
    const partitions = topics.flatMap((topic) => Array.from({ length: topic.partitions }, (_, partition) => ({ topic, partition })));
    const logs = new Map<string, PartitionLog[]>(topics.map((topic) => [topic.name, []]));
    const { points, damagedLines } = await readRecoveryPoints(this.#env.files, `${this.path}/${META_DIRECTORY}`);
    if (damagedLines > 0) this.#env.logger.log("warn", "log-recovery-points-damaged", { directory: this.path, lines: damagedLines });
    await inParallel(partitions, PARTITION_CONCURRENCY, async ({ topic, partition }) => {
      const shared = points.get(pointKey(topic.id, partition));
      logs.get(topic.name)![partition] = await this.#openPartition(topic, partition, shared);
    });
    await this.#context.suspectPages.forget();
    for (const topic of topics) this.#publish(topic, logs.get(topic.name)!);
  }

  async #loadClusterId(): Promise<string> {
    const directory = `${this.path}/${META_DIRECTORY}`;
    const { files } = this.#env;
    try {
      const text = new TextDecoder().decode(await files.readFile(`${directory}/${META_FILE}`));
      return (JSON.parse(text) as { clusterId: string }).clusterId;
    } catch (error) {
      const remedy = "Restore it, or remove it to get a new cluster id.";
      if (codeOf(error) !== "ENOENT")
        throw logError("KAFKA_STORAGE_ERROR", `${directory}/${META_FILE} cannot be read: ${messageOf(error)}. ${remedy}`, error);
    }
    const clusterId = randomUuid(this.#env.random);
    const text = `${JSON.stringify({ version: 1, clusterId })}\n`;
    await writeFileAtomically(files, directory, META_FILE, new TextEncoder().encode(text));
    return clusterId;
  }

  /** Directories without a topic: empty ones are creations that did not finish; others are left alone and logged. */
  async #undoCreations(topics: readonly StoredTopic[]): Promise<void> {
    const partitions = new Map(topics.map((topic) => [topic.name, topic.partitions]));
    const names = await this.#env.files.list(this.path);
    this.#context.deletions.leftBehind(this.path, names);
    for (const name of names) {
      const parsed = parsePartitionDirectory(name);
      if (parsed === undefined || parsed.partition < (partitions.get(parsed.topic) ?? 0)) continue;
      const directory = `${this.path}/${name}`;
      if ((await this.#env.files.stat(directory))?.kind !== "directory") continue;
      if (await this.#holdsRecords(directory)) this.#env.logger.log("warn", "log-directory-without-topic", { directory });
      else await this.#env.files.removeDirectory(directory);
    }
    await this.#env.files.syncDirectory(this.path);
  }

  async #holdsRecords(directory: string): Promise<boolean> {
    for (const name of await this.#env.files.list(directory)) {
      if (name.endsWith(".log") && ((await this.#env.files.stat(`${directory}/${name}`))?.size ?? 0) > 0) return true;
    }
    return false;
  }

  async #openPartition(topic: StoredTopic, partition: number, shared?: PartitionCheckpoint): Promise<PartitionLog> {
    const directory = `${this.path}/${partitionDirectoryName(topic.name, partition)}`;
    if ((await this.#env.files.stat(directory)) === undefined) {
      const message = `The directory ${directory} of topic ${topic.name} is missing. Restore it, or remove ${META_DIRECTORY}/topics/${topic.name}.json to give the topic up.`;
      throw logError("KAFKA_STORAGE_ERROR", message);
    }
    const identity = { topic: topic.name, topicId: topic.id, partition, directory };
    return PartitionLog.open(this.#context, identity, parseTopicConfig(topic.config, this.#defaults), shared);
  }

  #publish(topic: StoredTopic, partitions: readonly PartitionLog[]): TopicInfo {
    const info: TopicInfo = { name: topic.name, id: topic.id, partitions, config: topic.config };
    this.#topics.set(topic.name, info);
    this.#topicsById.set(topic.id, info);
    return info;
  }

  // Topics -------------------------------------------------------------------------------------------------------------------------------

  topics(): Iterable<TopicInfo> {
    return this.#topics.values();
  }

  topic(name: string): TopicInfo | undefined {
    return this.#topics.get(name);
  }

  topicById(id: string): TopicInfo | undefined {
    return this.#topicsById.get(id);
  }

  #change<T>(change: () => Promise<T>): Promise<T> {
    const done = this.#changes.then(async () => {
      if (this.#failure !== undefined)
        throw logError("KAFKA_STORAGE_ERROR", `Topics cannot be changed: ${messageOf(this.#failure)}.`, this.#failure);
      try {
        return await change();
      } catch (error) {
        if (codeOf(error) === "" || isKafkaError(error)) throw error;
        throw logError("KAFKA_STORAGE_ERROR", `The change of topics in ${this.path} failed: ${messageOf(error)}.`, error);
      }
    });
    this.#changes = done.catch(() => undefined);
    return done;
  }

  /** Rejects with TOPIC_ALREADY_EXISTS, INVALID_TOPIC_EXCEPTION, INVALID_PARTITIONS, INVALID_CONFIG, KAFKA_STORAGE_ERROR. */
  createTopic(name: string, options: CreateTopicOptions): Promise<TopicInfo> {
    return this.#change(async () => {
      checkTopicName(name);
      if (this.#topics.has(name)) throw logError("TOPIC_ALREADY_EXISTS", `Topic ${name} exists.`);
      checkPartitionCount(options.partitions, 1);
      checkTopicConfig(options.config ?? {});
      const topic: StoredTopic = {
        name,
        id: options.id ?? randomUuid(this.#env.random),
        partitions: options.partitions,
        config: { ...options.config },
      };
      const partitions = await this.#createPartitions(topic, 0);
      return this.#publish(topic, partitions);
    });
  }

  /** Rejects with UNKNOWN_TOPIC_OR_PARTITION, INVALID_PARTITIONS (not more than there are). */
  addPartitions(name: string, total: number): Promise<void> {
    return this.#change(async () => {
      const info = this.#known(name);
      checkPartitionCount(total, info.partitions.length + 1);
      const topic: StoredTopic = { name, id: info.id, partitions: total, config: info.config };
      const added = await this.#createPartitions(topic, info.partitions.length);
      this.#publish(topic, [...info.partitions, ...added]);
    });
  }

  /** Directories first, then the topic's file: until that is there, a crash undoes everything. */
  async #createPartitions(topic: StoredTopic, from: number): Promise<PartitionLog[]> {
    const numbers = Array.from({ length: topic.partitions - from }, (_, i) => from + i);
    const path = (partition: number): string => `${this.path}/${partitionDirectoryName(topic.name, partition)}`;
    for (const partition of numbers) {
      if ((await this.#env.files.stat(path(partition))) === undefined) continue;
      throw logError(
        "KAFKA_STORAGE_ERROR",
        `${path(partition)} exists already and is not this topic's: move it away or choose another name.`,
      );
    }
    const logs: PartitionLog[] = [];
    try {
      for (const partition of numbers) await this.#env.files.makeDirectory(path(partition));
      await inParallel(numbers, PARTITION_CONCURRENCY, async (partition) => {
        logs[partition - from] = await this.#openPartition(topic, partition);
      });
      await this.#env.files.syncDirectory(this.path);
      await this.#save(topic);
      return logs;
    } catch (error) {
      await inParallel(logs.filter(Boolean), PARTITION_CONCURRENCY, (log) => log.abandon());
      if (this.#failure === undefined)
        for (const partition of numbers) await this.#env.files.removeDirectory(path(partition)).catch(() => undefined);
      throw error;
    }
  }

  /** After a failure other than a full disk nobody knows whether the topic's file is there: fail-stop. */
  async #save(topic: StoredTopic): Promise<void> {
    try {
      await this.#store.save(topic);
    } catch (error) {
      throw isOutOfSpace(error) ? error : this.#fail(`saving topic ${topic.name} in ${this.path}`, error);
    }
  }

  /** Rejects with UNKNOWN_TOPIC_OR_PARTITION, KAFKA_STORAGE_ERROR. */
  deleteTopic(name: string): Promise<void> {
    return this.#change(async () => {
      const info = this.#known(name);
      await this.#store.beginDelete(name);
      this.#topics.delete(name);
      this.#topicsById.delete(info.id);
      await inParallel(info.partitions, PARTITION_CONCURRENCY, (log) => log.abandon());
      const topic = { name, id: info.id, partitions: info.partitions.length, config: info.config };
      await this.#removeDirectories(topic, parseTopicConfig(info.config, this.#defaults).fileDeleteDelayMs);
    });
  }

  async #removeDirectories(topic: StoredTopic, delayMs: number): Promise<void> {
    for (let partition = 0; partition < topic.partitions; partition++)
      await this.#context.deletions.directory(this.path, partitionDirectoryName(topic.name, partition), topic.id, delayMs);
    await this.#env.files.syncDirectory(this.path);
    await this.#store.endDelete(topic.name);
  }

  /** Replaces the topic's settings; they hold at once. Rejects with UNKNOWN_TOPIC_OR_PARTITION, INVALID_CONFIG. */
  setTopicConfig(name: string, config: TopicConfig): Promise<void> {
    return this.#change(async () => {
      const info = this.#known(name);
      checkTopicConfig(config);
      const topic: StoredTopic = { name, id: info.id, partitions: info.partitions.length, config: { ...config } };
      await this.#save(topic);
      const settings = parseTopicConfig(config, this.#defaults);
      for (const partition of info.partitions) partition.settings = settings;
      this.#publish(topic, info.partitions);
    });
  }

  /** Replaces the defaults of all topics; they hold at once. Rejects with INVALID_CONFIG. */
  setTopicDefaults(defaults: TopicConfig): Promise<void> {
    return this.#change(async () => {
      checkTopicConfig(defaults);
      this.#defaults = { ...defaults };
      for (const topic of this.#topics.values()) {
        const settings = parseTopicConfig(topic.config, this.#defaults);
        for (const partition of topic.partitions) partition.settings = settings;
      }
    });
  }

  #known(name: string): TopicInfo {
    const info = this.#topics.get(name);
    if (info === undefined) throw logError("UNKNOWN_TOPIC_OR_PARTITION", `There is no topic ${name}.`);
    return info;
  }

  // Housekeeping and failure -------------------------------------------------------------------------------------------------------------

  #startTimers(): void {
    this.#every(this.#options.checkpointIntervalMs, () => this.checkpoint());
    this.#every(this.#options.retentionIntervalMs, () => this.applyRetention(this.#env.clock.now()));
    this.#every(this.#options.compactionIntervalMs, () => this.compact(this.#env.clock.now()));
    this.#every(this.#options.presenceIntervalMs, () => this.#checkPresence());
  }

  /** Writes to a deleted directory succeed, but what they acknowledge is gone. */
  async #checkPresence(): Promise<void> {
    const path = `${this.path}/${META_DIRECTORY}/${META_FILE}`;
    if ((await this.#env.files.stat(path)) === undefined)
      this.#fail(`looking for ${path}`, new Error("it was deleted while the log was open"), DELETED);
  }

  #every(intervalMs: number, work: () => Promise<void>): void {
    if (intervalMs <= 0) return;
    const arm = (): void => {
      const timer = this.#env.timers.after(
        intervalMs,
        () => {
          this.#timers = this.#timers.filter((armed) => armed !== timer);
          if (this.#closing !== undefined || this.#failure !== undefined) return;
          work()
            .catch((error: unknown) =>
              this.#env.logger.log("warn", "log-housekeeping-failed", { directory: this.path, cause: messageOf(error) }),
            )
            .finally(arm);
        },
        { unref: true },
      );
      this.#timers.push(timer);
    };
    arm();
  }

  /** Writes recovery points for all partitions that have grown, in one file. Also done by a timer and by close(). */
  checkpoint(): Promise<void> {
    const logs = [...this.#topics.values()].flatMap((topic) => topic.partitions);
    const stopped = (): boolean => this.#failure !== undefined;
    const done = this.#checkpoints.then(async () => {
      try {
        await checkpointTogether(this.#env.files, `${this.path}/${META_DIRECTORY}`, logs, stopped);
      } catch (error) {
        if (this.#failure !== undefined) return;
        // A full disk harms nothing: it is done later.
        if (!isOutOfSpace(error)) throw this.#fail(`writing recovery points in ${this.path}`, error);
        this.#env.logger.log("warn", "log-housekeeping-failed", { directory: this.path, work: "checkpoint", cause: messageOf(error) });
      }
    });
    this.#checkpoints = done.catch(() => undefined);
    return done;
  }

  #forEachPartition(work: (log: PartitionLog) => Promise<void>): Promise<void> {
    const logs = [...this.#topics.values()].flatMap((topic) => topic.partitions);
    return inParallel(logs, PARTITION_CONCURRENCY, work);
  }

  /** Deletes what no topic's retention keeps. Also done by a timer, unless the options turn it off. */
  applyRetention(now: number): Promise<void> {
    return this.#forEachPartition((log) => log.applyRetention(now));
  }

  /** Compacts every partition that is due, one after the other. Also done by a timer, unless the options turn it off. */
  compact(now: number): Promise<void> {
    const logs = [...this.#topics.values()].flatMap((topic) => topic.partitions);
    return compactAll(logs, now, () => this.#closing !== undefined || this.#failure !== undefined);
  }

  /** Calls back once, when the disk can no longer be trusted (a failed fdatasync or write): nothing is acknowledged after it. */
  onFatal(callback: (error: Error) => void): void {
    if (this.#failure !== undefined) callback(this.#failure);
    else this.#fatalListeners.push(callback);
  }

  #fail(what: string, error: unknown, advice = "What was acknowledged is on disk. Check the disk, then start again."): Error {
    if (this.#failure !== undefined) return this.#failure;
    const message = `The log stopped: ${what} failed: ${messageOf(error)}. ${advice}`;
    this.#failure = logError("KAFKA_STORAGE_ERROR", message, error);
    this.#env.logger.log("error", "log-failed", { what, cause: messageOf(error) });
    this.flush.stop();
    for (const topic of this.#topics.values()) for (const log of topic.partitions) log.fail(this.#failure);
    void this.#tellFailure(this.#failure);
    return this.#failure;
  }

  /** The process may end as soon as it is told. */
  async #tellFailure(failure: Error): Promise<void> {
    await this.#context.suspectPages.remember();
    for (const listener of this.#fatalListeners.splice(0)) listener(failure);
  }

  /** Flushes everything, writes recovery points and releases the lock. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    for (const timer of this.#timers) timer.cancel();
    await this.#changes;
    try {
      await this.#forEachPartition((log) => log.close());
      await this.checkpoint();
    } finally {
      await this.#context.deletions.close();
      await this.#context.files.close();
      await this.#lock.release();
    }
  }
}

function isKafkaError(error: unknown): boolean {
  return error instanceof Error && error.name === "KafkaError";
}

function checkPartitionCount(count: number, minimum: number): void {
  if (Number.isInteger(count) && count >= minimum && count <= MAX_PARTITIONS) return;
  throw logError(
    "INVALID_PARTITIONS",
    `A number of partitions from ${minimum} to ${MAX_PARTITIONS} is possible here, asked for was ${count}.`,
  );
}
