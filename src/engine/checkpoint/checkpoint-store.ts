// Where checkpoints live. The coordinator begins, completes and lists them; hosts write and read the state files, from their own
// thread with a store of their own over the same place. A checkpoint exists exactly if complete() resolved.
import type { StateChunk } from "../subtask/subtask.ts";
import type { CheckpointManifest, RestorePoint } from "./checkpoint-manifest.ts";
import type { StateFileWriter } from "./state-file.ts";

export interface CheckpointStore {
  /**
   * Takes the place for this process, removes what crashes left behind, and resolves to the highest id ever begun here (0: none).
   * CHECKPOINT_IN_USE while another process runs the same job.
   */
  open(): Promise<number>;
  begin(id: number): Promise<void>;
  /** Synchronous: the file is opened with its first bytes. Names are unique within a checkpoint. */
  stateWriter(id: number, name: string): StateFileWriter;
  /**
   * Resolves when the manifest is durable. CHECKPOINT_FAILED: it surely does not exist. CHECKPOINT_UNCERTAIN: nobody knows, stop.
   * Resolves to the bytes of the whole checkpoint.
   */
  complete(manifest: CheckpointManifest): Promise<number>;
  /** Ids of complete checkpoints, ascending. */
  list(): Promise<number[]>;
  /** The newest complete checkpoint with id ≥ `fromId`, made durable before it is returned; undefined if there is none. */
  latest(fromId?: number): Promise<RestorePoint | undefined>;
  /** A checkpoint or savepoint by its directory. */
  load(path: string): Promise<RestorePoint>;
  chunks(point: RestorePoint): AsyncIterable<StateChunk>;
  /** Idempotent; the manifest goes first. */
  discard(id: number): Promise<void>;
  /** Removes all but the newest `keep` complete checkpoints and every incomplete one older than the newest. */
  retain(keep: number): Promise<void>;
  /** Copies a complete checkpoint to `path` as a self-contained savepoint. Resolves when it is durable. */
  exportSavepoint(id: number, path: string): Promise<void>;
  /** Where a savepoint goes unless the user says otherwise. */
  savepointPath(id: number): string;
  close(): Promise<void>;
}
