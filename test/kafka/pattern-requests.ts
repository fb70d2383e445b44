// Random changes in a group of the consumer protocol (KIP-848) of three members whose subscriptions match, by name and by regular expression.
// Apache Kafka looks for the topics of an expression behind the answer, in its own time: what is compared is where the group comes to rest.
import fc from "fast-check";
import { newConsumerGroupDescribeRequest } from "../../src/protocol/generated/consumer-group-describe.gen.ts";
import { newConsumerGroupHeartbeatRequest, type TopicPartitions } from "../../src/protocol/generated/consumer-group-heartbeat.gen.ts";
import { newCreatableTopic, newCreateTopicsRequest } from "../../src/protocol/generated/create-topics.gen.ts";
import { recordOfGroups } from "./answers.ts";
import { step, type Play, type Stage, type Step } from "./requests.ts";
import { errorByCode } from "../../src/protocol/errors.ts";

const GROUP = "q";
const NAMES = ["a", "b", "c"] as const;
type Name = (typeof NAMES)[number];
const IDS: Readonly<Record<Name, string>> = { a: "AAAAAAAAAAAAAAAAAAAABQ", b: "AAAAAAAAAAAAAAAAAAAABg", c: "AAAAAAAAAAAAAAAAAAAABw" };
/** Every number of members that there may be divides each. */
const PARTITIONS: Readonly<Record<string, number>> = { six: 6, twelve: 12, "six.more": 6 };
const REST_MS = 10;
const MAX_WAITS = 500;

/** What all members ask for: `=` stands for the prefix of the topics' names. */
interface Subscription {
  readonly names: readonly string[] | null;
  readonly regex: string | null;
}
const SUBSCRIPTIONS: readonly Subscription[] = [
  { names: ["six"], regex: null },
  { names: ["six", "twelve"], regex: null },
  { names: null, regex: "=six" },
  { names: null, regex: "=six.*" },
  { names: null, regex: "=(six|twelve)" },
  { names: null, regex: "=[st](ix|welve)(\\.more)?" },
  { names: null, regex: "=six\\.more" },
  { names: null, regex: "=s.x[.]m?ore" },
  { names: null, regex: "=no.*" },
  { names: null, regex: "six" },
  { names: ["twelve"], regex: "=six" },
  { names: ["six"], regex: "=s.*" },
  { names: null, regex: "(?i)=SIX" },
  { names: null, regex: "=\\w{6}" },
];

const topicsOf = (prefix: string, { names, regex }: Subscription): string[] => {
  const folds = regex?.startsWith("(?i)") === true;
  const pattern = regex === null ? undefined : new RegExp(`^(?:${regex.replace("(?i)", "").replace("=", prefix)})$`, folds ? "i" : "");
  return Object.keys(PARTITIONS).filter((name) => names?.includes(name) === true || pattern?.test(prefix + name) === true);
};

interface Member {
  epoch: number;
  owned: readonly TopicPartitions[];
}

/** The group as one broker's members know it. */
export interface PatternGroup {
  readonly members: Map<Name, Member>;
  subscription: Subscription;
}

const groups = new WeakMap<object, PatternGroup>();
function groupOf({ learnt }: Stage): PatternGroup {
  if (!groups.has(learnt)) groups.set(learnt, { members: new Map(), subscription: SUBSCRIPTIONS[0]! });
  return groups.get(learnt)!;
}

async function heartbeat(stage: Stage, name: Name, change: object): Promise<number> {
  const group = groupOf(stage);
  const member = group.members.get(name) ?? { epoch: 0, owned: [] };
  const groupId = stage.learnt.prefix + GROUP;
  const request = newConsumerGroupHeartbeatRequest({ groupId, memberId: IDS[name], memberEpoch: member.epoch, topicPartitions: [...member.owned], ...change }); // prettier-ignore
  const { errorCode, memberEpoch, assignment } = await stage.wire.call("ConsumerGroupHeartbeat", 1, request);
  if (errorCode !== 0) return errorCode;
  if (memberEpoch < 0) group.members.delete(name);
  else group.members.set(name, { epoch: memberEpoch, owned: assignment?.topicPartitions ?? member.owned });
  return 0;
}

const sizeOf = (owned: readonly TopicPartitions[]): number => owned.reduce((sum, { partitions }) => sum + partitions.length, 0);

