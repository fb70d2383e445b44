// checkpoint.json of a partition: up to where recovery need not look, and where the log begins. Replaced atomically; a checksum guards it.
// Invariant: when it is on disk, the log below the recovery point, the indexes' entries it counts and the producer snapshot of that
// offset are too. What would be empty has no file: indexes without entries, a snapshot without producers.
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
}

export interface PartitionCheckpoint {
  readonly logStartOffset: number;
  /** undefined before the first one: recovery reads the whole log. */
  readonly recoveryPoint: RecoveryPoint | undefined;
  /** Everything below was compacted; absent if nothing ever was. */
  readonly cleanedOffset?: number;
}

const VERSION = 1;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

export function encodeCheckpoint(checkpoint: PartitionCheckpoint): Uint8Array {
  const body = JSON.stringify({ version: VERSION, ...checkpoint });
  return encoder.encode(`${body}\n${crc32c(encoder.encode(body))}\n`);
}

/** undefined if it is damaged: recovery then reads the whole log. */
export function decodeCheckpoint(bytes: Uint8Array): PartitionCheckpoint | undefined {
  const [body, crc] = decoder.decode(bytes).split("\n");
  if (body === undefined || crc !== String(crc32c(encoder.encode(body)))) return undefined;
  const { version, logStartOffset, recoveryPoint, cleanedOffset } = JSON.parse(body) as PartitionCheckpoint & { version: number };
  if (version !== VERSION) return undefined;
  return cleanedOffset === undefined ? { logStartOffset, recoveryPoint } : { logStartOffset, recoveryPoint, cleanedOffset };
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
