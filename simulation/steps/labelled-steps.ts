// Every labelled step of a checkpoint and of its two-phase commit, each time that it comes, times kill, once and twice: the labels are the fault
// points of the product. A second kill strikes when the step comes again in a later life. Invariant: nothing is drawn, every pair is counted.
import { switchFaultPoints, type FaultPoint } from "../../src/env/fault-points.ts";
import type { Share } from "../../src/testing/simulation/fault-at-every-operation.ts";
import { createSimulation } from "../../src/testing/simulation/simulation.ts";
import { tell } from "./job-story.ts";

/** In the order in which a checkpoint comes to them, with who is killed there. */
const LABELS: Readonly<Partial<Record<FaultPoint, "worker" | "broker">>> = {
  "snapshot-in-pieces": "worker",
  "state-file-late": "worker",
  "manifest-late": "worker",
  "checkpoint-told-late": "worker",
  "commit-late": "worker",
  "transaction-answer-late": "broker",
  "marker-late": "broker",
};

interface Step {
  readonly label: FaultPoint;
  /** The how-manieth time, from 0. */
  readonly at: number;
  readonly twice: boolean;
}

/** One line: how many steps there are, how many were told. Rejects with an error that names the step and the seed. */
export async function killAtEveryLabel(seed: number, settings: Readonly<Record<string, string>>, share: Share): Promise<string> {
  const times = new Map<FaultPoint, number>();
  await tellUnder(seed, settings, (label) => void times.set(label, (times.get(label) ?? 0) + 1));
  for (const label of Object.keys(LABELS)) if (!times.has(label as FaultPoint)) throw new Error(`No checkpoint came to ${label}.`);
  const steps = [...times].flatMap(([label, count]) =>
    Array.from({ length: count * 2 }, (_, number): Step => ({ label, at: number >> 1, twice: number % 2 === 1 })),
  );
  const told = steps.filter((_, number) => number % share.of === share.part);
  let second = 0;
  for (const step of told) if ((await tellStep(seed, settings, step)) > 1) second++;
  const labels = [...times].map(([label, count]) => `${label} ${count}`).join(", ");
  return `${steps.length / 2} labelled steps (${labels}), ${told.length} of ${steps.length} kills told; ${second} struck twice`;
}

async function tellStep(seed: number, settings: Readonly<Record<string, string>>, { label, at, twice }: Step): Promise<number> {
  let seen = 0;
  let kills = 0;
  try {
    await tellUnder(seed, settings, (each, kill) => {
      if (each !== label || seen++ < at || kills > (twice ? 1 : 0)) return;
      kills++;
      kill();
    });
  } catch (error) {
    const what = `kill at ${label}, time ${at}${twice ? ", and when it came again" : ""}, seed ${seed}`;
    throw new Error(`${what}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
  if (kills === 0) throw new Error(`${label} did not come ${at + 1} times: the story uses something that does not come from its Envs`);
  return kills;
}

async function tellUnder(
  seed: number,
  settings: Readonly<Record<string, string>>,
  reached: (label: FaultPoint, kill: () => void) => void,
): Promise<void> {
  const simulation = createSimulation(seed);
  let begun = false;
  // What is before the job's first operation is the client's and the log's story.
  simulation.filesOf("worker").onOperation = () => {
    begun = true;
    return "ok";
  };
  switchFaultPoints({
    strikes(point) {
      const host = LABELS[point];
      if (begun && host !== undefined) reached(point, () => simulation.kill(host));
      return false;
    },
    pause: () => Promise.resolve(),
  });
  try {
    await tell(simulation, { settings });
  } finally {
    switchFaultPoints(undefined);
  }
}
