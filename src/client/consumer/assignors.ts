// Who of a group reads which partitions; the same answers as Apache Kafka's range and roundrobin assignors, so that groups may be mixed. Pure.
import type { TopicPartition } from "../topic-partition.ts";
import type { AssignorName } from "./options.ts";

export interface GroupMemberInfo {
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly topics: readonly string[];
}

/** Member id → partitions. Every member is in it, perhaps with none. `partitions` says how many a topic has; unknown topics are left out. */
export type Assignor = (members: readonly GroupMemberInfo[], partitions: ReadonlyMap<string, number>) => Map<string, TopicPartition[]>;

/** Topic by topic, neighbouring partitions to one member; the first members get one more. */
const range: Assignor = (members, partitions) => {
  const assigned = emptyAssignment(members);
  const sorted = [...members].sort(byIdentity);
  for (const [topic, count] of [...partitions].sort(byName)) {
    const interested = sorted.filter((member) => member.topics.includes(topic));
    if (interested.length === 0) continue;
    const share = Math.floor(count / interested.length);
    const extra = count % interested.length;
    let next = 0;
    interested.forEach((member, index) => {
      for (const end = next + share + (index < extra ? 1 : 0); next < end; next++)
        assigned.get(member.memberId)!.push({ topic, partition: next });
    });
  }
  return assigned;
};

/** All partitions of all topics dealt out one by one, to members that want the topic. */
const roundrobin: Assignor = (members, partitions) => {
  const assigned = emptyAssignment(members);
  const sorted = [...members].sort(byIdentity);
  const wanted = new Set(members.flatMap((member) => member.topics));
  let turn = 0;
  for (const [topic, count] of [...partitions].sort(byName)) {
    if (!wanted.has(topic)) continue;
    for (let partition = 0; partition < count; partition++) {
      while (!sorted[turn % sorted.length]!.topics.includes(topic)) turn++;
      assigned.get(sorted[turn % sorted.length]!.memberId)!.push({ topic, partition });
      turn++;
    }
  }
  return assigned;
};

export const ASSIGNORS: Readonly<Record<AssignorName, Assignor>> = { range, roundrobin };

function emptyAssignment(members: readonly GroupMemberInfo[]): Map<string, TopicPartition[]> {
  return new Map(members.map((member) => [member.memberId, []]));
}

/** Static members first, by their own id, so that a restart keeps their place. */
function byIdentity(a: GroupMemberInfo, b: GroupMemberInfo): number {
  if (a.groupInstanceId !== null && b.groupInstanceId !== null) return compare(a.groupInstanceId, b.groupInstanceId);
  if (a.groupInstanceId !== null) return -1;
  if (b.groupInstanceId !== null) return 1;
  return compare(a.memberId, b.memberId);
}

function byName([a]: readonly [string, number], [b]: readonly [string, number]): number {
  return compare(a, b);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
