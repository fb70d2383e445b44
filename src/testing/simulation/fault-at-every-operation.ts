// Faults of several machines, enumerated: a story (which starts, supervises and verifies whatever it is about) is told once without a fault,
// and then once per operation and verdict. Operations are those of disks and of the network; every one of them is counted, none is drawn.
import type { NetworkOperation, NetworkVerdict } from "./sim-network.ts";
import type { Operation, Verdict } from "./sim-files.ts";
import { createSimulation, type Simulation } from "./simulation.ts";

export type StoryOperation = ({ readonly on: "disk"; readonly host: string } & Operation) | ({ readonly on: "network" } & NetworkOperation);

/** `sticky`: this operation and those that follow on the same disk get the error, all or those of its kind, until Fault.heal(). */
export type StoryVerdict = (
  | { readonly disk: Verdict; readonly sticky?: "all" | "kind"; readonly name: string }
  | { readonly network: NetworkVerdict; readonly name: string }
) & {
  /** It strikes again: at the operation of the host's next life that comes as late in it. Kills only: a crash takes the faults of its disk along. */
  readonly twice?: boolean;
};

/** What the story may ask of the fault it is told with. */
export interface Fault {
  /** undefined in the telling without a fault. */
  readonly verdict: StoryVerdict | undefined;
  readonly operation: StoryOperation | undefined;
  /** The operation has come. */
  readonly struck: boolean;
  /** How often the fault struck. */
  readonly strikes: number;
  /** A sticky fault ends; false: it was over already. */
  heal(): boolean;
}

export interface Story {
  readonly seed: number;
  /** Hosts whose disks are watched. */
  readonly disks: readonly string[];
  /** Rejects if something is wrong. */
  tell(simulation: Simulation, fault: Fault): Promise<void>;
  /** What is tried at an operation; empty: nothing. */
  verdictsOf(operation: StoryOperation): readonly StoryVerdict[];
}

export interface StoryReport {
  /** Operations of the telling without a fault, those that got no verdict included. */
  readonly operations: number;
  /** Operations that have at least one verdict. */
  readonly tried: number;
  /** Pairs of an operation and a verdict. */
  readonly points: number;
  /** Tellings with a fault, by the name of the verdict. */
  readonly tellings: ReadonlyMap<string, number>;
  /** Tellings in which the fault struck a second time. */
  readonly second: number;
}

export interface Point {
  readonly operation: StoryOperation;
  readonly verdict: StoryVerdict;
  /** How many operations of the same host came before, on its disk or on the network. */
  readonly ordinal: number;
}

export interface Share {
  readonly of: number;
  readonly part: number;
}

/** `share`: tells only points whose number leaves this remainder. */
export async function faultAtEveryOperation(story: Story, share: Share = { of: 1, part: 0 }): Promise<StoryReport> {
  const operations = await tellWithoutFault(story);
  const points = pointsOf(story, operations);
  const tellings = new Map<string, number>();
  let second = 0;
  for (const [number, point] of points.entries()) {
    if (number % share.of !== share.part) continue;
    if ((await tellWith(story, point)) > 1) second++;
    tellings.set(point.verdict.name, (tellings.get(point.verdict.name) ?? 0) + 1);
  }
  const tried = new Set(points.map(({ operation }) => operation)).size;
  return { operations: operations.length, tried, points: points.length, tellings, second };
}

function pointsOf(story: Story, operations: readonly StoryOperation[]): Point[] {
  const seen = new Map<string, number>();
  return operations.flatMap((operation) => {
    const actor = `${operation.on} ${operation.host}`;
    const ordinal = seen.get(actor) ?? 0;
    seen.set(actor, ordinal + 1);
    return story.verdictsOf(operation).map((verdict): Point => ({ operation, verdict, ordinal }));
  });
}

/** One line: how many operations there are, how many were tried, with what. */
export function describeReport({ operations, tried, points, tellings, second }: StoryReport): string {
  const told = [...tellings.values()].reduce((sum, count) => sum + count, 0);
  const kinds = [...tellings].map(([name, count]) => `${name} ${count}`).join(", ");
  return `${tried} of ${operations} operations have points, ${told} of ${points} points told: ${kinds}${second > 0 ? `; ${second} struck twice` : ""}`;
}

async function tellWithoutFault(story: Story): Promise<StoryOperation[]> {
  const simulation = createSimulation(story.seed);
  const operations: StoryOperation[] = [];
  for (const host of story.disks) {
    simulation.filesOf(host).onOperation = (operation) => {
      operations.push({ on: "disk", host, ...operation });
      return "ok";
    };
  }
  simulation.network.onOperation = (operation) => {
    operations.push({ on: "network", ...operation });
    return "ok";
  };
  await story.tell(simulation, { verdict: undefined, operation: undefined, struck: false, strikes: 0, heal: () => false });
  return operations;
}

/** How often the fault struck. Rejects with an error that names the point and the seed. */
export async function tellWith(story: Story, point: Point): Promise<number> {
  const simulation = createSimulation(story.seed);
  const { operation, verdict, ordinal } = point;
  let strikes = 0;
  let healed = false;
  /** Operations of the host since the fault struck first. */
  let since = 0;
  const strikesAgain = (): boolean => {
    if (verdict.twice !== true || strikes !== 1 || since++ !== ordinal) return false;
    strikes++;
    return true;
  };
  if (operation.on === "network") {
    simulation.network.onOperation = (each) => {
      if (!("network" in verdict)) return "ok";
      if (each.index !== operation.index) return each.host === operation.host && strikesAgain() ? verdict.network : "ok";
      checkSame(`${operation.kind} by ${operation.host}`, `${each.kind} by ${each.host}`, operation.index);
      strikes++;
      return verdict.network;
    };
  } else {
    simulation.filesOf(operation.host).onOperation = (each) => {
      if (healed || !("disk" in verdict)) return "ok";
      const follows = strikes > 0 && verdict.sticky !== undefined && (verdict.sticky === "all" || each.kind === operation.kind);
      if (each.index !== operation.index) return follows || strikesAgain() ? verdict.disk : "ok";
      checkSame(`${operation.kind} ${operation.path}`, `${each.kind} ${each.path}`, operation.index);
      strikes++;
      return verdict.disk;
    };
  }
  const fault: Fault = {
    verdict,
    operation,
    get struck() {
      return strikes > 0;
    },
    get strikes() {
      return strikes;
    },
    heal: () => {
      const heals = !healed;
      healed = true;
      return heals;
    },
  };
  try {
    await story.tell(simulation, fault);
    if (strikes === 0) throw new Error("this operation did not come again: the story uses something that does not come from its Envs");
    return strikes;
  } catch (error) {
    throw new Error(`${describePoint(point)}, seed ${story.seed}: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
}

export function describePoint({ operation, verdict }: Point): string {
  const what = operation.on === "disk" ? operation.path : `to ${operation.to.host}:${operation.to.port}`;
  return `${verdict.name} at ${operation.on} operation ${operation.index} (${operation.host} ${operation.kind} ${what})`;
}

function checkSame(expected: string, found: string, index: number): void {
  if (expected !== found)
    throw new Error(`operation ${index} was ${expected} and is ${found}: the story uses something that does not come from its Envs`);
}
