// The states of all groups, of the classic protocol and of KIP-848, by Kafka's names.
import type { GroupCoordinator } from "./coordinators/group/group-coordinator.ts";
import { phaseOf } from "./coordinators/consumer-group/state.ts";

export function groupStates(groups: GroupCoordinator): string[] {
  return [...groups.groupIds()].map((groupId) => {
    const consumers = groups.consumers.get(groupId);
    return consumers === undefined ? groups.describe(groupId)!.phase : phaseOf(consumers);
  });
}
