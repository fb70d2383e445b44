// The checkpoint of a partition: up to where recovery need not look, and where the log begins. It is a line of the shared file of all
// partitions (recovery-points.ts) or, when it cannot wait for that, the partition's own checkpoint.json, replaced atomically; the one with
// the higher sequence holds. A checksum guards either.
// Invariant: when it is on disk, the log below the recovery point, the indexes' entries it counts and the producer snapshot of that
// offset are too. What would be empty has no file: indexes without entries, a snapshot without producers. What is small may be inside.
import { crc32c } from "../bytes/crc32c.ts";
import type { Files } from "../env/files.ts";
import { writeFileAtomically } from "./atomic-file.ts";
import { codeOf } from "./log-error.ts";
import { CHECKPOINT_FILE } from "./segment-files.ts";

export interface RecoveryPoint {
  /** Everything below this offset is on disk and sound. */
  readonly offset: number;
  /** First offset of the segment that holds the point, and the point's position in its file. */
  readonly segmentBase: number;
  readonly position: number;
  /** Saved entries of that segment's offset, time and aborted index. */
  readonly indexEntries: readonly [number, number, number];
  /** Timestamp of that segment's first batch, absent while it is empty. */
  readonly firstTimestamp?: number;
  /** Present if no producer was known: there is no snapshot then. */
  readonly noProducers?: true;
  /** The producer snapshot itself, base64, if it is small: there is no file then. */
  readonly producers?: string;
  /** Entries of that segment's indexes that are in no file yet, if they are few. */
  readonly unsaved?: UnsavedEntries;
}

export interface UnsavedEntries {
  /** How many of `indexEntries` are in the files. */
  readonly saved: readonly [number, number, number];
  /** The others, base64, in the files' formats. */
  readonly entries: readonly [string, string, string];
  /** Largest timestamp of the segment and the last offset of its batch; absent while it is empty. */
  readonly maxTimestamp?: readonly [number, number];
}

export interface PartitionCheckpoint {
  readonly logStartOffset: number;
  /** undefined before the first one: recovery reads the whole log. */
  readonly recoveryPoint: RecoveryPoint | undefined;
  /** Everything below was compacted; absent if nothing ever was. */
  readonly cleanedOffset?: number;
  /** Rises with every checkpoint of the partition; absent: 0. */
  readonly sequence?: number;
}

const VERSION = 1;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

export function encodeCheckpoint(checkpoint: PartitionCheckpoint): Uint8Array {
  const body = encodeBody(checkpoint);
  return encoder.encode(`${body}\n${crc32c(encoder.encode(body))}\n`);
}

export function encodeBody(checkpoint: PartitionCheckpoint): string {
  return JSON.stringify({ version: VERSION, ...checkpoint });
}

/** undefined if it is damaged: recovery then reads the whole log. */
export function decodeCheckpoint(bytes: Uint8Array): PartitionCheckpoint | undefined {
  const [body, crc] = decoder.decode(bytes).split("\n");
  if (body === undefined || crc !== String(crc32c(encoder.encode(body)))) return undefined;
  return decodeBody(body);
}

/** The checksum must have been right; undefined if it is of another version. */
export function decodeBody(body: string): PartitionCheckpoint | undefined {
  const { version, logStartOffset, recoveryPoint, cleanedOffset, sequence } = JSON.parse(body) as PartitionCheckpoint & { version: number };
  if (version !== VERSION) return undefined;
  return {
    logStartOffset,
    recoveryPoint,
    ...(cleanedOffset === undefined ? {} : { cleanedOffset }),
    ...(sequence === undefined ? {} : { sequence }),
  };
}

/** Of a partition's two checkpoints, the one that was written last. */
export function newerCheckpoint(
  own: PartitionCheckpoint | undefined,
  shared: PartitionCheckpoint | undefined,
): PartitionCheckpoint | undefined {
  if (own === undefined || shared === undefined) return own ?? shared;
  return (own.sequence ?? 0) > (shared.sequence ?? 0) ? own : shared;
}

export function writeCheckpoint(files: Files, directory: string, checkpoint: PartitionCheckpoint): Promise<void> {
  return writeFileAtomically(files, directory, CHECKPOINT_FILE, encodeCheckpoint(checkpoint));
}

export async function readCheckpoint(files: Files, directory: string): Promise<PartitionCheckpoint | undefined> {
  try {
    return decodeCheckpoint(await files.readFile(`${directory}/${CHECKPOINT_FILE}`));
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}
