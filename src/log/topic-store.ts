// What is known of each topic besides its records: meta/topics/<name>.json, written atomically. The file is the topic: creating it
// last and taking it away first makes both creation and deletion all or nothing, whatever a crash leaves behind.
// A topic being deleted is <name>.deleted, or <name>.gone where that would be too long a file name, until its directories are gone.
import type { Files } from "../env/files.ts";
import { MAX_FILE_NAME_LENGTH, writeFileAtomically } from "./atomic-file.ts";
import { makeDirectoryDurably } from "./durable-directory.ts";
import { logError } from "./log-error.ts";
import { TEMPORARY_SUFFIX } from "./segment-files.ts";
import type { TopicConfig } from "./topic-config.ts";

export interface StoredTopic {
  readonly name: string;
  /** 22 characters of base64url, as Apache Kafka prints it. */
  readonly id: string;
  readonly partitions: number;
  readonly config: TopicConfig;
}

const TOPIC_SUFFIX = ".json";
const DELETED_SUFFIX = ".deleted";
const SHORT_DELETED_SUFFIX = ".gone";
const encoder = new TextEncoder();
const decoder = new TextDecoder();

export class TopicStore {
  readonly #files: Files;
  readonly #directory: string;

  constructor(files: Files, directory: string) {
    this.#files = files;
    this.#directory = directory;
  }

  /** All topics, and the names of those whose deletion is not finished. */
  async load(): Promise<{ readonly topics: StoredTopic[]; readonly deleted: StoredTopic[] }> {
    await makeDirectoryDurably(this.#files, this.#directory);
    const topics: StoredTopic[] = [];
    const deleted: StoredTopic[] = [];
    for (const name of await this.#files.list(this.#directory)) {
      if (name.endsWith(TEMPORARY_SUFFIX)) await this.#files.remove(`${this.#directory}/${name}`);
      else if (name.endsWith(TOPIC_SUFFIX)) topics.push(await this.#read(name));
      else if (name.endsWith(DELETED_SUFFIX) || name.endsWith(SHORT_DELETED_SUFFIX)) deleted.push(await this.#read(name));
    }
    // What a killed process had renamed may be in memory only: nothing is acknowledged in a topic that a power cut could still take back.
    await this.#files.syncDirectory(this.#directory);
    return { topics, deleted };
  }

  async #read(fileName: string): Promise<StoredTopic> {
    const path = `${this.#directory}/${fileName}`;
    try {
      const topic = JSON.parse(decoder.decode(await this.#files.readFile(path))) as StoredTopic;
      if (typeof topic.name !== "string" || typeof topic.id !== "string" || !Number.isInteger(topic.partitions))
        throw new Error("a field is missing");
      return topic;
    } catch (error) {
      throw logError(
        "KAFKA_STORAGE_ERROR",
        `The topic file ${path} cannot be read. Restore it, or remove it together with the topic's directories.`,
        error,
      );
    }
  }

  save(topic: StoredTopic): Promise<void> {
    return writeFileAtomically(
      this.#files,
      this.#directory,
      topic.name + TOPIC_SUFFIX,
      encoder.encode(`${JSON.stringify(topic, undefined, 2)}\n`),
    );
  }

  /** From here on the topic is gone, even after a crash. */
  async beginDelete(name: string): Promise<void> {
    await this.#files.rename(`${this.#directory}/${name}${TOPIC_SUFFIX}`, this.#deletedPath(name));
    await this.#files.syncDirectory(this.#directory);
  }

  /** The topic's directories are gone. */
  async endDelete(name: string): Promise<void> {
    await this.#files.remove(this.#deletedPath(name));
    await this.#files.syncDirectory(this.#directory);
  }

  #deletedPath(name: string): string {
    const suffix = name.length + DELETED_SUFFIX.length > MAX_FILE_NAME_LENGTH ? SHORT_DELETED_SUFFIX : DELETED_SUFFIX;
    return `${this.#directory}/${name}${suffix}`;
  }
}

const MAX_NAME_LENGTH = 249;

/** Throws KafkaError INVALID_TOPIC_EXCEPTION: Kafka's rules for names, which are also safe as file names. */
export function checkTopicName(name: string): void {
  if (name === "" || name === "." || name === "..")
    throw logError("INVALID_TOPIC_EXCEPTION", `"${name}" is not allowed as a topic's name.`);
  if (name.length > MAX_NAME_LENGTH)
    throw logError("INVALID_TOPIC_EXCEPTION", `A topic's name has at most ${MAX_NAME_LENGTH} characters, this one has ${name.length}.`);
  if (!/^[A-Za-z0-9._-]+$/.test(name))
    throw logError("INVALID_TOPIC_EXCEPTION", `The topic name "${name}" may hold only letters, digits, ".", "_" and "-".`);
}
