// One member's way from what it has to what it shall have (KIP-848): first it gives up, then it moves to the new epoch, then it gets
// what others have given up.
import { NO_PARTITIONS, type ConsumerMember, type Partitions } from "./state.ts";

export interface Goal {
  readonly epoch: number;
  readonly target: Partitions;
  /** Whether another member still has the partition. */
  isTaken(partition: string): boolean;
}

/** `owned`: what the member says it has; null: it does not say. */
export function reconcile(member: ConsumerMember, owned: Partitions | null, goal: Goal, now: number): ConsumerMember {
  if (member.phase === "unrevoked" && stillOwns(owned, member.revoking)) return member;
  if (member.phase === "stable" && member.epoch === goal.epoch) return member;
  const kept = new Set<string>();
  const revoking = new Set<string>();
  for (const partition of member.assigned) (goal.target.has(partition) ? kept : revoking).add(partition);
  if (revoking.size > 0 && stillOwns(owned, revoking)) {
    return {
      ...member,
      phase: "unrevoked",
      assigned: kept,
      since: sinceOf([...kept, ...revoking], member, goal),
      revoking,
      revocationDeadline: member.classic === undefined ? now + member.rebalanceTimeoutMs : undefined,
    };
  }
  let waits = false;
  for (const partition of goal.target) {
    if (kept.has(partition)) continue;
    if (goal.isTaken(partition)) waits = true;
    else kept.add(partition);
  }
  const moved = member.epoch !== goal.epoch;
  return {
    ...member,
    epoch: goal.epoch,
    previousEpoch: moved ? member.epoch : member.previousEpoch,
    phase: waits ? "unreleased" : "stable",
    assigned: kept,
    since: sinceOf([...kept], member, goal),
    revoking: NO_PARTITIONS,
    revocationDeadline: undefined,
  };
}

function sinceOf(partitions: readonly string[], { since }: ConsumerMember, { epoch }: Goal): ReadonlyMap<string, number> {
  return new Map(partitions.map((partition) => [partition, since.get(partition) ?? epoch]));
}

function stillOwns(owned: Partitions | null, revoking: Partitions): boolean {
  if (owned === null) return true;
  for (const partition of revoking) if (owned.has(partition)) return true;
  return false;
}
