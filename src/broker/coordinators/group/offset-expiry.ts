// When committed offsets are forgotten (KIP-211, KIP-496), pure. An offset of a topic that the group reads never expires; others live for
// offsets.retention.minutes: from the moment at which a classic group became empty, or else from their commit.
import type { CommittedOffset } from "./records.ts";
import type { GroupState } from "./state.ts";
import { CONSUMER_PROTOCOL, readsTopic } from "./subscription.ts";

export interface OffsetExpiry {
  /** Whether members may read the topic. */
  reads(topic: string): boolean;
  /** Epoch ms from which the offset's time counts. */
  since(committed: CommittedOffset): number;
}

const NO_TOPIC = (): boolean => false;
const SINCE_COMMIT = ({ committedAt }: CommittedOffset): number => committedAt;

/** Of a classic group, or of offsets without a group (undefined). The answer undefined: nothing of it expires now. */
export function classicExpiry(state: GroupState | undefined): OffsetExpiry | undefined {
  if (state === undefined || state.protocolType === null) return { reads: NO_TOPIC, since: SINCE_COMMIT };
  if (state.phase === "Empty") return { reads: (topic) => readsTopic(state, topic), since: () => state.phaseSince };
  const isKnown = state.phase === "Stable" && state.protocolType === CONSUMER_PROTOCOL && state.subscribed !== undefined;
  return isKnown ? { reads: (topic) => readsTopic(state, topic), since: SINCE_COMMIT } : undefined;
}

/** Of a group of the consumer protocol whose members read these topics. */
export function consumerExpiry(subscribed: ReadonlySet<string>): OffsetExpiry {
  return { reads: (topic) => subscribed.has(topic), since: SINCE_COMMIT };
}

export function isExpired(expiry: OffsetExpiry, topic: string, committed: CommittedOffset, now: number, retentionMs: number): boolean {
  if (expiry.reads(topic)) return false;
  return committed.expiresAt >= 0 ? now >= committed.expiresAt : now - expiry.since(committed) >= retentionMs;
}
