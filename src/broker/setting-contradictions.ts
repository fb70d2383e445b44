// Settings that contradict each other: each may have its value, but not both. As Apache Kafka, which refuses to start with them.
// Pure; what only Apache Kafka's threads and quorum need is left out.

/** The first must not be above the second. */
const ORDERED: readonly (readonly [least: string, most: string])[] = ["session.timeout.ms", "heartbeat.interval.ms", "assignment.interval.ms"]
  .map((name) => [`group.consumer.min.${name}`, `group.consumer.${name}`, `group.consumer.max.${name}`] as const)
  .flatMap(([least, own, most]) => [[least, most], [least, own], [own, most]] as const); // prettier-ignore

const HEARTBEAT = "group.consumer.heartbeat.interval.ms";
const SESSION = "group.consumer.session.timeout.ms";

export interface Contradiction {
  /** One that was given. */
  readonly setting: string;
  readonly problem: string;
}

/** `number`: the value of a setting, given or default. */
export function contradictionIn(given: ReadonlyMap<string, string>, number: (name: string) => number): Contradiction | undefined {
  for (const [least, most] of ORDERED) {
    const [low, high] = [number(least), number(most)];
    if (low <= high) continue;
    return given.has(most)
      ? { setting: most, problem: `must be at least ${least} (${low}), got ${high}` }
      : { setting: least, problem: `must be at most ${most} (${high}), got ${low}` };
  }
  const [heartbeat, session] = [number(HEARTBEAT), number(SESSION)];
  if (heartbeat >= session)
    return given.has(SESSION)
      ? { setting: SESSION, problem: `must be above ${HEARTBEAT} (${heartbeat}), got ${session}` }
      : { setting: HEARTBEAT, problem: `must be below ${SESSION} (${session}), got ${heartbeat}` };
  const [broker, node] = ["broker.id", "node.id"].map((name) => (given.has(name) ? number(name) : -1)) as [number, number];
  if (broker >= 0 && node >= 0 && broker !== node)
    return { setting: "broker.id", problem: `is not node.id (${node}). Give both the same value, or node.id alone` };
  return undefined;
}
