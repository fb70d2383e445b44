// Checkpoints in a directory: DIR/<job>/chk-<id>/{state files, manifest}. Durable in this order: the directory, state files, the
// manifest's bytes, all their names, and only then the manifest's final name (rename, directory sync). What latest() sees is synced
// first, so a restore never rests on an entry that a power cut could take back.
import { buggifyPause } from "../../env/fault-points.ts";
import { isPlanted } from "../../env/planted-faults.ts";
import type { DirectoryLock, Files } from "../../env/files.ts";
import type { StateChunk } from "../subtask/subtask.ts";
import { CheckpointError } from "./checkpoint-errors.ts";
import { decodeManifest, encodeManifest } from "./checkpoint-manifest.ts";
import type { CheckpointManifest, RestorePoint } from "./checkpoint-manifest.ts";
import type { CheckpointStore } from "./checkpoint-store.ts";
import { readStateFile, StateFileWriter } from "./state-file.ts";

const MANIFEST = "manifest";
const MANIFEST_TMP = "manifest.tmp";
const COPY_BYTES = 1024 * 1024;

export class DirectoryCheckpointStore implements CheckpointStore {
  readonly #files: Files;
  readonly #directory: string;
  #lock: DirectoryLock | undefined;

  /** `directory` holds the checkpoints of all jobs; this store touches only those of `job`. */
  constructor(files: Files, directory: string, job: string) {
    this.#files = files;
    this.#directory = `${directory}/${encodeURIComponent(job)}`;
  }

