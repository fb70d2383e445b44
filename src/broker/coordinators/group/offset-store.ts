// Committed offsets of all groups, and those that wait for the end of their transaction (KIP-98). Memory only: the log is the truth.
// Invariant: of two commits for a partition the one later in the log wins, whatever order their acknowledgements come in.
import { isPlanted } from "../../../env/planted-faults.ts";
import type { CommittedOffset } from "./records.ts";

interface Stored extends CommittedOffset {
  /** Offset of the record in __consumer_offsets. */
  readonly at: number;
}

type Offsets = Map<string, Stored>;

export class OffsetStore {
  readonly #groups = new Map<string, Offsets>();
  /** producer id → group → partition key */
  readonly #pending = new Map<number, Map<string, Offsets>>();

  put(group: string, key: string, committed: CommittedOffset, at: number): void {
    const offsets = this.#offsetsOf(this.#groups, group);
    const existing = offsets.get(key);
    if (existing === undefined || existing.at <= at) offsets.set(key, { ...committed, at });
  }

  putPending(producerId: number, group: string, key: string, committed: CommittedOffset, at: number): void {
    let groups = this.#pending.get(producerId);
    if (groups === undefined) this.#pending.set(producerId, (groups = new Map()));
    this.#offsetsOf(groups, group).set(key, { ...committed, at });
    this.touch(group); // however the transaction ends
  }

  /** The group is there from now on. */
  touch(group: string): void {
    this.#offsetsOf(this.#groups, group);
  }

  complete(producerId: number, commit: boolean): void {
    const groups = this.#pending.get(producerId);
    this.#pending.delete(producerId);
    if ((!commit && !isPlanted("aborted-offsets-kept")) || groups === undefined) return;
    for (const [group, offsets] of groups) for (const [key, stored] of offsets) this.put(group, key, stored, stored.at);
  }

  get(group: string, key: string): CommittedOffset | undefined {
    return this.#groups.get(group)?.get(key);
  }

  isPending(group: string, key: string): boolean {
    for (const groups of this.#pending.values()) if (groups.get(group)?.has(key)) return true;
    return false;
  }

  hasPending(group: string): boolean {
    for (const groups of this.#pending.values()) if (groups.has(group)) return true;
    return false;
  }

  keys(group: string): string[] {
    return [...(this.#groups.get(group)?.keys() ?? [])];
  }

  /** Those that wait for the end of a transaction, too. */
  allKeys(group: string): string[] {
    const keys = new Set(this.#groups.get(group)?.keys());
    for (const groups of this.#pending.values()) for (const key of groups.get(group)?.keys() ?? []) keys.add(key);
    return [...keys];
  }

  groups(): Iterable<string> {
    return this.#groups.keys();
  }

  /** Those whose only offsets wait for the end of a transaction, too. */
  allGroups(): Set<string> {
    const all = new Set(this.#groups.keys());
    for (const groups of this.#pending.values()) for (const group of groups.keys()) all.add(group);
    return all;
  }

  hasGroup(group: string): boolean {
    return this.#groups.has(group);
  }

  /** What waits for the end of a transaction goes, too. The group stays, without offsets, until offsets expire: deleting the last one is not deleting the group. */
  remove(group: string, key: string): void {
    this.#groups.get(group)?.delete(key);
    for (const groups of this.#pending.values()) {
      const offsets = groups.get(group);
      if (offsets?.delete(key) === true && offsets.size === 0) groups.delete(group);
    }
  }

  removeIfEmpty(group: string): void {
    if (this.#groups.get(group)?.size === 0) this.#groups.delete(group);
  }

  #offsetsOf(groups: Map<string, Offsets>, group: string): Offsets {
    let offsets = groups.get(group);
    if (offsets === undefined) groups.set(group, (offsets = new Map()));
    return offsets;
  }
}
