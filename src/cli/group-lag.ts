// Where a group is and how far the logs have gone: one row per partition that it has an offset of, or that a member reads.
import type { Admin } from "../client/admin.ts";
import type { DescribedGroup } from "../client/describe-groups.ts";
import type { Column } from "./table.ts";

export interface LagRow {
  readonly group: string;
  readonly topic: string;
  readonly partition: number;
  /** The next offset to read; null: nothing was committed. */
  readonly committed: number | null;
  readonly end: number;
  readonly lag: number | null;
  readonly member: string | null;
}

export async function lagOf(admin: Admin, group: DescribedGroup): Promise<LagRow[]> {
  const readers = new Map<string, string>();
  for (const { memberId, clientId, groupInstanceId, assignment } of group.members)
    for (const { topic, partition } of assignment) readers.set(`${topic}\0${partition}`, groupInstanceId ?? clientId ?? memberId);
  const committed = new Map<string, number>();
  for (const { topic, partition, offset } of await admin.groupOffsets(group.groupId))
    if (offset >= 0) committed.set(`${topic}\0${partition}`, offset);
  const keys = [...new Set([...readers.keys(), ...committed.keys()])];
  const topics = new Set((await admin.listTopics()).map(({ name }) => name));
  const places = keys
    .map((key) => ({ key, topic: key.split("\0")[0]!, partition: Number(key.split("\0")[1]) }))
    .filter(({ topic }) => topics.has(topic))
    .sort((a, b) => (a.topic === b.topic ? a.partition - b.partition : a.topic < b.topic ? -1 : 1));
  const ends = await admin.listOffsets(places.map(({ topic, partition }) => ({ topic, partition, at: "latest" as const })), { isolation: "read_committed" }); // prettier-ignore
  return places.map(({ key, topic, partition }, i) => {
    const offset = committed.get(key) ?? null;
    const end = ends[i]!.offset;
    const lag = offset === null ? null : Math.max(0, end - offset);
    return { group: group.groupId, topic, partition, committed: offset, end, lag, member: readers.get(key) ?? null };
  });
}

export const LAG_COLUMNS: readonly Column<LagRow>[] = [
  { title: "group", cell: (row) => row.group },
  { title: "topic", cell: (row) => row.topic },
  { title: "partition", cell: (row) => row.partition, align: "right" },
  { title: "committed", cell: (row) => row.committed, align: "right" },
  { title: "end", cell: (row) => row.end, align: "right" },
  { title: "lag", cell: (row) => row.lag, align: "right" },
  { title: "member", cell: (row) => row.member },
];