/** All members go on until they have what their subscription says, or for too long. */
async function rest(stage: Stage): Promise<object> {
  const group = groupOf(stage);
  const wanted = topicsOf(stage.learnt.prefix, group.subscription).reduce((sum, name) => sum + PARTITIONS[name]!, 0);
  const share = group.members.size === 0 ? 0 : wanted / group.members.size;
  const errors = new Set<string>();
  let description = await described(stage);
  for (let waits = 0; waits < MAX_WAITS; waits++) {
    for (const name of group.members.keys()) {
      const code = await heartbeat(stage, name, {});
      if (code !== 0) errors.add(errorByCode(code).name);
    }
    const all = [...group.members.values()];
    description = await described(stage);
    const { groupState, members } = description;
    const isTold = members.every((member) => member.assigned === share && member.wanted === share) && members.length === all.length;
    const isAtRest = isTold && all.every(({ owned }) => sizeOf(owned) === share) && ["Stable", "Empty", ""].includes(groupState);
    if (isAtRest || errors.size > 0) break;
    await recordOfGroups(stage.wire, stage.learnt.prefix);
    await stage.sleep(REST_MS);
  }
  // Neither whose partitions are of which topic nor the epochs, which count what a broker decided in between.
  const owned = [...group.members.values()].map((member) => sizeOf(member.owned));
  const all = [...group.members.values()].flatMap((member) => member.owned);
  const topics = new Set(all.map(({ topicId }) => nameOf(stage, topicId)));
  return { errors: [...errors], owned, topics: [...topics].toSorted(), described: description };
}

const nameOf = ({ learnt }: Stage, topicId: string): string => [...learnt.topicIds].find(([, id]) => id === topicId)?.[0] ?? "?";

async function described(stage: Stage) {
  const groupIds = [stage.learnt.prefix + GROUP];
  const { groups: found } = await stage.wire.call("ConsumerGroupDescribe", 1, newConsumerGroupDescribeRequest({ groupIds }));
  const { errorCode, groupState, assignorName, members } = found[0]!;
  return {
    errorCode,
    groupState,
    assignorName,
    members: members.map(({ memberId, subscribedTopicNames, subscribedTopicRegex, assignment, targetAssignment, memberType }) => ({
      who: memberId,
      subscribedTopicNames,
      subscribedTopicRegex,
      memberType,
      assigned: sizeOf(assignment.topicPartitions),
      wanted: sizeOf(targetAssignment.topicPartitions),
    })),
  };
}

function subscribed(stage: Stage, { names, regex }: Subscription): object {
  const { prefix } = stage.learnt;
  return {
    subscribedTopicNames: names?.map((name) => prefix + name) ?? [],
    subscribedTopicRegex: regex?.replace("=", prefix.replaceAll("-", "\\-")) ?? "",
  };
}

const name = fc.constantFrom(...NAMES);

const joins = fc.tuple(name, fc.constantFrom("uniform", "range", null)).map(([who, serverAssignor]): Play => ({
  name: `${who} is there (${serverAssignor})`,
  play: async (stage) => {
    const group = groupOf(stage);
    const here = group.members.has(who);
    const change = { ...subscribed(stage, group.subscription), rebalanceTimeoutMs: 10_000, serverAssignor };
    const error = here ? 0 : await heartbeat(stage, who, change);
    return { error, ...(await rest(stage)) };
  },
}));

const leaves = name.map((who): Play => ({
  name: `${who} is not there`,
  play: async (stage) => {
    const error = groupOf(stage).members.has(who) ? await heartbeat(stage, who, { memberEpoch: -1 }) : 0;
    return { error, ...(await rest(stage)) };
  },
}));

const subscribes = fc.constantFrom(...SUBSCRIPTIONS).map((subscription): Play => ({
  name: `all want ${subscription.names?.join() ?? "no names"} and /${subscription.regex ?? ""}/`,
  play: async (stage) => {
    const group = groupOf(stage);
    group.subscription = subscription;
    const errors: number[] = [];
    for (const who of group.members.keys()) errors.push(await heartbeat(stage, who, subscribed(stage, subscription)));
    return { errors, ...(await rest(stage)) };
  },
}));

export const patternsBegin: Step = step<"CreateTopics">({
  name: "topics of six and twelve partitions",
  api: "CreateTopics",
  version: 7,
  request: ({ prefix }) =>
    newCreateTopicsRequest({
      topics: Object.entries(PARTITIONS).map(([topic, numPartitions]) =>
        newCreatableTopic({ name: prefix + topic, numPartitions, replicationFactor: 1 }),
      ),
      timeoutMs: 10_000,
    }),
  learn: ({ topics }, { prefix, topicIds }) => {
    for (const topic of topics) topicIds.set(topic.name.slice(prefix.length), topic.topicId);
  },
  settles: "topics",
});

export const patternPlays: fc.Arbitrary<Play> = fc.oneof(
  { weight: 4, arbitrary: joins },
  { weight: 2, arbitrary: leaves },
  { weight: 3, arbitrary: subscribes },
);
