// millrace log dump: the batches in a partition's files, and their records, read without a broker.
import type { Env } from "../../env/env.ts";
import { dumpBatch, type DumpedBatch, type DumpedRecord, dumpRecords } from "../../log/inspect/dump-segment.ts";
import type { PartitionFiles, SegmentFile } from "../../log/inspect/partition-files.ts";
import { scanSegment } from "../../log/inspect/scan-segment.ts";
import { findLogs, type LogFlags } from "../log-target.ts";
import { jsonRecord } from "../record-json.ts";
import { visibleText } from "../escape-text.ts";
import type { Terminal } from "../terminal.ts";

export interface LogDumpFlags extends LogFlags {
  readonly offset?: number;
  readonly count?: number;
  readonly records?: boolean;
  readonly jsonl?: boolean;
}

/** Batches looked at between two writes. */
const BATCHES_AT_A_TIME = 256;

export async function logDump(which: string, flags: LogDumpFlags, terminal: Terminal): Promise<void> {
  const { env, partitions, again } = await findLogs(terminal, which, flags);
  const writer = writerOf(flags, terminal);
  const damaged = (what: string): void => terminal.note(`${what}. See: millrace log verify ${again}`);
  for (const partition of partitions) {
    let left = flags.count ?? Infinity;
    for (const segment of partition.segments) {
      if (segment.untilOffset <= (flags.offset ?? 0)) continue;
      await writer.segment?.(`${partition.name}  ${segment.path.split("/").at(-1)!}\n`);
      left = await dumpSegment(env, partition, segment, flags, left, { writer, damaged });
      if (left <= 0) break;
    }
  }
  await writer.end?.();
}

interface DumpWriter {
  segment?(title: string): Promise<void>;
  batch(partition: string, batch: DumpedBatch, records: readonly DumpedRecord[] | undefined): Promise<void>;
  end?(): Promise<void>;
}

/** Text; a document per line; or one array, which is written as it is read: a partition may be larger than the memory. */
function writerOf(flags: LogDumpFlags, terminal: Terminal): DumpWriter {
  if (flags.jsonl === true) return { batch: (...dumped) => terminal.out(`${jsonOf(...dumped)}\n`) };
  let before = "[";
  if (flags.json === true)
    return {
      async batch(...dumped) {
        await terminal.out(before + jsonOf(...dumped));
        before = ",";
      },
      end: () => terminal.out(before === "[" ? "[]\n" : "]\n"),
    };
  return { segment: (title) => terminal.out(title), batch: (_, batch, records) => terminal.out(textOf(batch, records)) };
}

/** Returns how many batches are still wanted. */
async function dumpSegment(
  env: Env,
  partition: PartitionFiles,
  segment: SegmentFile,
  flags: LogDumpFlags,
  wanted: number,
  { writer, damaged }: { readonly writer: DumpWriter; readonly damaged: (what: string) => void },
): Promise<number> {
  let left = wanted;
  let from = flags.offset ?? 0;
  for (let more = true; more && left > 0;) {
    more = false;
    const found: { readonly batch: DumpedBatch; readonly bytes: Uint8Array }[] = [];
    const { damages } = await scanSegment(env.files, segment.path, segment, (header, bytes, position) => {
      if (header.baseOffset + header.lastOffsetDelta < from) return true;
      found.push({ batch: dumpBatch(header, bytes, position), bytes: flags.records === true ? bytes.slice() : bytes });
      more = found.length === BATCHES_AT_A_TIME;
      return found.length < Math.min(BATCHES_AT_A_TIME, left);
    });
    for (const { batch, bytes } of found) {
      const records = flags.records === true ? await dumpRecords(env.compression, bytes) : undefined;
      await writer.batch(partition.name, batch, records);
      from = batch.lastOffset + 1;
      left--;
    }
    for (const { position, endPosition, problem } of damages)
      damaged(`${segment.path}: bytes ${position} to ${endPosition - 1} hold no sound batch: ${problem}`);
  }
  return left;
}

function jsonOf(partition: string, batch: DumpedBatch, records: readonly DumpedRecord[] | undefined): string {
  const dash = partition.lastIndexOf("-");
  const name = { topic: partition.slice(0, dash), partition: Number(partition.slice(dash + 1)) };
  const readable = records?.map((record) => ({ ...jsonRecord({ ...record, ...name }), ...(record.marker === undefined ? {} : { marker: record.marker }) })); // prettier-ignore
  return JSON.stringify({ ...name, ...batch, ...(readable === undefined ? {} : { content: readable }) });
}

function textOf(batch: DumpedBatch, records: readonly DumpedRecord[] | undefined): string {
  const { baseOffset, lastOffset, position, sizeBytes, maxTimestamp, timestampType, compression, records: count } = batch;
  const parts = [`offsets ${baseOffset}..${lastOffset}`, `at ${position}`, `${sizeBytes} bytes`, `${count} records`, `${timestampType} ${timeText(maxTimestamp)}`, compression]; // prettier-ignore
  if (batch.producerId !== undefined)
    parts.push(`producer ${batch.producerId} epoch ${batch.producerEpoch!} sequence ${batch.baseSequence!}`);
  if (batch.transactional === true) parts.push("transactional");
  if (batch.control === true) parts.push("control");
  if (batch.deleteHorizonMs !== undefined) parts.push(`delete horizon ${timeText(batch.deleteHorizonMs)}`);
  const lines = (records ?? []).map(
    ({ offset, timestamp, key, value, marker }) =>
      `  ${offset}  ${timeText(timestamp)}  ${marker ?? `${textOfBytes(key)} = ${textOfBytes(value)}`}`,
  );
  return `${[parts.join("  "), ...lines].join("\n")}\n`;
}

function timeText(timestamp: number): string {
  return timestamp < 0 || timestamp > 8.64e15 ? String(timestamp) : new Date(timestamp).toISOString();
}

function textOfBytes(bytes: Uint8Array | null): string {
  return bytes === null ? "null" : visibleText(Buffer.from(bytes).toString());
}
