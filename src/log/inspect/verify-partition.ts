// Looks for damage in the files of one partition: every batch's checksum, order and length; indexes that point to where no batch begins;
// checkpoint and producer snapshots. Reads only. What the broker mends by itself at its next start is told apart from what it cannot.
import type { Files } from "../../env/files.ts";
import { AbortedIndex } from "../aborted-index.ts";
import { codeOf } from "../log-error.ts";
import { OffsetIndex } from "../offset-index.ts";
import { decodeCheckpoint, newerCheckpoint, type PartitionCheckpoint } from "../partition-checkpoint.ts";
import { readSharedCheckpoint } from "../recovery-points.ts";
import { decodeProducerSnapshot } from "../producer-snapshot.ts";
import {
  ABORTED_INDEX_SUFFIX,
  CHECKPOINT_FILE,
  OFFSET_INDEX_SUFFIX,
  offsetFileName,
  offsetOfFileName,
  SNAPSHOT_SUFFIX,
  SWAP_SUFFIX,
  TIME_INDEX_SUFFIX,
} from "../segment-files.ts";
import { decodeSwap } from "../compaction/segment-swap.ts";
import { TimeIndex } from "../time-index.ts";
import type { PartitionFiles, SegmentFile } from "./partition-files.ts";
import type { SegmentDamage } from "../segment-damage.ts";
import { scanSegment } from "./scan-segment.ts";

/** torn-tail: what a crash leaves, cut off at the next start. damage: lost records. index, snapshot, checkpoint: can be made anew.
 * recovery-points: a line of the file that all partitions share, perhaps this one's. */
export type FindingKind = "torn-tail" | "damage" | "index" | "snapshot" | "checkpoint" | "recovery-points" | "swap";

export interface Finding {
  readonly kind: FindingKind;
  readonly partition: string;
  readonly path: string;
  /** A whole sentence without its end. */
  readonly problem: string;
  /** For damage and torn tails. */
  readonly damage: SegmentDamage | undefined;
}

export interface PartitionReport {
  readonly partition: string;
  readonly segments: number;
  readonly sizeBytes: number;
  readonly batches: number;
  readonly records: number;
  readonly startOffset: number;
  readonly endOffset: number;
  readonly findings: readonly Finding[];
}

export async function verifyPartition(files: Files, partition: PartitionFiles): Promise<PartitionReport> {
  return new Verification(files, partition).run();
}

class Verification {
  readonly #files: Files;
  readonly #partition: PartitionFiles;
  readonly #findings: Finding[] = [];
  #batches = 0;
  #records = 0;
  #sizeBytes = 0;
  #endOffset = 0;
  #checkpoint: PartitionCheckpoint | undefined;

  constructor(files: Files, partition: PartitionFiles) {
    this.#files = files;
    this.#partition = partition;
  }

  async run(): Promise<PartitionReport> {
    const { name, segments } = this.#partition;
    await this.#checkSmallFiles();
    for (const segment of segments) await this.#checkSegment(segment);
    return {
      partition: name,
      segments: segments.length,
      sizeBytes: this.#sizeBytes,
      batches: this.#batches,
      records: this.#records,
      startOffset: Math.max(segments[0]!.baseOffset, this.#checkpoint?.logStartOffset ?? 0),
      endOffset: this.#endOffset,
      findings: this.#findings,
    };
  }

  #find(kind: FindingKind, path: string, problem: string, damage?: SegmentDamage): void {
    this.#findings.push({ kind, partition: this.#partition.name, path, problem, damage });
  }

