// Makes a failing run smaller: fewer kinds of faults and fault points, fewer clients, less time, as long as it still fails with the same seed. Greedy, with
// a limit on runs: what it finds is small, not smallest.
import type { SwarmPlan } from "./plan.ts";
import { runSeed, type SeedResult } from "./run-seed.ts";

const MAX_RUNS = 40;
const SHORTEST_MS = 200;

export interface Shrunk {
  readonly plan: SwarmPlan;
  readonly problems: readonly string[];
  readonly runs: number;
}

export async function shrink(failed: SeedResult, maxRuns = MAX_RUNS): Promise<Shrunk> {
  let { plan, problems } = failed;
  let runs = 0;
  for (let smaller = true; smaller && runs < maxRuns;) {
    smaller = false;
    for (const candidate of smallerPlans(plan)) {
      if (runs++ >= maxRuns) break;
      const result = await runSeed(failed.seed, candidate);
      if (result.problems.length === 0) continue;
      ({ problems } = result);
      plan = candidate;
      smaller = true;
      break;
    }
  }
  return { plan, problems, runs };
}

/** The largest steps first. */
export function smallerPlans(plan: SwarmPlan): SwarmPlan[] {
  const plans: SwarmPlan[] = [];
  if (plan.safetyMs / 2 >= SHORTEST_MS) plans.push({ ...plan, safetyMs: plan.safetyMs / 2 });
  if (plan.faults.length > 1)
    plans.push(...plan.faults.map((fault) => ({ ...plan, faults: plan.faults.filter((each) => each !== fault) })));
  const { points } = plan.rareWays;
  if (points.length > 1) plans.push(withPoints(plan, []));
  const half = points.length >> 1;
  if (half > 0) plans.push(withPoints(plan, points.slice(half)), withPoints(plan, points.slice(0, half)));
  if (plan.retentionBytes >= 0) plans.push({ ...plan, retentionBytes: -1 });
  if (plan.producers > 0) plans.push({ ...plan, producers: plan.producers - 1 });
  if (plan.transactional > 0) plans.push({ ...plan, transactional: plan.transactional - 1 });
  if (plan.parallelism > 1) plans.push({ ...plan, parallelism: 1 });
  if (plan.host === "worker") plans.push({ ...plan, host: "in-thread" });
  if (plan.compression !== "none") plans.push({ ...plan, compression: "none" });
  return plans;
}

function withPoints(plan: SwarmPlan, points: SwarmPlan["rareWays"]["points"]): SwarmPlan {
  return { ...plan, rareWays: { ...plan.rareWays, points } };
}
