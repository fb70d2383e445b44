// What is set for single groups, kept over restarts. A group need not exist to have configs, and keeps them when it is deleted, as in
// Apache Kafka. A change is on disk before it holds.
import type { Files } from "../env/files.ts";
import { writeFileAtomically } from "../log/atomic-file.ts";
import { makeDirectoryDurably } from "../log/durable-directory.ts";
import { KafkaError } from "../protocol/errors.ts";
import { effectiveGroupNumber, invalidGroupConfig } from "./group-config.ts";
import type { Settings } from "./settings.ts";

type Configs = Readonly<Record<string, string>>;

const FILE = "group-configs.json";
const VERSION = 1;
/** Groups with configs of their own: the file is written whole at every change. */
const MAX_GROUPS = 10_000;
const NONE: Configs = {};

export class GroupConfigs {
  readonly #files: Files;
  readonly #directory: string;
  readonly #settings: Settings;
  #groups: ReadonlyMap<string, Configs>;
  /** The chain of changes; never rejects. */
  #changes: Promise<unknown> = Promise.resolve();

  private constructor(files: Files, directory: string, settings: Settings, groups: ReadonlyMap<string, Configs>) {
    this.#files = files;
    this.#directory = directory;
    this.#settings = settings;
    this.#groups = groups;
  }

  /** Rejects if the file of an earlier run cannot be read. */
  static async load(files: Files, directory: string, settings: Settings): Promise<GroupConfigs> {
    const path = `${directory}/${FILE}`;
    if ((await files.stat(path)) === undefined) return new GroupConfigs(files, directory, settings, new Map());
    try {
      const stored = JSON.parse(new TextDecoder().decode(await files.readFile(path))) as {
        version: number;
        groups: Record<string, Configs>;
      };
      if (stored.version !== VERSION) throw new Error(`it has version ${stored.version}`);
      return new GroupConfigs(files, directory, settings, new Map(Object.entries(stored.groups)));
    } catch (error) {
      throw new Error(`${path} cannot be read: restore it, or remove it, and groups have no configs of their own any more.`, {
        cause: error,
      });
    }
  }

  /** Groups that have configs of their own. */
  groupIds(): Iterable<string> {
    return this.#groups.keys();
  }

  of(groupId: string): Configs {
    return this.#groups.get(groupId) ?? NONE;
  }

  /** What holds for the group. */
  number(groupId: string, name: string): number {
    return effectiveGroupNumber(name, this.#groups.get(groupId), this.#settings);
  }

  /** `change` makes the group's new configs from its present ones. Rejects with a KafkaError and changes nothing. */
  alter(groupId: string, validateOnly: boolean, change: (present: Configs) => Record<string, string>): Promise<void> {
    const done = this.#changes.then(() => this.#alter(groupId, validateOnly, change));
    this.#changes = done.catch(() => undefined);
    return done;
  }

  async #alter(groupId: string, validateOnly: boolean, change: (present: Configs) => Record<string, string>): Promise<void> {
    const next = change(this.of(groupId));
    if (groupId === "") throw new KafkaError("INVALID_REQUEST", "Default group resources are not allowed.");
    const invalid = invalidGroupConfig(next, this.#settings);
    if (invalid !== undefined) throw new KafkaError("INVALID_CONFIG", invalid);
    const groups = new Map(this.#groups);
    if (Object.keys(next).length === 0) groups.delete(groupId);
    else groups.set(groupId, next);
    if (groups.size > MAX_GROUPS)
      throw new KafkaError("POLICY_VIOLATION", `More than ${MAX_GROUPS} groups would have configs of their own.`);
    if (!validateOnly) await this.#keep(groups);
  }

  async #keep(groups: ReadonlyMap<string, Configs>): Promise<void> {
    const text = `${JSON.stringify({ version: VERSION, groups: Object.fromEntries(groups) }, undefined, 2)}\n`;
    await makeDirectoryDurably(this.#files, this.#directory);
    await writeFileAtomically(this.#files, this.#directory, FILE, new TextEncoder().encode(text));
    this.#groups = groups;
  }
}
