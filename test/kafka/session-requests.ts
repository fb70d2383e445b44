// Random fetch sessions (KIP-227), by topic name and by topic id: partitions come, move and are forgotten, rightly and wrongly, while the
// topics that they read are written, trimmed, removed and made anew.
import fc from "fast-check";
import { newFetchPartition, newFetchRequest, newFetchTopic, newForgottenTopic } from "../../src/protocol/generated/fetch.gen.ts";
import { adminParts } from "./admin-requests.ts";
import { byTopic, NO_ID, step, UNKNOWN_ID, writes, type Learnt } from "./requests.ts";

const BY_NAME = [7, 11, 12] as const;
const BY_ID = [13, 15, 17, 18] as const;

const names = ["t", "t", "u", "n", "missing"] as const;
const places = fc.uniqueArray(fc.tuple(fc.constantFrom(...names), fc.constantFrom(0, 1, 7)), {
  maxLength: 4,
  selector: ([name, index]) => `${name}-${index}`,
});

/** What a request says of the session: its id and epoch. */
type Of = "open" | "next" | "skip" | "stranger" | "close";

function place(of: Of, { sessionId, sessionEpoch }: Learnt): { sessionId: number; sessionEpoch: number } {
  switch (of) {
    case "open":
      return { sessionId: 0, sessionEpoch: 0 };
    case "next":
      return { sessionId, sessionEpoch };
    case "skip":
      return { sessionId, sessionEpoch: sessionEpoch + 2 };
    case "stranger":
      return { sessionId: 7, sessionEpoch: 1 };
    case "close":
      return { sessionId, sessionEpoch: -1 };
  }
}

const session = fc
  .record({
    of: fc.constantFrom<Of>("open", "open", "next", "next", "next", "next", "next", "skip", "stranger", "close"),
    read: places,
    forgotten: places,
    fetchOffset: fc.constantFrom(0, 0, 1, 3, 50),
    leaderEpoch: fc.constantFrom(-1, -1, -1, 0, 9),
    lastFetchedEpoch: fc.constantFrom(-1, -1, -1, -1, 3),
    byId: fc.boolean(),
    version: fc.nat(3),
    committed: fc.boolean(),
    limits: fc.record({
      maxBytes: fc.constantFrom(10_000, 10_000, 10_000, 0, 1, 100, 200),
      partitionMaxBytes: fc.constantFrom(10_000, 10_000, 10_000, 0, 1, 100),
      minBytes: fc.constantFrom(1, 1, 0, 10_000_000),
      maxWaitMs: fc.constantFrom(0, 0, 0, 5),
    }),
  })
  .map(({ of, read, forgotten, fetchOffset, leaderEpoch, lastFetchedEpoch, byId, version, committed, limits }) => {
    const { partitionMaxBytes, ...whole } = limits;
    const versions = byId ? BY_ID : BY_NAME;
    const of12 = versions[version % versions.length]!;
    return step<"Fetch">({
      name: `session ${of} v${of12}: read ${read.join(" ") || "nothing"} from ${fetchOffset}, forget ${forgotten.join(" ") || "nothing"}, ${JSON.stringify(limits)}`,
      api: "Fetch",
      version: of12,
      request: (learnt) => {
        const partitions = byTopic(read, (partition) => {
          const last = of12 >= 12 ? lastFetchedEpoch : -1;
          return newFetchPartition({ partition, fetchOffset, currentLeaderEpoch: of12 >= 9 ? leaderEpoch : -1, lastFetchedEpoch: last, partitionMaxBytes }); // prettier-ignore
        });
        const called = (name: string): { topic: string; topicId: string } =>
          byId ? { topic: "", topicId: learnt.topicIds.get(name) ?? UNKNOWN_ID } : { topic: learnt.prefix + name, topicId: NO_ID };
        return newFetchRequest({
          ...whole,
          isolationLevel: committed ? 1 : 0,
          ...place(of, learnt),
          topics: [...partitions].map(([name, list]) => newFetchTopic({ ...called(name), partitions: list })),
          forgottenTopicsData: [...byTopic(forgotten, (index) => index)].map(([name, list]) =>
            newForgottenTopic({ ...called(name), partitions: list }),
          ),
        });
      },
      learn: ({ errorCode, sessionId }, learnt) => {
        if (errorCode !== 0) return;
        learnt.sessionEpoch = sessionId === learnt.sessionId ? learnt.sessionEpoch + 1 : 1;
        learnt.sessionId = sessionId;
      },
    });
  });

export const sessionSteps = fc.oneof(
  { weight: 6, arbitrary: session },
  { weight: 2, arbitrary: writes },
  { weight: 1, arbitrary: adminParts.create },
  { weight: 1, arbitrary: adminParts.remove },
  { weight: 1, arbitrary: adminParts.trim },
);
