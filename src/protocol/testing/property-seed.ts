// fast-check's parameters from the environment: MILLRACE_SEED=N repeats a failed run.
export function propertyParameters(numRuns: number): { numRuns: number; seed?: number } {
  const seed = process.env["MILLRACE_SEED"];
  return seed === undefined ? { numRuns } : { numRuns, seed: Number(seed) };
}
