// The workload of the log's enumeration: 300 operations on one partition (produce, transact, roll, retain, delete, recovery points, reads,
// clean restarts), the same at every telling. Invariant: every operation is repeated until it succeeds, with the same sequences, as clients do.
import { Prng } from "../../src/testing/simulation/prng.ts";

export const PARTITIONS = 1;
export const ROUNDS = 10;
const APPENDS_PER_ROUND = 28;
/** Producers 0 to 4 are idempotent, 5 to 7 transactional. */
const PRODUCERS = 8;
const FIRST_TRANSACTIONAL = 5;
/** Batches of one producer that wait for an answer at the same time: as many as a broker remembers. */
const IN_FLIGHT = 5;
/** Event time between two rounds; retention keeps so many rounds. */
export const ROUND_MS = 1000;
export const RETAINED_ROUNDS = 4;
/** Between the broker's clock and the newest records. */
export const FIRST_ROUND_MS = 1_700_000_000_000;

export interface Append {
  readonly partition: number;
  readonly producer: number;
  readonly baseSequence: number;
  readonly count: number;
  readonly valueBytes: number;
  readonly timestamp: number;
  readonly tag: string;
  readonly transactional: boolean;
  /** How its transaction ends; "none" outside of transactions. */
  readonly outcome: "none" | "commit" | "abort";
}

export interface Marker {
  readonly partition: number;
  readonly producer: number;
  readonly commit: boolean;
}

export type Housekeeping =
  | { readonly do: "checkpoint" | "reopen" | "read" }
  | { readonly do: "retain"; readonly now: number }
  /** Everything older than this round. */
  | { readonly do: "delete"; readonly round: number };

export interface Round {
  readonly appends: readonly Append[];
  /** Ends one transaction, on every partition it has records in. */
  readonly markers: readonly Marker[];
  readonly housekeeping: Housekeeping;
}

const CHORES: readonly Housekeeping["do"][] = ["checkpoint", "read", "delete", "reopen", "retain"];

export function logScript(seed: number): readonly Round[] {
  const random = new Prng(seed).fork("log script");
  const sequences = Array.from({ length: PARTITIONS }, () => Array.from({ length: PRODUCERS }, () => 0));
  /** The outcome of each transactional producer's present transaction, and where it has records. */
  const open = new Map<number, { readonly outcome: "commit" | "abort"; readonly partitions: Set<number> }>();
  return Array.from({ length: ROUNDS }, (_, round) => {
    const inFlight = Array.from({ length: PRODUCERS }, () => 0);
    const appends = Array.from({ length: APPENDS_PER_ROUND }, (__, index): Append => {
      let producer = random.integer(0, PRODUCERS - 1);
      while (inFlight[producer]! >= IN_FLIGHT) producer = (producer + 1) % PRODUCERS;
      inFlight[producer]!++;
      const partition = random.integer(0, PARTITIONS - 1);
      const transactional = producer >= FIRST_TRANSACTIONAL;
      if (transactional && !open.has(producer)) open.set(producer, { outcome: random.pick(["commit", "abort"]), partitions: new Set() });
      open.get(producer)?.partitions.add(partition);
      const count = random.integer(1, 3);
      const baseSequence = sequences[partition]![producer]!;
      sequences[partition]![producer] = baseSequence + count;
      const outcome = open.get(producer)?.outcome ?? "none";
      const timestamp = FIRST_ROUND_MS + round * ROUND_MS;
      return { partition, producer, baseSequence, count, valueBytes: random.integer(20, 300), timestamp, tag: `${round}.${index}`, transactional, outcome }; // prettier-ignore
    });
    return { appends, markers: endOne(open, round), housekeeping: chore(round) };
  });
}

function endOne(open: Map<number, { readonly outcome: "commit" | "abort"; readonly partitions: Set<number> }>, round: number): Marker[] {
  const ending = round === ROUNDS - 1 ? [...open.keys()] : [...open.keys()].slice(0, round % 2);
  return ending.flatMap((producer) => {
    const { outcome, partitions } = open.get(producer)!;
    open.delete(producer);
    return [...partitions].map((partition) => ({ partition, producer, commit: outcome === "commit" }));
  });
}

function chore(round: number): Housekeeping {
  const what = CHORES[round % CHORES.length]!;
  if (what === "retain") return { do: "retain", now: FIRST_ROUND_MS + round * ROUND_MS };
  if (what === "delete") return { do: "delete", round: Math.max(0, round - 3) };
  return { do: what };
}

/** Appends, one end of a transaction or a look for one, and one piece of housekeeping per round. */
export function operationsOf(script: readonly Round[]): number {
  return script.reduce((sum, { appends }) => sum + appends.length + 2, 0);
}
