// millrace topic tail NAME: prints records as they are committed, from -o on, until -n records, the end (-e) or Ctrl-C.
import type { Consumer, PartitionAssignment } from "../../client/consumer/consumer.ts";
import type { KafkaClient } from "../../client/client.ts";
import { CliError } from "../cli-error.ts";
import { escapeText, visibleText } from "../escape-text.ts";
import { EXIT } from "../exit-codes.ts";
import { onInterrupt } from "../interrupt.ts";
import { compileFormat, type TailedRecord } from "../record-format.ts";
import { jsonRecord } from "../record-json.ts";
import { offsetsAt, parseTailRange, type TailRange } from "../start-offset.ts";
import type { Terminal } from "../terminal.ts";
import { partitionsOf, withClient, type ClientFlags } from "../with-client.ts";

export interface TopicTailFlags extends ClientFlags {
  readonly format?: string;
  readonly offset?: readonly string[];
  readonly group?: string;
  readonly count?: number;
  readonly partition?: number;
  readonly exit?: boolean;
  readonly uncommitted?: boolean;
  readonly json?: boolean;
  readonly jsonl?: boolean;
}

interface Positions {
  readonly starts: readonly PartitionAssignment[];
  /** Partitions that end before the offset that was asked for. */
  readonly short: number;
  /** Where -e ends, by partition. */
  readonly ends: ReadonlyMap<number, number>;
}

/** How often the positions are compared with the ends when nothing more comes (the last offsets may be markers that nobody sees). */
const END_CHECK_MS = 20;

export async function topicTail(topic: string, flags: TopicTailFlags, terminal: Terminal): Promise<void> {
  const range = parseTailRange(flags.offset ?? [], Date.now(), flags.group);
  const isBounded = flags.exit === true || range.until !== undefined;
  if (flags.json === true && !isBounded && flags.count === undefined)
    throw new CliError(
      EXIT.usage,
      "--json prints one document at the end, and tail has no end. Add -e, -n N or an end such as -o :end, or use --jsonl.",
    );
  const format = flags.format === undefined ? undefined : compileFormat(flags.format);
  const isolation = flags.uncommitted === true ? "read_uncommitted" : "read_committed";
  const documents: unknown[] = [];
  const print = async (record: TailedRecord): Promise<void> => {
    if (flags.json === true) documents.push(jsonRecord(record));
    else if (flags.jsonl === true) await terminal.out(`${JSON.stringify(jsonRecord(record))}\n`);
    else await terminal.out(format === undefined ? defaultLine(record, terminal) : format(record));
  };
  const interrupt = onInterrupt(terminal);
  await withClient(terminal, flags, async ({ client }) => {
    const partitions = await choosePartitions(client, topic, flags.partition);
    const positions = await resolvePositions(client, topic, partitions, range, isolation);
    if (positions.short > 0 && !terminal.quiet)
      terminal.note(`${positions.short} of ${partitions.length} partitions end before what -o says: reading begins at the end there.`);
    const consumer = client.consumer({ isolation, startAt: "earliest" });
    await consumer.assign(positions.starts);
    await follow(consumer, topic, { ...flags, exit: isBounded }, positions, interrupt.signal, print);
    await consumer.close();
  });
  if (flags.json === true) await terminal.out(`${JSON.stringify(documents)}\n`);
}

async function follow(
  consumer: Consumer,
  topic: string,
  flags: TopicTailFlags,
  { ends }: Positions,
  interrupted: AbortSignal,
  print: (record: TailedRecord) => Promise<void>,
): Promise<void> {
  const ended = new AbortController();
  const isAtEnd = (): boolean => [...ends].every(([partition, end]) => (consumer.position({ topic, partition }) ?? 0) >= end);
  const check = flags.exit === true ? setInterval(() => void (isAtEnd() && ended.abort()), END_CHECK_MS) : undefined;
  let left = flags.count ?? Number.POSITIVE_INFINITY;
  try {
    while (left > 0 && !(flags.exit === true && isAtEnd())) {
      const { value: batch, done } = await consumer.batches({ signal: AbortSignal.any([ended.signal, interrupted]) }).next();
      if (done === true) return;
      for (const record of batch.records) {
        if (flags.exit === true && record.offset >= (ends.get(record.partition) ?? 0)) break;
        if (left-- <= 0 || interrupted.aborted) return;
        await print(record);
      }
    }
  } catch (error) {
    if (!ended.signal.aborted && !interrupted.aborted) throw error;
  } finally {
    clearInterval(check);
  }
}

async function choosePartitions(client: KafkaClient, topic: string, wanted: number | undefined): Promise<readonly number[]> {
  const count = await partitionsOf(client, topic);
  if (wanted === undefined) return Array.from({ length: count }, (_, partition) => partition);
  if (wanted < count) return [wanted];
  throw new CliError(EXIT.notFound, `Topic "${topic}" has no partition ${wanted}: they are 0 to ${count - 1}.`);
}

async function resolvePositions(
  client: KafkaClient,
  topic: string,
  partitions: readonly number[],
  { from, until }: TailRange,
  isolation: "read_committed" | "read_uncommitted",
): Promise<Positions> {
  const places = partitions.map((partition) => ({ topic, partition }));
  const found = await offsetsAt(client.admin(), places, from, isolation);
  const ends = until === undefined ? undefined : await offsetsAt(client.admin(), places, until, isolation);
  // Behind the last stable offset there may be records that are yet to be committed; behind the high watermark is nothing, and who asks
  // there would be sent to the earliest record.
  const isBeyond = found.some(({ end, offset }) => offset > end);
  const last = isBeyond ? await offsetsAt(client.admin(), places, { kind: "end" }, "read_uncommitted") : found;
  const starts = found.map(({ start: first, offset }, i) => Math.min(last[i]!.end, Math.max(first, offset)));
  return {
    starts: partitions.map((partition, i) => ({ topic, partition, offset: starts[i]! })),
    short: found.filter(({ offset }, i) => offset > last[i]!.end).length,
    ends: new Map(found.map(({ partition, end }, i) => [partition, Math.min(end, ends?.[i]!.offset ?? end)])),
  };
}

const decoder = new TextDecoder();

/** On a terminal: place, time, key and value; in a pipe: topic, partition, offset, timestamp, key and value as TSV. */
function defaultLine(record: TailedRecord, terminal: Terminal): string {
  const key = record.key === null ? "" : decoder.decode(record.key);
  const value = record.value === null ? "" : decoder.decode(record.value);
  if (!terminal.isTerminal)
    return `${record.topic}\t${record.partition}\t${record.offset}\t${record.timestamp}\t${escapeText(key)}\t${escapeText(value)}\n`;
  const place = `${record.partition}:${record.offset}`.padEnd(12);
  const time = new Date(record.timestamp).toISOString().replace("T", " ").slice(0, 23);
  const soft = (text: string): string => (terminal.color ? `\u001B[2m${text}\u001B[22m` : text);
  return `${soft(`${place} ${time}`)}  ${record.key === null ? soft("–") : visibleText(key)}  ${record.value === null ? soft("null") : visibleText(value)}\n`;
}
