// The assignors of the coordinator (KIP-848), pure: from subscriptions and what members had before to who shall have what.
// Both give every partition of a subscribed topic to exactly one of its subscribers, and the same answer for the same input.
import type { Partitions } from "./state.ts";

export interface Subscriber {
  readonly memberId: string;
  readonly instanceId: string | null;
  /** Topic ids. */
  readonly topics: ReadonlySet<string>;
  readonly previous: Partitions;
}

export type Assignor = (subscribers: readonly Subscriber[], topics: ReadonlyMap<string, number>) => Map<string, Set<string>>;

/** In order of preference: the first is the default. */
export const ASSIGNORS: ReadonlyMap<string, Assignor> = new Map([
  ["uniform", uniform],
  ["range", range],
]);

/** Every topic by itself in contiguous ranges: partitions with equal numbers of topics with equal subscribers meet in one member. */
function range(subscribers: readonly Subscriber[], topics: ReadonlyMap<string, number>): Map<string, Set<string>> {
  const result = empty(subscribers);
  const name = ({ instanceId, memberId }: Subscriber): string => instanceId ?? memberId;
  const ordered = [...subscribers].sort((a, b) => (name(a) < name(b) ? -1 : 1));
  for (const [topic, partitions] of topics) {
    const takers = ordered.filter((subscriber) => subscriber.topics.has(topic));
    let next = 0;
    takers.forEach(({ memberId }, place) => {
      const count = Math.floor(partitions / takers.length) + (place < partitions % takers.length ? 1 : 0);
      for (let i = 0; i < count; i++) result.get(memberId)!.add(`${topic}:${next++}`);
    });
  }
  return result;
}

/** As even as the subscriptions allow, and as little moved as that allows. */
function uniform(subscribers: readonly Subscriber[], topics: ReadonlyMap<string, number>): Map<string, Set<string>> {
  const result = empty(subscribers);
  const takersOf = new Map<string, Subscriber[]>();
  for (const topic of topics.keys())
    takersOf.set(
      topic,
      subscribers.filter((subscriber) => subscriber.topics.has(topic)),
    );
  const taken = keep(result, subscribers, topics);
  const byScarcity = [...topics].sort(([a], [b]) => takersOf.get(a)!.length - takersOf.get(b)!.length || (a < b ? -1 : 1));
  for (const [topic, partitions] of byScarcity) {
    const takers = takersOf.get(topic)!;
    if (takers.length === 0) continue;
    for (let partition = 0; partition < partitions; partition++) {
      const key = `${topic}:${partition}`;
      if (!taken.has(key)) result.get(lightest(takers, result))!.add(key);
    }
  }
  balance(result, takersOf);
  return result;
}

function empty(subscribers: readonly Subscriber[]): Map<string, Set<string>> {
  return new Map(subscribers.map(({ memberId }) => [memberId, new Set<string>()]));
}

/** What members had and may keep. */
function keep(result: Map<string, Set<string>>, subscribers: readonly Subscriber[], topics: ReadonlyMap<string, number>): Set<string> {
  const taken = new Set<string>();
  for (const { memberId, topics: subscribed, previous } of subscribers) {
    for (const key of previous) {
      const colon = key.indexOf(":");
      const topic = key.slice(0, colon);
      if (taken.has(key) || !subscribed.has(topic) || Number(key.slice(colon + 1)) >= (topics.get(topic) ?? 0)) continue;
      taken.add(key);
      result.get(memberId)!.add(key);
    }
  }
  return taken;
}

function lightest(takers: readonly Subscriber[], result: ReadonlyMap<string, ReadonlySet<string>>): string {
  let best = takers[0]!.memberId;
  for (const { memberId } of takers) if (result.get(memberId)!.size < result.get(best)!.size) best = memberId;
  return best;
}

/** Moves partitions from heavier to lighter subscribers while that makes them more even; each move lowers the sum of squares. */
function balance(result: Map<string, Set<string>>, takersOf: ReadonlyMap<string, readonly Subscriber[]>): void {
  for (let moved = true; moved;) {
    moved = false;
    for (const [memberId, own] of [...result].sort(([, a], [, b]) => b.size - a.size)) {
      for (const key of [...own].toReversed()) {
        const other = lightest(takersOf.get(key.slice(0, key.indexOf(":")))!, result);
        if (other === memberId || result.get(other)!.size + 1 >= own.size) continue;
        own.delete(key);
        result.get(other)!.add(key);
        moved = true;
      }
    }
  }
}
