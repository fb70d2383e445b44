// Which topics a classic group of consumers reads, as its members said when they joined (ConsumerProtocolSubscription). It is found when a
// generation begins, and protects the offsets of those topics: from OffsetDelete (KIP-496) and from expiry (KIP-211).
import { FrameError } from "../../../bytes/frame-error.ts";
import { ByteReader } from "../../../bytes/reader.ts";
import { readConsumerProtocolSubscription } from "../../../protocol/generated/consumer-protocol-subscription.gen.ts";
import { metadataFor } from "./replies.ts";
import type { GroupState } from "./state.ts";

export const CONSUMER_PROTOCOL = "consumer";

/** undefined: nobody can tell, because a member's metadata is in a format of its own, or the group is none of consumers. */
export function subscribedTopics(state: Pick<GroupState, "protocolType" | "protocol" | "members">): ReadonlySet<string> | undefined {
  if (state.protocolType !== CONSUMER_PROTOCOL) return undefined;
  const topics = new Set<string>();
  if (state.members.size === 0) return topics;
  if (state.protocol === null) return undefined;
  try {
    for (const member of state.members.values()) {
      const reader = new ByteReader(metadataFor(member, state.protocol));
      reader.int16(); // its version: what every version begins with is enough
      for (const topic of readConsumerProtocolSubscription(reader, 0).topics) topics.add(topic);
    }
  } catch (error) {
    if (error instanceof FrameError) return undefined;
    throw error;
  }
  return topics;
}

/** A group of consumers whose topics are not known may read any. */
export function readsTopic(state: GroupState, topic: string): boolean {
  return state.subscribed?.has(topic) ?? state.protocolType === CONSUMER_PROTOCOL;
}
