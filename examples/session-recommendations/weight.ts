// A count that fades: what was counted one half-life ago counts half.
import { t, type Infer } from "millrace";
import { MODEL } from "./topics.ts";

export const Weight = t.record("Weight", { value: t.double(), at: t.timestamp() });
export type Weight = Infer<typeof Weight>;

/** Its value now. */
export function weightAt(weight: Weight | undefined, now: number): number {
  return weight === undefined ? 0 : weight.value * 0.5 ** ((now - weight.at) / MODEL.halfLifeMs);
}

export const plusOne = (weight: Weight | undefined, now: number): Weight => ({ value: weightAt(weight, now) + 1, at: now });

export interface Candidate {
  readonly product: string;
  readonly score: number;
}

/** The best first; equal scores by name, so that every run gives the same list. */
export function best(candidates: Iterable<Candidate>, count: number): Candidate[] {
  return [...candidates].sort((a, b) => b.score - a.score || (a.product < b.product ? -1 : 1)).slice(0, count);
}
