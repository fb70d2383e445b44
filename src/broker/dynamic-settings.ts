// Broker settings that may be changed while the broker runs (KIP-226): which, for whom (this broker, or all brokers: here the same one),
// and how they are kept over restarts. A change is on disk before it holds.
import type { Files } from "../env/files.ts";
import { writeFileAtomically } from "../log/atomic-file.ts";
import { makeDirectoryDurably } from "../log/durable-directory.ts";
import { KafkaError } from "../protocol/errors.ts";
import { invalidValue, type ConfigDefinition } from "./config-value.ts";
import { foreignSetting } from "./foreign-settings.ts";
import { MIN_SEGMENT_BYTES, settingDefinition, type Settings } from "./settings.ts";

/** "broker" overrides "cluster". */
export type SettingScope = "broker" | "cluster";
export type ScopedSettings = Readonly<Record<string, string>>;

const FILE = "dynamic-settings.json";
const VERSION = 1;

interface Stored {
  readonly version: number;
  readonly broker: ScopedSettings;
  readonly cluster: ScopedSettings;
}

/** Those that Apache Kafka lets change and that mean something, or are answered, here. */
const DYNAMIC: ReadonlySet<string> = new Set([
  "compression.gzip.level",
  "compression.lz4.level",
  "compression.type",
  "compression.zstd.level",
  "group.consumer.assignment.interval.ms",
  "log.cleaner.backoff.ms",
  "log.cleaner.delete.retention.ms",
  "log.cleaner.max.compaction.lag.ms",
  "log.cleaner.min.cleanable.ratio",
  "log.cleaner.min.compaction.lag.ms",
  "log.cleanup.policy",
  "log.flush.interval.messages",
  "log.flush.interval.ms",
  "log.index.interval.bytes",
  "log.index.size.max.bytes",
  "log.local.retention.bytes",
  "log.local.retention.ms",
  "log.message.timestamp.after.max.ms",
  "log.message.timestamp.before.max.ms",
  "log.message.timestamp.type",
  "log.preallocate",
  "log.retention.bytes",
  "log.retention.ms",
  "log.roll.jitter.ms",
  "log.roll.ms",
  "log.segment.bytes",
  "log.segment.delete.delay.ms",
  "max.connections",
  "message.max.bytes",
  "min.insync.replicas",
  "producer.id.expiration.ms",
  "unclean.leader.election.enable",
]);

/** Stricter than at the start, as Apache Kafka always is. */
const LIMITS: Readonly<Record<string, { readonly min: number }>> = { "log.segment.bytes": { min: MIN_SEGMENT_BYTES } };

export function isDynamic(name: string): boolean {
  return DYNAMIC.has(name) || foreignSetting(name) !== undefined;
}

/** One that the tables know, whether it may be changed or not. */
export function knownSetting(name: string): ConfigDefinition | undefined {
  return settingDefinition(name) ?? foreignSetting(name);
}

export class DynamicSettings {
  readonly #files: Files;
  readonly #directory: string;
  readonly #settings: Settings;
  readonly #changed: () => Promise<void>;
  /** The chain of changes; never rejects. */
  #changes: Promise<unknown> = Promise.resolve();

  /** `changed` is called when other values hold. */
  constructor(files: Files, directory: string, settings: Settings, changed: () => Promise<void>) {
    this.#files = files;
    this.#directory = directory;
    this.#settings = settings;
    this.#changed = changed;
  }

  /** What was changed before the last stop, put into `settings`. Rejects if the file cannot be read. */
  static async load(files: Files, directory: string, settings: Settings): Promise<void> {
    const path = `${directory}/${FILE}`;
    if ((await files.stat(path)) === undefined) return;
    let stored: Stored;
    try {
      stored = JSON.parse(new TextDecoder().decode(await files.readFile(path))) as Stored;
      if (stored.version !== VERSION) throw new Error(`it has version ${stored.version}`);
    } catch (error) {
      throw new Error(`${path} cannot be read: restore it, or remove it to fall back to the settings of the start.`, { cause: error });
    }
    settings.setDynamic("cluster", stored.cluster);
    settings.setDynamic("broker", stored.broker);
  }

  /** `change` makes the scope's new values from its present ones. Rejects with a KafkaError (INVALID_REQUEST) and changes nothing. */
  alter(scope: SettingScope, validateOnly: boolean, change: (present: ScopedSettings) => Record<string, string>): Promise<void> {
    const done = this.#changes.then(async () => {
      const values = change(this.#settings.dynamic(scope));
      check(values, this.#settings);
      const own = scope === "cluster" ? Object.keys(values).filter((name) => name.startsWith(EACH_BROKERS_OWN)) : [];
      if (own.length > 0)
        throw new KafkaError("INVALID_REQUEST", `Cannot update these configs at default cluster level: Set(${own.join(", ")})`);
      if (validateOnly) return;
      const stored: Stored = { version: VERSION, broker: this.#settings.dynamic("broker"), cluster: this.#settings.dynamic("cluster"), [scope]: values }; // prettier-ignore
      await makeDirectoryDurably(this.#files, this.#directory);
      await writeFileAtomically(this.#files, this.#directory, FILE, new TextEncoder().encode(`${JSON.stringify(stored, undefined, 2)}\n`));
      this.#settings.setDynamic(scope, values);
      await this.#changed();
    });
    this.#changes = done.catch(() => undefined);
    return done;
  }
}

/** Of Apache Kafka's dynamic settings, those of authentication are set broker by broker. */
const EACH_BROKERS_OWN = "sasl.";
const ASSIGNMENT_INTERVAL = "group.consumer.assignment.interval.ms";

function check(values: ScopedSettings, settings: Settings): void {
  const fixed = Object.keys(values).filter((name) => !isDynamic(name));
  if (fixed.length > 0) throw new KafkaError("INVALID_REQUEST", `Cannot update these configs dynamically: Set(${fixed.join(", ")})`);
  for (const [name, value] of Object.entries(values)) {
    const problem = invalidValue({ ...knownSetting(name)!, ...LIMITS[name] }, value);
    if (problem !== undefined) throw new KafkaError("INVALID_REQUEST", `Invalid value ${value} for configuration ${name}: ${problem}`);
  }
  const interval = Number(values[ASSIGNMENT_INTERVAL] ?? 0);
  for (const [bound, beyond] of [
    ["min", -1],
    ["max", 1],
  ] as const) {
    const limit = ASSIGNMENT_INTERVAL.replace("consumer.", `consumer.${bound}.`);
    if (values[ASSIGNMENT_INTERVAL] !== undefined && (interval - settings.number(limit)) * beyond > 0)
      throw new KafkaError("INVALID_REQUEST", `${ASSIGNMENT_INTERVAL} (${interval}) must be within ${limit} (${settings.number(limit)})`);
  }
}