  async open(): Promise<number> {
    await makeDurableDirectory(this.#files, this.#directory);
    try {
      this.#lock = await this.#files.lockDirectory(this.#directory);
    } catch (error) {
      if ((error as { code?: unknown }).code !== "ELOCKED") throw error;
      throw new CheckpointError(
        "CHECKPOINT_IN_USE",
        `The checkpoints in ${this.#directory} belong to a running process: ${messageOf(error)} Stop that job, or give this one another data directory.`,
        { cause: error },
      );
    }
    const ids = await this.#ids();
    return ids.at(-1) ?? 0;
  }

  async begin(id: number): Promise<void> {
    const path = this.#path(id);
    await this.#files.makeDirectory(path);
    await this.#files.syncDirectory(this.#directory);
  }

  stateWriter(id: number, name: string): StateFileWriter {
    return new StateFileWriter(this.#files, this.#path(id), name);
  }

  async complete(manifest: CheckpointManifest): Promise<number> {
    const path = this.#path(manifest.id);
    const failed = (error: unknown) =>
      new CheckpointError("CHECKPOINT_FAILED", `Checkpoint ${manifest.id} could not be written to ${path}: ${messageOf(error)}`, {
        cause: error,
      });
    const bytes = encodeManifest(manifest);
    try {
      await writeDurably(this.#files, `${path}/${MANIFEST_TMP}`, bytes);
      // Without this the manifest's name could survive a power cut that takes a state file's.
      await this.#files.syncDirectory(path);
      const pause = buggifyPause("manifest-late");
      if (pause !== undefined) await pause;
    } catch (error) {
      throw failed(error);
    }
    try {
      await this.#files.rename(`${path}/${MANIFEST_TMP}`, `${path}/${MANIFEST}`);
      await this.#files.syncDirectory(path);
    } catch (error) {
      await this.#undo(manifest.id, error);
      throw failed(error);
    }
    return manifest.stateFiles.reduce((sum, file) => sum + file.sizeBytes, bytes.length);
  }

  async list(): Promise<number[]> {
    const complete: number[] = [];
    for (const id of await this.#ids()) if (await this.#isComplete(id)) complete.push(id);
    return complete;
  }

  async latest(fromId = 0): Promise<RestorePoint | undefined> {
    const ids = await this.#ids();
    for (const id of ids.toReversed()) {
      if (id < fromId || !(await this.#isComplete(id))) continue;
      await this.#files.syncDirectory(this.#path(id));
      await this.#files.syncDirectory(this.#directory);
      return await this.load(this.#path(id));
    }
    return undefined;
  }

  async load(path: string): Promise<RestorePoint> {
    let bytes: Uint8Array;
    try {
      bytes = await this.#files.readFile(`${path}/${MANIFEST}`);
    } catch (error) {
      throw new CheckpointError(
        "CHECKPOINT_NOT_FOUND",
        `There is no complete checkpoint or savepoint at ${path}: ${messageOf(error)} Give the directory that holds its "manifest".`,
        { cause: error },
      );
    }
    return { path, manifest: decodeManifest(bytes, `${path}/${MANIFEST}`) };
  }

  async *chunks(point: RestorePoint): AsyncGenerator<StateChunk> {
    for (const file of point.manifest.stateFiles) yield* readStateFile(this.#files, point.path, file);
  }

  async discard(id: number): Promise<void> {
    const path = this.#path(id);
    if (await this.#isComplete(id)) {
      await this.#files.remove(`${path}/${MANIFEST}`);
      await this.#files.syncDirectory(path);
    }
    await this.#files.removeDirectory(path);
    await this.#files.syncDirectory(this.#directory);
  }

  async retain(keep: number): Promise<void> {
    const complete = await this.list();
    const newest = complete.at(-1) ?? 0;
    const kept = new Set(complete.slice(-Math.max(1, keep)));
    for (const id of await this.#ids()) if (id < newest && !kept.has(id)) await this.discard(id);
  }

  async exportSavepoint(id: number, path: string): Promise<void> {
    const { manifest } = await this.load(this.#path(id));
    if ((await this.#files.stat(`${path}/${MANIFEST}`)) !== undefined)
      throw new CheckpointError("CHECKPOINT_FAILED", `There is a savepoint at ${path} already. Give another path.`);
    await makeDurableDirectory(this.#files, path);
    for (const file of manifest.stateFiles) await this.#copy(`${this.#path(id)}/${file.name}`, `${path}/${file.name}`);
    await writeDurably(this.#files, `${path}/${MANIFEST_TMP}`, encodeManifest({ ...manifest, kind: "savepoint" }));
    await this.#files.syncDirectory(path);
    await this.#files.rename(`${path}/${MANIFEST_TMP}`, `${path}/${MANIFEST}`);
    await this.#files.syncDirectory(path);
  }

  savepointPath(id: number): string {
    return `${this.#directory}/savepoint-${id}`;
  }

  async close(): Promise<void> {
    const lock = this.#lock;
    this.#lock = undefined;
    await lock?.release();
  }

  #path(id: number): string {
    return `${this.#directory}/chk-${id}`;
  }

  async #ids(): Promise<number[]> {
    const ids: number[] = [];
    for (const name of await this.#files.list(this.#directory)) {
      const match = /^chk-([0-9]{1,15})$/.exec(name);
      if (match !== null) ids.push(Number(match[1]));
    }
    return ids.sort((a, b) => a - b);
  }

  async #isComplete(id: number): Promise<boolean> {
    return (await this.#files.stat(`${this.#path(id)}/${MANIFEST}`)) !== undefined;
  }

  /** After a failed rename or directory sync: the manifest must surely be gone before the job goes on without this checkpoint. */
  async #undo(id: number, cause: unknown): Promise<void> {
    try {
      if (await this.#isComplete(id)) await this.#files.remove(`${this.#path(id)}/${MANIFEST}`);
      await this.#files.syncDirectory(this.#path(id));
    } catch {
      throw new CheckpointError(
        "CHECKPOINT_UNCERTAIN",
        `Checkpoint ${id} in ${this.#path(id)} may or may not be on disk: ${messageOf(cause)} The job stops so that nothing is lost or repeated; check the disk and start it again.`,
        { cause },
      );
    }
  }

  async #copy(from: string, to: string): Promise<void> {
    const source = await this.#files.open(from, "r");
    try {
      const target = await this.#files.open(to, "w+");
      try {
        const piece = new Uint8Array(COPY_BYTES);
        for (let at = 0; ;) {
          const read = await source.read(piece, 0, piece.length, at);
          if (read === 0) break;
          await target.write([piece.subarray(0, read)], at);
          at += read;
        }
        await target.datasync();
      } finally {
        await target.close();
      }
    } finally {
      await source.close();
    }
  }
}

async function writeDurably(files: Files, path: string, bytes: Uint8Array): Promise<void> {
  const handle = await files.open(path, "w+");
  try {
    await handle.write([bytes], 0);
    if (!isPlanted("manifest-not-flushed")) await handle.datasync();
  } finally {
    await handle.close();
  }
}

/** Other people's directories above ours may not be ours to sync. */
const NOT_OURS: ReadonlySet<unknown> = new Set(["EACCES", "EPERM", "EROFS"]);

/**
 * The directory with its parents, each entry synced in its parent: also of those that are there, since an earlier process may have made
 * them and died before its sync; a power cut would then take everything that was built inside.
 */
async function makeDurableDirectory(files: Files, path: string): Promise<void> {
  await files.makeDirectory(path);
  await files.syncDirectory(path);
  for (let at = path; parentOf(at) !== at; at = parentOf(at)) {
    try {
      await files.syncDirectory(parentOf(at));
    } catch (error) {
      if (!NOT_OURS.has((error as { code?: unknown }).code)) throw error;
      return;
    }
  }
}

function parentOf(path: string): string {
  const slash = path.lastIndexOf("/");
  return slash > 0 ? path.slice(0, slash) : slash === 0 ? "/" : ".";
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
