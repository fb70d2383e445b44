// A file source at work: one split per file, named by its path below the source's root. FLIP-27.
import type { ConnectorContext, Json, SourceConnector, Split, SplitReader } from "../../stream/connector.ts";
import { FileConnectorError } from "./file-connector-error.ts";
import type { FileFormat } from "./file-format.ts";
import { FileReader } from "./file-reader.ts";
import { findFiles, pathOf } from "./find-files.ts";
import type { PathPattern } from "./path-pattern.ts";
import { ReadSlots } from "./read-slots.ts";

/** The other files wait for their turn; those that were read to their end and are watched are closed. */
const MAX_OPEN_FILES = 16;

export interface FileSourceSettings {
  readonly path: string;
  readonly pattern: PathPattern;
  readonly format: FileFormat<unknown>;
  readonly watchMs: number | undefined;
  readonly maxRecordBytes: number;
}

export class FileSourceConnector implements SourceConnector {
  readonly continuous: boolean;
  readonly discoverEveryMs: number | undefined;
  readonly #context: ConnectorContext;
  readonly #settings: FileSourceSettings;
  readonly #slots = new ReadSlots(MAX_OPEN_FILES);
  readonly #readers = new Set<FileReader>();
  #found: readonly Split[] | undefined;

  constructor(context: ConnectorContext, settings: FileSourceSettings) {
    this.#context = context;
    this.#settings = settings;
    this.continuous = settings.watchMs !== undefined;
    this.discoverEveryMs = settings.watchMs;
  }

  async discover(): Promise<readonly Split[]> {
    const { pattern, path } = this.#settings;
    // A source that ends reads what was there at first.
    if (this.#found !== undefined && !this.continuous) return this.#found;
    const files = await findFiles(this.#context.env.files, pattern);
    // What a checkpoint has read to its end may be gone.
    if (files.length === 0 && !this.continuous && this.#context.restored !== true)
      throw new FileConnectorError(
        "NO_FILES",
        `Source "${this.#context.operator}" finds no file at ${path}. Files whose names begin with "." or "_" do not count. To wait for files: fileSource(path, format, { watch: "1s" }).`,
      );
    for (const reader of this.#readers) {
      if (reader.finished) this.#readers.delete(reader);
      else await reader.grown();
    }
    this.#found = files.map(({ id }) => ({ id, data: null }));
    return this.#found;
  }

  async open(split: Split, position: Json | undefined): Promise<SplitReader> {
    const { pattern, format, maxRecordBytes } = this.#settings;
    const root = await this.#context.env.files.stat(pattern.root);
    const reader = new FileReader(this.#context.env, {
      id: split.id,
      path: pathOf(pattern, split.id, root?.kind === "file" || (root === undefined && pattern.root.endsWith(`/${split.id}`))),
      format,
      position,
      follow: this.continuous,
      maxRecordBytes,
      slots: this.#slots,
    });
    if (this.continuous) this.#readers.add(reader);
    return reader;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#readers].map((reader) => reader.close()));
  }
}
