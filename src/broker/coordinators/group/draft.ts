// One decision in the making: a private copy of the group that the steps of a decision change, and the actions they ask for.
// Invariant: the state a draft was opened on is never touched.
import type { GroupAction, GroupDecision, GroupLimits, GroupPhase, GroupState, Member } from "./state.ts";

type Fields = { -readonly [K in keyof GroupState]: GroupState[K] };

export class GroupDraft {
  readonly now: number;
  readonly limits: GroupLimits;
  readonly actions: GroupAction[] = [];
  readonly state: Fields;
  #members: Map<string, Member> | undefined;

  constructor(state: GroupState, now: number, limits: GroupLimits) {
    this.state = { ...state };
    this.now = now;
    this.limits = limits;
  }

  put(member: Member): void {
    this.#ownMembers().set(member.memberId, member);
  }

  patch(memberId: string, change: Partial<Member>): Member {
    const member = this.state.members.get(memberId);
    if (member === undefined) throw new Error(`Group ${this.state.groupId} has no member ${memberId} to change`);
    const changed = { ...member, ...change };
    this.put(changed);
    return changed;
  }

  drop(memberId: string): void {
    this.#ownMembers().delete(memberId);
  }

  /** Replaces `oldId` in place, so that the order of members (and so the next leader) does not change. */
  rename(oldId: string, member: Member): void {
    const renamed = new Map<string, Member>();
    for (const [id, existing] of this.state.members) {
      if (id === oldId) renamed.set(member.memberId, member);
      else renamed.set(id, existing);
    }
    this.#members = renamed;
    this.state.members = renamed;
  }

  setPending(memberId: string, deadline: number | undefined): void {
    const pending = new Map(this.state.pendingMembers);
    if (deadline === undefined) pending.delete(memberId);
    else pending.set(memberId, deadline);
    this.state.pendingMembers = pending;
  }

  enter(phase: GroupPhase): void {
    this.state.previousPhase = this.state.phase;
    this.state.phase = phase;
    this.state.phaseSince = this.now;
  }

  staticMember(instanceId: string): Member | undefined {
    for (const member of this.state.members.values()) if (member.instanceId === instanceId) return member;
    return undefined;
  }

  do(action: GroupAction): void {
    this.actions.push(action);
  }

  done(): GroupDecision {
    return [this.state, this.actions];
  }

  #ownMembers(): Map<string, Member> {
    if (this.#members === undefined) {
      this.#members = new Map(this.state.members);
      this.state.members = this.#members;
    }
    return this.#members;
  }
}
