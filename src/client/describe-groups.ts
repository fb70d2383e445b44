// Consumer groups as their coordinators see them: classic ones (DescribeGroups) and those whose partitions the coordinator assigns
// (ConsumerGroupDescribe, KIP-848), told in the same words.
import { FrameError } from "../bytes/frame-error.ts";
import { newConsumerGroupDescribeRequest } from "../protocol/generated/consumer-group-describe.gen.ts";
import { newDescribeGroupsRequest } from "../protocol/generated/describe-groups.gen.ts";
import { newListGroupsRequest } from "../protocol/generated/list-groups.gen.ts";
import type { Cluster } from "./cluster.ts";
import { decodeAssignment } from "./consumer/group-payloads.ts";
import { brokerError, ClientError } from "./errors.ts";
import type { TopicPartition } from "./topic-partition.ts";

export interface ListedGroup {
  readonly groupId: string;
  readonly protocolType: string;
  readonly state: string;
  /** "classic" or "consumer" (KIP-848); brokers before 3.8 do not tell: "classic". */
  readonly type: string;
}

export interface GroupMember {
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly clientId: string;
  readonly clientHost: string;
  /** What it was given to read. */
  readonly assignment: readonly TopicPartition[];
}

export interface DescribedGroup extends ListedGroup {
  /** The assignor. */
  readonly protocol: string;
  readonly members: readonly GroupMember[];
}

interface Options {
  readonly signal?: AbortSignal | undefined;
}

const LISTED_WITHOUT_TYPE = "classic";
const UNKNOWN_GROUP = new Set(["GROUP_ID_NOT_FOUND", "INVALID_GROUP_ID", "UNSUPPORTED_VERSION"]);

/** Of one broker. */
export function listGroupsOf(cluster: Cluster, nodeId: number, { signal }: Options): Promise<ListedGroup[]> {
  return cluster.retriedCall(
    { to: "node", nodeId },
    "ListGroups",
    newListGroupsRequest(),
    (response, where) => {
      if (response.errorCode !== 0) throw brokerError(response.errorCode, where);
      return response.groups.map(({ groupId, protocolType, groupState, groupType }) => ({
        groupId,
        protocolType,
        state: groupState,
        type: groupType === "" ? LISTED_WITHOUT_TYPE : groupType.toLowerCase(),
      }));
    },
    { what: "Listing groups", signal },
  );
}

/** Rejects with GROUP_ID_NOT_FOUND if the coordinator says so; older brokers call an unknown group a dead one. */
export async function describeGroup(cluster: Cluster, groupId: string, options: Options): Promise<DescribedGroup> {
  let classic: DescribedGroup | undefined;
  let failure: unknown;
  try {
    classic = await describeClassic(cluster, groupId, options);
    if (classic.state !== "Dead") return classic;
  } catch (error) {
    if (!(error instanceof ClientError) || !UNKNOWN_GROUP.has(error.code)) throw error;
    failure = error;
  }
  try {
    return await describeConsumer(cluster, groupId, options);
  } catch (error) {
    if (!(error instanceof ClientError) || !UNKNOWN_GROUP.has(error.code)) throw error;
    if (classic !== undefined) return classic;
    throw failure;
  }
}

function describeClassic(cluster: Cluster, groupId: string, { signal }: Options): Promise<DescribedGroup> {
  const what = `Describing group "${groupId}"`;
  return cluster.retriedCall(
    { to: "coordinator", kind: "group", key: groupId },
    "DescribeGroups",
    newDescribeGroupsRequest({ groups: [groupId] }),
    (response) => {
      const group = response.groups[0];
      if (group === undefined) throw new ClientError("MALFORMED_RESPONSE", `${what}: the answer is empty.`);
      if (group.errorCode !== 0) throw brokerError(group.errorCode, what, group.errorMessage);
      const members = group.members.map(({ memberId, groupInstanceId, clientId, clientHost, memberAssignment }) => ({
        memberId,
        groupInstanceId,
        clientId,
        clientHost,
        assignment: group.protocolType === "consumer" ? readable(memberAssignment) : [],
      }));
      const { protocolType, groupState: state, protocolData: protocol } = group;
      return { groupId, protocolType, state, type: "classic", protocol, members };
    },
    { what, signal },
  );
}

function describeConsumer(cluster: Cluster, groupId: string, { signal }: Options): Promise<DescribedGroup> {
  const what = `Describing group "${groupId}"`;
  return cluster.retriedCall(
    { to: "coordinator", kind: "group", key: groupId },
    "ConsumerGroupDescribe",
    newConsumerGroupDescribeRequest({ groupIds: [groupId] }),
    (response) => {
      const group = response.groups[0];
      if (group === undefined) throw new ClientError("MALFORMED_RESPONSE", `${what}: the answer is empty.`);
      if (group.errorCode !== 0) throw brokerError(group.errorCode, what, group.errorMessage);
      const members = group.members.map(({ memberId, instanceId, clientId, clientHost, assignment }) => ({
        memberId,
        groupInstanceId: instanceId,
        clientId,
        clientHost,
        assignment: assignment.topicPartitions.flatMap(({ topicName: topic, partitions }) =>
          partitions.map((partition) => ({ topic, partition })),
        ),
      }));
      return { groupId, protocolType: "consumer", state: group.groupState, type: "consumer", protocol: group.assignorName, members };
    },
    { what, signal },
  );
}

/** Members may put what they like there. */
function readable(assignment: Uint8Array): TopicPartition[] {
  try {
    return decodeAssignment(assignment);
  } catch (error) {
    if (error instanceof FrameError) return [];
    throw error;
  }
}
