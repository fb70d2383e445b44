// Assignors against what they promise: every partition has one reader that wants it, and nobody has two more than another.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { partitionName } from "../topic-partition.ts";
import { ASSIGNORS, type GroupMemberInfo } from "./assignors.ts";
import { decodeAssignment, decodeSubscription, encodeAssignment, encodeSubscription } from "./group-payloads.ts";

const SEED = process.env["MILLRACE_SEED"];
const RUNS = SEED === undefined ? { numRuns: 300 } : { numRuns: 300, seed: Number(SEED) };
const TOPICS = ["a", "b", "c", "d"];

const members = fc.uniqueArray(
  fc.record({
    memberId: fc.string({ minLength: 1, maxLength: 3 }),
    groupInstanceId: fc.option(fc.string({ minLength: 1, maxLength: 2 })),
    topics: fc.uniqueArray(fc.constantFrom(...TOPICS), { minLength: 1 }),
  }),
  { minLength: 1, maxLength: 8, selector: (member) => member.memberId },
);
const counts = fc.dictionary(fc.constantFrom(...TOPICS), fc.integer({ min: 1, max: 12 })).map((sizes) => new Map(Object.entries(sizes)));

for (const name of ["range", "roundrobin"] as const) {
  test(`${name}: every wanted partition has exactly one reader, who wants it`, () => {
    fc.assert(
      fc.property(members, counts, (group: GroupMemberInfo[], partitions) => {
        const assignment = ASSIGNORS[name](group, partitions);
        assert.deepEqual(new Set(assignment.keys()), new Set(group.map((member) => member.memberId)));
        const readers = new Map<string, number>();
        for (const member of group)
          for (const each of assignment.get(member.memberId)!) {
            assert.ok(member.topics.includes(each.topic));
            readers.set(partitionName(each), (readers.get(partitionName(each)) ?? 0) + 1);
          }
        const wanted = [...partitions].filter(([topic]) => group.some((member) => member.topics.includes(topic)));
        const expected = wanted.flatMap(([topic, count]) =>
          Array.from({ length: count }, (_, partition) => partitionName({ topic, partition })),
        );
        assert.deepEqual([...readers.keys()].sort(), expected.sort());
        assert.ok([...readers.values()].every((count) => count === 1));
      }),
      RUNS,
    );
  });

  test(`${name}: with equal wishes shares of a topic differ by one at most, and the order of members does not matter`, () => {
    fc.assert(
      fc.property(members, counts, (group: GroupMemberInfo[], partitions) => {
        const equal = group.map((member, index) => ({
          ...member,
          groupInstanceId: member.groupInstanceId === null ? null : `${member.groupInstanceId}${index}`,
          topics: TOPICS,
        }));
        const assignment = ASSIGNORS[name](equal, partitions);
        for (const topic of partitions.keys()) {
          const shares = [...assignment.values()].map((each) => each.filter((partition) => partition.topic === topic).length);
          assert.ok(Math.max(...shares) - Math.min(...shares) <= 1);
        }
        assert.deepEqual(ASSIGNORS[name](equal.toReversed(), partitions), new Map([...assignment].toReversed()));
      }),
      RUNS,
    );
  });
}

test("range gives neighbours to one member, roundrobin deals them out, as Apache Kafka does", () => {
  const group = ["m1", "m2"].map((memberId) => ({ memberId, groupInstanceId: null, topics: ["t", "u"] }));
  const sizes = new Map([
    ["t", 3],
    ["u", 3],
  ]);
  const names = (name: "range" | "roundrobin"): string[][] =>
    [...ASSIGNORS[name](group, sizes).values()].map((each) => each.map(partitionName));
  assert.deepEqual(names("range"), [
    ["t-0", "t-1", "u-0", "u-1"],
    ["t-2", "u-2"],
  ]);
  assert.deepEqual(names("roundrobin"), [
    ["t-0", "t-2", "u-1"],
    ["t-1", "u-0", "u-2"],
  ]);
});

test("subscriptions and assignments survive the wire, and newer versions are read", () => {
  assert.deepEqual(decodeSubscription(encodeSubscription(["x", "y"])), ["x", "y"]);
  const newer = encodeSubscription(["x"]);
  newer[1] = 9;
  assert.deepEqual(decodeSubscription(Uint8Array.of(...newer, 0, 0, 0, 1, 0xff, 0xff)), ["x"]);
  const partitions = [
    { topic: "x", partition: 1 },
    { topic: "x", partition: 0 },
    { topic: "y", partition: 5 },
  ];
  assert.deepEqual(decodeAssignment(encodeAssignment(partitions)), partitions);
  assert.deepEqual(decodeAssignment(new Uint8Array(0)), []);
});
