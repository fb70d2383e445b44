// millrace topic produce NAME: each line of stdin is a record, byte for byte. Ends when every record is acknowledged.
import type { KafkaClient } from "../../client/client.ts";
import type { ProducerCompression, ProducerOptions } from "../../client/producer/options.ts";
import type { Producer } from "../../client/producer/producer.ts";
import type { RecordHeader } from "../../protocol/records/batch-writer.ts";
import { CliError } from "../cli-error.ts";
import { EXIT } from "../exit-codes.ts";
import { codeOf } from "../explain-error.ts";
import { LineSplitter } from "../line-splitter.ts";
import { parsePair } from "../pairs.ts";
import type { Terminal } from "../terminal.ts";
import { partitionsOf, withClient, type ClientFlags } from "../with-client.ts";

export interface TopicProduceFlags extends ClientFlags {
  /** Key delimiter. */
  readonly keyDelimiter?: string;
  readonly partition?: number;
  readonly header?: readonly string[];
  readonly compression?: ProducerCompression;
  readonly json?: boolean;
}

const MAX_LINE_BYTES = 64 * 1024 * 1024;
const MAX_UNANSWERED = 10_000;
/** The client's own defaults, which a topic's max.message.bytes may lie below or above. */
const BATCH_BYTES = 256 * 1024;
const REQUEST_BYTES = 1024 * 1024;

interface Outlet {
  send(key: Uint8Array | null, value: Uint8Array): Promise<void>;
  /** Resolves when every record is acknowledged; rejects with the first failure. */
  finish(): Promise<void>;
}

export async function topicProduce(topic: string, flags: TopicProduceFlags, terminal: Terminal): Promise<void> {
  const delimiter = flags.keyDelimiter === undefined ? undefined : Buffer.from(flags.keyDelimiter);
  if (delimiter?.length === 0) throw new CliError(EXIT.usage, "-K needs at least one character between key and value, such as -K :");
  const headers = flags.header?.map((pair): RecordHeader => {
    const [key, value] = parsePair("-H", pair, "source=import");
    return { key, value: Buffer.from(value) };
  });
  await withClient(terminal, flags, async ({ client, env }) => {
    await checkPartition(client, topic, flags.partition);
    if (process.stdin.isTTY === true && !terminal.quiet)
      terminal.note(
        `Each line becomes a record of "${topic}"${delimiter === undefined ? "" : `, its key before "${flags.keyDelimiter}"`}. Ctrl-D ends.`,
      );
    const limit = await largestBatch(client, topic);
    const producer = client.producer({ autoCreateTopics: false, ...sizesFor(limit, flags.compression ?? "none") });
    const outlet =
      headers === undefined
        ? appender(producer, topic, flags.partition ?? -1, () => env.clock.now())
        : senderWithHeaders(producer, topic, flags.partition, headers);
    let count = 0;
    const splitter = new LineSplitter(MAX_LINE_BYTES);
    const record = async (line: Uint8Array): Promise<void> => {
      const [key, value] = splitKey(line, delimiter, count + 1);
      await outlet.send(key, value);
      count++;
    };
    try {
      for await (const chunk of process.stdin as AsyncIterable<Buffer>) for (const line of splitter.push(chunk)) await record(line);
      for (const line of splitter.end()) await record(line);
      await outlet.finish();
    } catch (error) {
      throw explained(error, topic, limit, delimiter !== undefined);
    }
    await producer.close();
    if (flags.json === true) await terminal.out(`${JSON.stringify({ topic, records: count })}\n`);
    else if (!terminal.quiet) terminal.note(`${count} record${count === 1 ? "" : "s"} acknowledged.`);
  });
}

/** The topic's max.message.bytes; undefined where the broker does not tell. */
async function largestBatch(client: KafkaClient, topic: string): Promise<number | undefined> {
  const configs = await client.admin().describeTopicConfigs(topic);
  const value = Number(configs.find(({ name }) => name === "max.message.bytes")?.value ?? Number.NaN);
  return Number.isNaN(value) ? undefined : value;
}

/** Batches as the topic takes them. Only the broker can tell whether a line that is too large is small enough when it is compressed. */
function sizesFor(limit: number | undefined, compression: ProducerCompression): ProducerOptions {
  const largest = compression === "none" ? (limit ?? 0) : MAX_LINE_BYTES;
  return { compression, batchBytes: Math.min(BATCH_BYTES, limit ?? BATCH_BYTES), maxRequestBytes: Math.max(REQUEST_BYTES, largest) };
}

/** What the user of this command can do about it. */
function explained(error: unknown, topic: string, limit: number | undefined, withKeys: boolean): unknown {
  const code = codeOf(error);
  if (code === "RECORD_TOO_LARGE" || code === "MESSAGE_TOO_LARGE")
    return new CliError(
      EXIT.failed,
      `A line is larger than topic "${topic}" takes in one batch (max.message.bytes=${limit ?? "?"}); lines before it may have been written. Compress with -z zstd, or raise it: millrace topic config ${topic} max.message.bytes=BYTES`,
      { cause: error },
    );
  if (code === "INVALID_RECORD" && !withKeys)
    return new CliError(EXIT.failed, `${(error as Error).message} Give each line a key: -K : for lines such as key:value.`, { cause: error }); // prettier-ignore
  return error;
}

async function checkPartition(client: KafkaClient, topic: string, partition: number | undefined): Promise<void> {
  const partitions = await partitionsOf(client, topic);
  if (partition !== undefined && partition >= partitions)
    throw new CliError(EXIT.notFound, `Topic "${topic}" has no partition ${partition}: they are 0 to ${partitions - 1}.`);
}

/** The way without an object per record. */
function appender(producer: Producer, topic: string, partition: number, now: () => number): Outlet {
  return {
    async send(key, value) {
      while (!producer.append(topic, partition, now(), key, value)) await producer.ready();
    },
    finish: () => producer.flush(),
  };
}

function senderWithHeaders(producer: Producer, topic: string, partition: number | undefined, headers: readonly RecordHeader[]): Outlet {
  const unanswered = new Set<Promise<unknown>>();
  let failure: unknown;
  const finish = async (): Promise<void> => {
    await producer.flush();
    await Promise.all(unanswered);
    if (failure !== undefined) throw failure;
  };
  return {
    async send(key, value) {
      const place = partition === undefined ? {} : { partition };
      const answer = producer
        .send({ topic, key, value: Uint8Array.from(value), headers, ...place })
        .catch((error: unknown) => (failure ??= error))
        .finally(() => unanswered.delete(answer));
      unanswered.add(answer);
      if (unanswered.size >= MAX_UNANSWERED) await finish();
    },
    finish,
  };
}

function splitKey(line: Uint8Array, delimiter: Buffer | undefined, number: number): [Uint8Array | null, Uint8Array] {
  if (delimiter === undefined) return [null, line];
  const at = Buffer.from(line.buffer, line.byteOffset, line.length).indexOf(delimiter);
  if (at < 0)
    throw new CliError(
      EXIT.failed,
      `Line ${number} has no "${delimiter.toString()}" after its key. The lines before it were sent; leave -K out for records without keys.`,
    );
  return [line.subarray(0, at), line.subarray(at + delimiter.length)];
}
