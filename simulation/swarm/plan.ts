// What one seed does: which faults are on, and how often they come. Drawn once, so that a failure can say it in one line.
import type { Prng } from "../../src/testing/simulation/prng.ts";
import { drawRareWays, type RareWaysPlan } from "./rare-ways.ts";

export const FAULTS = [
  "broker-power-cut",
  "broker-kill",
  "broker-torn-operation",
  "broker-eio",
  "broker-disk-full",
  "slow-disk",
  "job-power-cut",
  "job-kill",
  "job-torn-operation",
  "job-eio",
  "connection-reset",
  "black-hole",
  "slow-network",
  "clock-jump",
  "client-kill",
  "late-messages",
  "lost-answers",
  "clock-freeze",
  "worker-death",
  "failed-flush-then-power-cut",
  "away-while-clock-jumps",
  "lying-flush",
  "records-deleted",
  "slow-consumers",
  "client-usurped",
] as const;
export type Fault = (typeof FAULTS)[number];

/** What ends a machine's life: a share of all faults, whatever else is on. */
export const CRASHES: readonly Fault[] = [
  "broker-power-cut",
  "broker-kill",
  "broker-torn-operation",
  "job-power-cut",
  "job-kill",
  "job-torn-operation",
  "failed-flush-then-power-cut",
  "away-while-clock-jumps",
];

export interface SwarmPlan {
  readonly faults: readonly Fault[];
  /** Mean virtual ms between two faults. */
  readonly faultEveryMs: number;
  /** Length of the phase with faults, virtual ms. */
  readonly safetyMs: number;
  readonly downtimeMs: number;
  readonly segmentBytes: number;
  /** Of a partition of the log topic; −1: nothing is deleted for its size. */
  readonly retentionBytes: number;
  readonly producers: number;
  readonly transactional: number;
  /** The sinks of the job prepare their transactions (KIP-939). */
  readonly twoPhaseCommit: boolean;
  readonly compression: "none" | "gzip";
  readonly checkpointEveryMs: number;
  /** Only if all are kept it can be judged whether rows were seen too early. */
  readonly keepCheckpoints: number;
  readonly parallelism: number;
  readonly jobRestarts: boolean;
  /** A worker thread can die alone; it is started again only if the job restarts. */
  readonly host: "in-thread" | "worker";
  readonly feedEveryMs: number;
  readonly rareWays: RareWaysPlan;
}

/** More than a run makes. */
export const ALL_CHECKPOINTS = 1_000_000;

export function drawPlan(random: Prng): SwarmPlan {
  const share = random.pick([0.3, 0.5, 0.8]);
  const faults = FAULTS.filter(() => random.chance(share));
  return {
    faults: faults.some((fault) => CRASHES.includes(fault)) ? faults : [...faults, random.pick(CRASHES)],
    faultEveryMs: random.pick([40, 80, 150, 500]),
    safetyMs: random.pick([1200, 2000, 3000]),
    downtimeMs: random.pick([1, 50, 300]),
    segmentBytes: random.pick([4096, 8192, 65_536, 1_048_576]),
    retentionBytes: random.pick([-1, -1, 20_000]),
    producers: random.integer(1, 2),
    transactional: random.integer(1, 3),
    twoPhaseCommit: random.fork("two-phase commit").chance(0.5),
    compression: random.chance(0.25) ? "gzip" : "none",
    checkpointEveryMs: random.pick([20, 50, 150]),
    keepCheckpoints: random.pick([2, ALL_CHECKPOINTS]),
    parallelism: random.integer(1, 2),
    jobRestarts: random.chance(0.5),
    host: random.pick(["in-thread", "worker"]),
    feedEveryMs: random.pick([4, 10, 20]),
    rareWays: drawRareWays(random.fork("rare ways")),
  };
}
