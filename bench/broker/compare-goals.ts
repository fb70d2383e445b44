// What the goals make of the figures: ours through Apache Kafka's of the same client, case and run.
import { CASES, type Case, type Durability, type Figures } from "./compare-case.ts";
import { median, round } from "./process-figures.ts";

export type Line = Figures & {
  readonly records: number;
  readonly case: string;
  readonly side: "millrace" | "apache";
  readonly durability: Durability;
  readonly brokerCpuS: number;
  readonly recordsPerCpuS: number;
  readonly rssMb: number;
  readonly peakRssMb: number;
};

type Figure = "recordsPerS" | "recordsPerCpuS" | "p99Ms" | "peakRssMb";

interface Goal {
  readonly figure: Figure;
  readonly ours: Durability;
  readonly theirs: Durability;
  readonly atLeast?: number;
  readonly atMost?: number;
}

/** A line of the summary. */
export interface Judgement {
  readonly case: string;
  readonly figure: string;
  readonly ours: number;
  readonly theirs: number;
  readonly ratio: number;
  readonly wanted: string;
  readonly held: boolean;
  readonly rounds: number;
}

const KB = 1000;
const DURABILITIES: readonly Durability[] = ["page-cache", "disk"];
const MEMORY_SHARE = 0.2;
/** A ratio this near to its goal, on either side, is measured again. */
const CLOSE = 1.2;

function goalsOf({ tool, kind, valueBytes, batches }: Case): Goal[] {
  const same = (figure: Figure, durability: Durability, goal: { atLeast?: number; atMost?: number }): Goal => ({
    figure,
    ours: durability,
    theirs: durability,
    ...goal,
  });
  const onBoth = (figure: Figure, goal: { atLeast?: number; atMost?: number }): Goal[] =>
    DURABILITIES.map((durability) => same(figure, durability, goal));
  if (kind === "produce") {
    const perCpu = valueBytes === KB ? [same("recordsPerCpuS", "page-cache", { atLeast: 1.3 })] : [];
    const flushing = batches === "default" && tool !== "kcat" ? 3 : 1;
    const unflushed: Goal = { figure: "recordsPerS", ours: "disk", theirs: "page-cache", atLeast: 0.6 };
    return [same("recordsPerS", "page-cache", { atLeast: 1 }), ...perCpu, same("recordsPerS", "disk", { atLeast: flushing }), unflushed];
  }
  // Our own consumer, which checks every batch in JavaScript, takes most of the time itself: its figures are told, not judged.
  if (kind === "consume") return tool === "own" ? [] : onBoth("recordsPerS", { atLeast: tool === "kcat" ? 0.5 : 1 });
  if (kind === "latency") return onBoth("p99Ms", { atMost: 1 });
  return onBoth("recordsPerS", { atLeast: 1 });
}

/** One line per goal whose two figures were measured. */
export function* goals(lines: readonly Line[]): Generator<Judgement> {
  for (const one of CASES) {
    for (const goal of goalsOf(one)) {
      const judgement = judged(one.name, goal, lines);
      if (judgement !== undefined) yield judgement;
    }
  }
  yield* memoryGoals(lines);
}

/** Whether another round could turn a verdict that a case has by now. */
export function isClose(one: Case, lines: readonly Line[]): boolean {
  return goalsOf(one).some((goal) => {
    const judgement = judged(one.name, goal, lines);
    if (judgement === undefined) return false;
    const distance = judgement.ratio / (goal.atLeast ?? goal.atMost!);
    return distance < CLOSE && distance > 1 / CLOSE;
  });
}

/** On one durability the median of the ratios of each round (the sides took turns), else the ratio of the medians. */
function judged(name: string, { figure, ours, theirs, atLeast, atMost }: Goal, lines: readonly Line[]): Judgement | undefined {
  const values = (side: Line["side"], durability: Durability): number[] =>
    lines.flatMap((line) => (line.case === name && line.side === side && line.durability === durability ? [line[figure] ?? 0] : []));
  const [a, b] = [values("millrace", ours), values("apache", theirs)];
  if (a.length === 0 || b.length === 0) return undefined;
  const paired = ours === theirs && a.length === b.length;
  const ratio = round(paired ? median(a.map((value, i) => value / b[i]!)) : median(a) / median(b));
  const wanted = atLeast === undefined ? `<= ${atMost}` : `>= ${atLeast}`;
  const held = atLeast === undefined ? ratio <= atMost! : ratio >= atLeast;
  const where = ours === theirs ? ours : `${ours} : ${theirs}`;
  return { case: name, figure: `${figure}, ${where}`, ours: median(a), theirs: median(b), ratio, wanted, held, rounds: a.length };
}

/** The highest peak of the cases; thousands of connections and of partitions apart. */
function* memoryGoals(lines: readonly Line[]): Generator<Judgement> {
  const groups = new Map<string, string[]>();
  for (const { name, connections, partitions } of CASES) {
    const group =
      connections >= 1000 ? `${connections} connections` : partitions >= 1000 ? `${partitions} partitions` : "up to 100 connections";
    groups.set(group, [...(groups.get(group) ?? []), name]);
  }
  for (const [group, names] of groups) {
    const peak = (side: Line["side"]): number =>
      lines.reduce((most, line) => (line.side === side && names.includes(line.case) ? Math.max(most, line.peakRssMb) : most), 0);
    const [ours, theirs] = [peak("millrace"), peak("apache")];
    if (ours === 0 || theirs === 0) continue;
    const ratio = round(ours / theirs);
    yield { case: `memory: ${group}`, figure: "peakRssMb", ours, theirs, ratio, wanted: `<= ${MEMORY_SHARE}`, held: ratio <= MEMORY_SHARE, rounds: 1 }; // prettier-ignore
  }
}

interface Start {
  readonly name: Line["side"];
  readonly firstAcknowledgementMs: number;
}

const START_MS = 500;

export function* startGoal(starts: readonly Start[]): Generator<Judgement> {
  const of = (name: Line["side"]): number =>
    round(median(starts.flatMap((start) => (start.name === name ? [start.firstAcknowledgementMs] : []))));
  const [ours, theirs] = [of("millrace"), of("apache")];
  const held = ours < START_MS;
  yield { case: "start", figure: "process to first acknowledgement, ms", ours, theirs, ratio: round(ours / theirs), wanted: `ours < ${START_MS}`, held, rounds: starts.length / 2 }; // prettier-ignore
}

/** The summary as a table. */
export function table(judgements: readonly Judgement[]): string {
  const head = ["case", "figure", "ours", "Kafka", "ratio", "goal", "held", "rounds"];
  const rows = judgements.map((each) =>
    [each.case, each.figure, each.ours, each.theirs, each.ratio, each.wanted, each.held ? "yes" : "NO", each.rounds].map(String),
  );
  const widths = head.map((name, i) => Math.max(name.length, ...rows.map((row) => row[i]!.length)));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => cell.padEnd(widths[i]!))
      .join("  ")
      .trimEnd();
  const missed = judgements.filter(({ held }) => !held).length;
  return [line(head), ...rows.map(line), `${judgements.length - missed} of ${judgements.length} goals held`].join("\n");
}