  async #read(name: string): Promise<Uint8Array | undefined> {
    try {
      return await this.#files.readFile(`${this.#partition.directory}/${name}`);
    } catch (error) {
      if (codeOf(error) === "ENOENT") return undefined;
      throw error;
    }
  }

  async #checkSmallFiles(): Promise<void> {
    const { directory, names } = this.#partition;
    const checkpoint = await this.#read(CHECKPOINT_FILE);
    const own = checkpoint && decodeCheckpoint(checkpoint);
    const shared = await readSharedCheckpoint(this.#files, directory);
    this.#checkpoint = newerCheckpoint(own, shared.checkpoint);
    if (shared.lost && this.#checkpoint === undefined)
      this.#find(
        "recovery-points",
        shared.path,
        "A line of it cannot be read, perhaps this partition's: the next start reads the whole log",
      );
    if (checkpoint !== undefined && own === undefined)
      this.#find("checkpoint", `${directory}/${CHECKPOINT_FILE}`, "It cannot be read: the next start reads the whole log");
    for (const name of names) {
      const path = `${directory}/${name}`;
      if (offsetOfFileName(name, SNAPSHOT_SUFFIX) >= 0 && decodeProducerSnapshot((await this.#read(name))!) === undefined)
        this.#find("snapshot", path, "It cannot be read: producers are found again in the log");
      if (offsetOfFileName(name, SWAP_SUFFIX) >= 0 && decodeSwap((await this.#read(name))!) === undefined)
        this.#find("swap", path, "It cannot be read: whether its compaction was finished is unknown");
    }
  }

  async #checkSegment(segment: SegmentFile): Promise<void> {
    const stat = await this.#files.stat(segment.path);
    const entries = await this.#offsetEntries(segment, stat?.size ?? 0);
    let entry = 0;
    let stray = -1;
    const { damages, sizeBytes, nextOffset } = await scanSegment(this.#files, segment.path, segment, (header, _batch, position) => {
      this.#batches++;
      this.#records += header.recordCount;
      while (entry < entries.length && entries[entry]!.position < position) {
        if (stray < 0) stray = entries[entry]!.position;
        entry++;
      }
      const here = entries[entry];
      if (here === undefined || here.position !== position) return;
      if (here.lastOffset !== header.baseOffset + header.lastOffsetDelta && stray < 0) stray = position;
      entry++;
    });
    this.#sizeBytes += sizeBytes;
    this.#endOffset = Math.max(this.#endOffset, nextOffset);
    for (const damage of damages) this.#reportDamage(segment, damage, sizeBytes);
    const path = segment.path.replace(/\.log$/, OFFSET_INDEX_SUFFIX);
    if (stray >= 0 && damages.length === 0) this.#find("index", path, `It points to byte ${stray}, where no such batch begins`);
    await this.#checkOtherIndexes(segment);
  }

  #reportDamage(segment: SegmentFile, damage: SegmentDamage, sizeBytes: number): void {
    const point = this.#checkpoint?.recoveryPoint;
    const trusted = point !== undefined && (segment.baseOffset < point.segmentBase || (segment.baseOffset === point.segmentBase && damage.position < point.position)); // prettier-ignore
    const tail = segment.untilOffset === Infinity && damage.endPosition === sizeBytes && !trusted;
    const until = damage.untilOffset ?? (segment.untilOffset === Infinity ? undefined : segment.untilOffset);
    const offsets = until === undefined ? `offsets from ${damage.fromOffset} on` : `offsets ${damage.fromOffset} to ${until - 1}`;
    const what = `Bytes ${damage.position} to ${damage.endPosition - 1} (${offsets}) hold no sound batch: ${damage.problem}`;
    this.#find(tail ? "torn-tail" : "damage", segment.path, what, damage);
  }

  async #offsetEntries(segment: SegmentFile, sizeBytes: number): Promise<{ lastOffset: number; position: number }[]> {
    const name = offsetFileName(segment.baseOffset, OFFSET_INDEX_SUFFIX);
    const file = await this.#read(name);
    if (file === undefined) return [];
    const bytes = written(file, OffsetIndex.entryBytes);
    if (OffsetIndex.decode(bytes, segment.baseOffset, sizeBytes) === undefined) {
      this.#find("index", `${this.#partition.directory}/${name}`, "It cannot be the index of its segment");
      return [];
    }
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return Array.from({ length: bytes.length / OffsetIndex.entryBytes }, (_, i) => ({
      lastOffset: segment.baseOffset + view.getInt32(i * OffsetIndex.entryBytes),
      position: view.getInt32(i * OffsetIndex.entryBytes + 4),
    }));
  }

  async #checkOtherIndexes({ baseOffset }: SegmentFile): Promise<void> {
    const { directory } = this.#partition;
    const times = offsetFileName(baseOffset, TIME_INDEX_SUFFIX);
    const aborted = offsetFileName(baseOffset, ABORTED_INDEX_SUFFIX);
    const timeBytes = await this.#read(times);
    const abortedBytes = await this.#read(aborted);
    const problem = "It cannot be the index of its segment";
    if (timeBytes !== undefined && TimeIndex.decode(written(timeBytes, TimeIndex.entryBytes), baseOffset) === undefined)
      this.#find("index", `${directory}/${times}`, problem);
    if (abortedBytes !== undefined && AbortedIndex.decode(abortedBytes, baseOffset) === undefined)
      this.#find("index", `${directory}/${aborted}`, problem);
  }
}

/** Without the zeros at its end: Apache Kafka makes the index files of an active segment as long as they may get. */
function written(index: Uint8Array, entryBytes: number): Uint8Array {
  let end = index.length;
  while (end > 0 && index[end - 1] === 0) end--;
  // The last entry's own bytes may be zeros; a file of anything but whole entries is for the decoder to refuse.
  const whole = Math.min(index.length, Math.ceil(end / entryBytes) * entryBytes);
  return index.length % entryBytes === 0 ? index.subarray(0, whole) : index;
}
