// A file sink at work, for all its writers: makes prepared files visible by renaming them, and clears up what former runs left. A rename is
// kept or lost as a whole; directories are synced on both sides before a commit is answered.
import type { Files } from "../../env/files.ts";
import type { ConnectorContext, SinkConnector, SinkWriter } from "../../stream/connector.ts";
import { decodeCommittable, type FileCommittable } from "./committable.ts";
import { FileConnectorError } from "./file-connector-error.ts";
import type { FileFormat } from "./file-format.ts";
import { FileWriter } from "./file-writer.ts";
import type { PartitionBy } from "./partition-path.ts";
import { RowText } from "./row-text.ts";

const STAGING = ".millrace-staging";

export interface FileSinkSettings {
  readonly directory: string;
  readonly format: FileFormat<unknown>;
  readonly sizeBytes: number;
  readonly everyMs: number;
  readonly onCheckpoint: boolean;
  readonly partition: PartitionBy;
}

export class FileSinkConnector implements SinkConnector {
  readonly #context: ConnectorContext;
  readonly #settings: FileSinkSettings;
  readonly #files: Files;
  readonly #staging: string;
  readonly #writers: FileWriter[] = [];
  /** Directories whose own entries are durable. */
  readonly #durable = new Set<string>();

  constructor(context: ConnectorContext, settings: FileSinkSettings) {
    this.#context = context;
    this.#settings = settings;
    this.#files = context.env.files;
    // "+" is in no encoded name.
    const owner = `${encodeURIComponent(context.job)}+${encodeURIComponent(context.operator)}`;
    this.#staging = `${settings.directory}/${STAGING}/${owner}`;
  }

  async recover(committables: readonly Uint8Array[]): Promise<void> {
    await this.#makeDurable(this.#staging);
    // The newest word on each file counts: it covers the most of it.
    const files = new Map<string, FileCommittable>();
    for (const bytes of committables) {
      const found = decodeCommittable(bytes, this.#context.operator);
      const known = files.get(found.staged);
      if (known === undefined || known.length <= found.length) files.set(found.staged, found);
    }
    const staged = new Set(await this.#files.list(this.#staging));
    for (const file of files.values()) if (staged.has(file.staged)) await this.#cut(file);
    await this.commit([...files.values()]);
    let removed = 0;
    for (const name of staged) {
      if (files.has(name)) continue;
      await this.#files.remove(`${this.#staging}/${name}`);
      removed++;
    }
    if (removed > 0) await this.#files.syncDirectory(this.#staging);
    if (files.size + removed > 0) {
      const { job, operator, env } = this.#context;
      env.logger.log("info", "files-recovered", { job, operator, committed: files.size, removed });
    }
  }

  writer(subtask: number): Promise<SinkWriter> {
    const { directory, format, partition, sizeBytes, everyMs, onCheckpoint } = this.#settings;
    const { env } = this.#context;
    const unique = env.random.uint32().toString(16).padStart(8, "0") + env.random.uint32().toString(16).padStart(8, "0");
    const writer = new FileWriter(
      {
        files: this.#files,
        clock: env.clock,
        stagingDirectory: this.#staging,
        prefix: `part-${subtask}-${unique}`,
        extension: format.extension,
        sizeBytes,
        everyMs,
        onCheckpoint,
      },
      new RowText(format, partition, directory),
      this,
    );
    this.#writers.push(writer);
    return Promise.resolve(writer);
  }

  async commit(committables: readonly FileCommittable[]): Promise<void> {
    if (committables.length === 0) return;
    const touched = new Set([this.#staging]);
    for (const { staged, final } of committables) {
      const path = `${this.#settings.directory}/${final}`;
      const parent = path.slice(0, path.lastIndexOf("/"));
      await this.#makeDurable(parent);
      if ((await this.#files.stat(`${this.#staging}/${staged}`)) !== undefined)
        await this.#files.rename(`${this.#staging}/${staged}`, path);
      else if ((await this.#files.stat(path)) === undefined) throw this.#lost(final);
      touched.add(parent);
    }
    for (const directory of touched) await this.#files.syncDirectory(directory);
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#writers.map((writer) => writer.close()));
  }

  /** Rows behind the checkpoint come again. */
  async #cut({ staged, length, final }: FileCommittable): Promise<void> {
    const handle = await this.#files.open(`${this.#staging}/${staged}`, "r+");
    try {
      const size = await handle.size();
      if (size < length) throw this.#lost(final, `has ${size} bytes of ${length}`);
      if (size > length) await handle.truncate(length);
      await handle.datasync();
    } finally {
      await handle.close();
    }
  }

  /** Makes a directory and everything on the way to it, so that a power cut leaves them; from the sink's own on they are synced in any case. */
  async #makeDurable(directory: string): Promise<void> {
    if (this.#durable.has(directory)) return;
    const way: string[] = [];
    for (let at = directory; !this.#durable.has(at); at = parentOf(at)) {
      const isOwn = at.length >= this.#settings.directory.length;
      if (!isOwn && (await this.#files.stat(at)) !== undefined) break;
      way.push(at);
    }
    await this.#files.makeDirectory(directory);
    for (const made of way.toReversed()) await this.#files.syncDirectory(parentOf(made));
    for (const made of way) if (made.length >= this.#settings.directory.length) this.#durable.add(made);
  }

  #lost(final: string, how = "is neither unfinished nor visible"): FileConnectorError {
    const { operator } = this.#context;
    return new FileConnectorError(
      "OUTPUT_LOST",
      `Sink "${operator}": the checkpoint names ${this.#settings.directory}/${final}, which ${how}. Files that a checkpoint names must stay until it is no longer needed; to go on without it, start without the checkpoint.`,
    );
  }
}

function parentOf(path: string): string {
  const slash = path.lastIndexOf("/");
  return slash < 0 ? "." : slash === 0 ? "/" : path.slice(0, slash);
}
