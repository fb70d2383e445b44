// Which subtask reads which split: pure and stable. Known assignments stay; new splits, in order of their ids, go where fewest are.
import type { Split } from "../../stream/connector.ts";

/** `counts[i]` = splits that subtask i reads already. Returns the new splits of each subtask. */
export function assignSplits(splits: readonly Split[], counts: readonly number[]): readonly (readonly Split[])[] {
  const load = [...counts];
  const assigned: Split[][] = load.map(() => []);
  const ordered = [...splits].sort((a, b) => compareIds(a.id, b.id));
  for (const split of ordered) {
    const subtask = load.indexOf(Math.min(...load));
    load[subtask]!++;
    assigned[subtask]!.push(split);
  }
  return assigned;
}

/** "orders-2" before "orders-10". */
function compareIds(a: string, b: string): number {
  const [nameA, numberA] = parts(a);
  const [nameB, numberB] = parts(b);
  if (nameA !== nameB) return nameA < nameB ? -1 : 1;
  return numberA - numberB || (a < b ? -1 : a > b ? 1 : 0);
}

function parts(id: string): [string, number] {
  const match = /^(.*?)([0-9]{0,15})$/s.exec(id)!;
  return [match[1]!, Number(match[2] || -1)];
}
