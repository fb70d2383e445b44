// How the coordinator's answers look: the join answer of a generation, and the refusals.
import { ErrorCode } from "../../../protocol/errors.ts";
import type { GroupDraft } from "./draft.ts";
import { NO_BYTES, type GroupState, type JoinReply, type Member, type SyncReply } from "./state.ts";

export function refuseJoin(draft: GroupDraft, request: number, error: number, memberId: string): void {
  draft.do({
    kind: "join-reply",
    request,
    error,
    memberId,
    generation: -1,
    protocolType: null,
    protocol: null,
    leader: "",
    skipAssignment: false,
    members: [],
  });
}

export function refuseSync(draft: GroupDraft, request: number, error: number): void {
  draft.do({ kind: "sync-reply", request, error, protocolType: null, protocol: null, assignment: NO_BYTES });
}

/** What a member of the present generation is told; the leader gets everybody's metadata. */
export function joinReply(state: GroupState, request: number, memberId: string): JoinReply {
  return {
    kind: "join-reply",
    request,
    error: ErrorCode.NONE,
    memberId,
    generation: state.generation,
    protocolType: state.protocolType,
    protocol: state.protocol,
    leader: state.leader ?? "",
    skipAssignment: false,
    members: memberId === state.leader ? memberMetadata(state) : [],
  };
}

export function syncReply(state: GroupState, request: number, member: Member): SyncReply {
  return {
    kind: "sync-reply",
    request,
    error: ErrorCode.NONE,
    protocolType: state.protocolType,
    protocol: state.protocol,
    assignment: member.assignment,
  };
}

export function memberMetadata(state: GroupState): JoinReply["members"] {
  const rows = [];
  for (const member of state.members.values()) {
    rows.push({ memberId: member.memberId, instanceId: member.instanceId, metadata: metadataFor(member, state.protocol) });
  }
  return rows;
}

export function metadataFor(member: Member, protocol: string | null): Uint8Array {
  return member.protocols.find((candidate) => candidate.name === protocol)?.metadata ?? NO_BYTES;
}
