// millrace topic produce NAME: each line of stdin is a record, byte for byte. Ends when every record is acknowledged.
import type { KafkaClient } from "../../client/client.ts";
import type { ProducerCompression } from "../../client/producer/options.ts";
import type { Producer } from "../../client/producer/producer.ts";
import { CliError } from "../cli-error.ts";
import { EXIT } from "../exit-codes.ts";
import { LineSplitter } from "../line-splitter.ts";
import { parsePairs } from "../pairs.ts";
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

interface Outlet {
  send(key: Uint8Array | null, value: Uint8Array): Promise<void>;
  /** Resolves when every record is acknowledged; rejects with the first failure. */
  finish(): Promise<void>;
}

export async function topicProduce(topic: string, flags: TopicProduceFlags, terminal: Terminal): Promise<void> {
  const delimiter = flags.keyDelimiter === undefined ? undefined : Buffer.from(flags.keyDelimiter);
  if (delimiter?.length === 0) throw new CliError(EXIT.usage, "-K needs at least one character between key and value, such as -K :");
  await withClient(terminal, flags, async ({ client, env }) => {
    await checkPartition(client, topic, flags.partition);
    if (process.stdin.isTTY === true && !terminal.quiet)
      terminal.note(
        `Each line becomes a record of "${topic}"${delimiter === undefined ? "" : `, its key before "${flags.keyDelimiter}"`}. Ctrl-D ends.`,
      );
    const producer = client.producer({ autoCreateTopics: false, compression: flags.compression ?? "none" });
    const outlet =
      flags.header === undefined
        ? appender(producer, topic, flags.partition ?? -1, () => env.clock.now())
        : senderWithHeaders(producer, topic, flags.partition, parsePairs("-H", flags.header));
    let count = 0;
    const splitter = new LineSplitter(MAX_LINE_BYTES);
    const record = async (line: Uint8Array): Promise<void> => {
      const [key, value] = splitKey(line, delimiter, count + 1);
      await outlet.send(key, value);
      count++;
    };
    for await (const chunk of process.stdin as AsyncIterable<Buffer>) for (const line of splitter.push(chunk)) await record(line);
    for (const line of splitter.end()) await record(line);
    await outlet.finish();
    await producer.close();
    if (flags.json === true) await terminal.out(`${JSON.stringify({ topic, records: count })}\n`);
    else if (!terminal.quiet) terminal.note(`${count} record${count === 1 ? "" : "s"} acknowledged.`);
  });
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

function senderWithHeaders(
  producer: Producer,
  topic: string,
  partition: number | undefined,
  headers: Readonly<Record<string, string>>,
): Outlet {
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
