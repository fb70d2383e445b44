// The largest one-to-one matching of two sets (Kuhn's augmenting paths).

const MAX_SIZE = 500;

/** `fits(left, right)` is asked at most once a pair. */
export function largestMatching(left: number, right: number, fits: (left: number, right: number) => boolean): number {
  if (left > MAX_SIZE || right > MAX_SIZE) return 0;
  const edges = Array.from({ length: left }, (_l, l) => Array.from({ length: right }, (_r, r) => r).filter((r) => fits(l, r)));
  const partner = new Int32Array(right).fill(-1);
  const augment = (l: number, tried: Set<number>): boolean => {
    for (const r of edges[l]!) {
      if (tried.has(r)) continue;
      tried.add(r);
      if (partner[r] !== -1 && !augment(partner[r]!, tried)) continue;
      partner[r] = l;
      return true;
    }
    return false;
  };
  let matched = 0;
  for (let l = 0; l < left; l++) if (augment(l, new Set())) matched++;
  return matched;
}
