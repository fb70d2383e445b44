// What the goals make of the figures: ours through Apache Kafka's of the same client, case and run.
import { CASES, DEFAULT_BATCH, type Case, type Figures } from "./compare-case.ts";
import { round } from "./process-figures.ts";

export type Durability = "disk" | "page-cache";

export type Line = Figures & {
  readonly case: string;
  readonly side: "millrace" | "apache";
  readonly durability: Durability;
  readonly brokerCpuS: number;
  readonly recordsPerCpuS: number;
  readonly rssMb: number;
  readonly peakRssMb: number;
};

interface Goal {
  readonly figure: "recordsPerS" | "recordsPerCpuS" | "p99Ms" | "peakRssMb";
  readonly ours: Durability;
  readonly theirs: Durability;
  readonly atLeast?: number;
  readonly atMost?: number;
}

const KB = 1000;

function goalsOf({ tool, kind, valueBytes, batchBytes }: Case): Goal[] {
  const same = (figure: Goal["figure"], durability: Durability, goal: { atLeast?: number; atMost?: number }): Goal => ({
    figure,
    ours: durability,
    theirs: durability,
    ...goal,
  });
  if (kind === "produce") {
    const perCpu = valueBytes === KB ? [same("recordsPerCpuS", "page-cache", { atLeast: 1.3 })] : [];
    const flushing = batchBytes === DEFAULT_BATCH && tool === "java" ? 3 : 1;
    const unflushed: Goal = { figure: "recordsPerS", ours: "disk", theirs: "page-cache", atLeast: 0.6 };
    return [same("recordsPerS", "page-cache", { atLeast: 1 }), ...perCpu, same("recordsPerS", "disk", { atLeast: flushing }), unflushed];
  }
  if (kind === "consume") return [same("recordsPerS", "page-cache", { atLeast: tool === "kcat" ? 0.5 : 1 })];
  if (kind === "requests") return [same("recordsPerS", "page-cache", { atLeast: 1 }), same("recordsPerS", "disk", { atLeast: 1 })];
  return [same("p99Ms", "page-cache", { atMost: 1 }), same("p99Ms", "disk", { atMost: 1 })];
}

/** One line per goal whose two figures were measured; of several rounds the median of the ratios of each round. */
export function* goals(lines: readonly Line[]): Generator<object> {
  for (const one of CASES) for (const goal of goalsOf(one)) yield* judged(one.name, goal, lines);
  const peaks = (side: Line["side"]): number => Math.max(0, ...lines.filter((line) => line.side === side).map((line) => line.peakRssMb));
  const [ours, theirs] = [peaks("millrace"), peaks("apache")];
  if (ours > 0 && theirs > 0)
    yield { goal: "peak memory of all cases, ours to Apache Kafka", ratio: round(ours / theirs), wanted: "at most 0.2", reached: ours <= theirs / 5 }; // prettier-ignore
}

function* judged(name: string, { figure, ours, theirs, atLeast, atMost }: Goal, lines: readonly Line[]): Generator<object> {
  const values = (side: Line["side"], durability: Durability): (number | undefined)[] =>
    lines.filter((line) => line.case === name && line.side === side && line.durability === durability).map((line) => line[figure]);
  const [a, b] = [values("millrace", ours), values("apache", theirs)];
  const ratios = a.flatMap((value, i) => (value === undefined || !b[i] ? [] : [value / b[i]])).toSorted((x, y) => x - y);
  if (ratios.length === 0) return;
  const ratio = round(ratios[ratios.length >> 1]!);
  const wanted = atLeast === undefined ? `at most ${atMost}` : `at least ${atLeast}`;
  const reached = atLeast === undefined ? ratio <= atMost! : ratio >= atLeast;
  yield { goal: `${name}: ${figure}, ours (${ours}) to Apache Kafka (${theirs})`, ratio, wanted, reached, rounds: ratios.length };
}
