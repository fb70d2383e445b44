// meta/recovery-points: the checkpoints of all partitions in one file, a line with a checksum each, replaced as a whole. Written by the
// timer and at the close: thousands of partitions cost two flushes. A single partition that cannot wait writes its own checkpoint.json;
// of the two, the one with the higher sequence holds. Lines name the topic's id: a topic created again under the same name begins anew.
import { crc32c } from "../bytes/crc32c.ts";
import type { Files } from "../env/files.ts";
import { writeFileAtomically } from "./atomic-file.ts";
import { codeOf } from "./log-error.ts";
import { decodeBody, encodeBody, type PartitionCheckpoint } from "./partition-checkpoint.ts";
import { META_DIRECTORY, parsePartitionDirectory, RECOVERY_POINTS_FILE } from "./segment-files.ts";

export interface PartitionPoint {
  readonly topicId: string;
  readonly partition: number;
  readonly checkpoint: PartitionCheckpoint;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export function encodeRecoveryPoints(points: readonly PartitionPoint[]): Uint8Array {
  const lines = points.map(({ topicId, partition, checkpoint }) => {
    const body = `${topicId} ${partition} ${encodeBody(checkpoint)}`;
    return `${crc32c(encoder.encode(body))} ${body}\n`;
  });
  return encoder.encode(lines.join(""));
}

export interface LoadedRecoveryPoints {
  readonly points: ReadonlyMap<string, PartitionCheckpoint>;
  /** Lines whose checksum is wrong: their partitions are read whole. */
  readonly damagedLines: number;
}

export function decodeRecoveryPoints(bytes: Uint8Array): LoadedRecoveryPoints {
  const points = new Map<string, PartitionCheckpoint>();
  let damagedLines = 0;
  for (const line of decoder.decode(bytes).split("\n")) {
    if (line === "") continue;
    const [, crc, body = "", topicId = "", partition = "", json = ""] = /^(\d+) ((\S+) (\d+) (.*))$/.exec(line) ?? [];
    const checkpoint = crc === String(crc32c(encoder.encode(body))) ? decodeBody(json) : undefined;
    if (checkpoint === undefined) damagedLines++;
    else points.set(pointKey(topicId, Number(partition)), checkpoint);
  }
  return { points, damagedLines };
}

export function pointKey(topicId: string, partition: number): string {
  return `${topicId} ${partition}`;
}

export async function readRecoveryPoints(files: Files, metaDirectory: string): Promise<LoadedRecoveryPoints> {
  try {
    return decodeRecoveryPoints(await files.readFile(`${metaDirectory}/${RECOVERY_POINTS_FILE}`));
  } catch (error) {
    if (codeOf(error) !== "ENOENT") throw error;
    return { points: new Map(), damagedLines: 0 };
  }
}

/** For those who look at one partition's directory without a broker: its line, if the topic is still the one that it speaks of. */
export async function readSharedCheckpoint(files: Files, partitionDirectory: string): Promise<SharedCheckpoint> {
  const parts = partitionDirectory.replace(/\/+$/, "").split("/");
  const meta = [...parts.slice(0, -1), META_DIRECTORY].join("/");
  const { topic, partition } = parsePartitionDirectory(parts.at(-1)!)!;
  const path = `${meta}/${RECOVERY_POINTS_FILE}`;
  const { points, damagedLines } = await readRecoveryPoints(files, meta);
  const checkpoint = points.get(pointKey(await topicIdIn(files, meta, topic), partition));
  return { path, checkpoint, lost: checkpoint === undefined && damagedLines > 0 };
}

export interface SharedCheckpoint {
  readonly path: string;
  readonly checkpoint: PartitionCheckpoint | undefined;
  /** There is none, but damaged lines, one of which may be the partition's. */
  readonly lost: boolean;
}

async function topicIdIn(files: Files, metaDirectory: string, topic: string): Promise<string> {
  try {
    const stored = JSON.parse(decoder.decode(await files.readFile(`${metaDirectory}/topics/${topic}.json`))) as { id?: unknown };
    return String(stored.id);
  } catch {
    return "";
  }
}

export function writeRecoveryPoints(files: Files, metaDirectory: string, points: readonly PartitionPoint[]): Promise<void> {
  return writeFileAtomically(files, metaDirectory, RECOVERY_POINTS_FILE, encodeRecoveryPoints(points));
}
