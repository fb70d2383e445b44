// millrace group reset NAME --to WHERE: sets the committed offsets of a group without members; --dry-run shows what would change.
import { readFile } from "node:fs/promises";
import type { Admin } from "../../client/admin.ts";
import type { KafkaClient } from "../../client/client.ts";
import type { TopicPartition } from "../../client/topic-partition.ts";
import { CliError } from "../cli-error.ts";
import { confirm } from "../confirm.ts";
import { EXIT } from "../exit-codes.ts";
import { codeOf } from "../explain-error.ts";
import { type OffsetRow, parseOffsetRows, parseResetTarget, type ResetFlags, type ResetTarget } from "../reset-target.ts";
import { offsetsAt } from "../start-offset.ts";
import { printRows } from "../table.ts";
import type { Terminal } from "../terminal.ts";
import { partitionsOf, withClient, type ClientFlags } from "../with-client.ts";

export interface GroupResetFlags extends ClientFlags, ResetFlags {
  readonly topic?: readonly string[];
  readonly dryRun?: boolean;
  readonly yes?: boolean;
  readonly json?: boolean;
}

interface Change extends TopicPartition {
  /** null: nothing was committed. */
  readonly from: number | null;
  readonly to: number;
}

export async function groupReset(name: string, flags: GroupResetFlags, terminal: Terminal): Promise<void> {
  const target = parseResetTarget(flags, Date.now());
  const rows = target.kind === "file" ? await rowsOf(target.path, name, flags) : undefined;
  await withClient(terminal, flags, async ({ client }) => {
    const admin = client.admin();
    await refuseMembers(admin, name);
    const committed = (await admin.groupOffsets(name)).filter(({ offset }) => offset >= 0);
    const named = rows?.map(({ topic, partition }) => `${topic}:${partition}`) ?? flags.topic ?? [];
    const places = await chosenPlaces(client, named, committed);
    if (places.length === 0)
      throw new CliError(
        EXIT.notFound,
        `Group "${name}" has committed nothing. Name the topics: millrace group reset ${name} … --topic TOPIC`,
      );
    const before = new Map(committed.map(({ topic, partition, offset }) => [`${topic}-${partition}`, offset]));
    const changes = await changesOf(admin, places, before, target, rows);
    await printRows(
      terminal,
      [
        { title: "topic", cell: (row) => row.topic },
        { title: "partition", cell: (row) => row.partition, align: "right" },
        { title: "from", cell: (row) => row.from, align: "right" },
        { title: "to", cell: (row) => row.to, align: "right" },
      ],
      changes,
      flags,
    );
    if (flags.dryRun === true) return;
    if (flags.yes !== true) await confirm(`Set these ${changes.length} offsets of group "${name}"?`, "Setting offsets", terminal);
    await admin.alterGroupOffsets(name, changes.map(({ topic, partition, to }) => ({ topic, partition, offset: to }))); // prettier-ignore
    if (!terminal.quiet) terminal.note(`Set ${changes.length} offsets of group "${name}".`);
  });
}

/** A group that does not exist yet may be given offsets; one with members would overwrite them. */
async function refuseMembers(admin: Admin, name: string): Promise<void> {
  try {
    const { members } = await admin.describeGroup(name);
    if (members.length === 0) return;
    throw new CliError(
      EXIT.conflict,
      `Group "${name}" has ${members.length} members, which would overwrite its offsets. Stop its consumers first.`,
    );
  } catch (error) {
    if (codeOf(error) !== "GROUP_ID_NOT_FOUND") throw error;
  }
}

/** `topics`: TOPIC or TOPIC:PARTITION; all that the group has committed if none is named. */
async function chosenPlaces(
  client: KafkaClient,
  topics: readonly string[],
  committed: readonly TopicPartition[],
): Promise<TopicPartition[]> {
  if (topics.length === 0) return committed.map(({ topic, partition }) => ({ topic, partition }));
  const places: TopicPartition[] = [];
  for (const text of topics) {
    const [, topic, number] = /^(.*?)(?::(\d{1,9}))?$/.exec(text)!;
    const count = await partitionsOf(client, topic!);
    const partition = number === undefined ? undefined : Number(number);
    if (partition !== undefined && partition >= count) throw new CliError(EXIT.notFound, `Topic "${topic}" has no partition ${partition}: they are 0 to ${count - 1}.`); // prettier-ignore
    for (let i = 0; i < count; i++) if (partition === undefined || partition === i) places.push({ topic: topic!, partition: i });
  }
  return places;
}

async function changesOf(
  admin: Admin,
  places: readonly TopicPartition[],
  before: ReadonlyMap<string, number>,
  target: ResetTarget,
  rows: readonly OffsetRow[] | undefined,
): Promise<Change[]> {
  const found = await offsetsAt(admin, places, target.kind === "place" ? target.where : { kind: "start" }, "read_committed");
  return found.map(({ topic, partition, start, end, offset }, i) => {
    const from = before.get(`${topic}-${partition}`) ?? null;
    const wanted = target.kind === "shift" ? (from ?? start) + target.by : (rows?.[i]!.offset ?? offset);
    return { topic, partition, from, to: Math.min(end, Math.max(start, wanted)) };
  });
}

/** Throws a CliError (usage). */
async function rowsOf(path: string, group: string, { topic }: GroupResetFlags): Promise<readonly OffsetRow[]> {
  if (topic !== undefined) throw new CliError(EXIT.usage, "--from-file names the partitions itself. Leave --topic out.");
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    throw new CliError(EXIT.usage, `--from-file ${path} cannot be read (${codeOf(error) ?? String(error)}).`);
  }
  return parseOffsetRows(text, group, path);
}
