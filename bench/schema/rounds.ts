// One line per case: two ways to do the same work on the same records, in rounds that alternate, so that both meet the same machine. The ratio
// is the median of the rounds' own ratios; nanoseconds are CPU time of this process per record, the median of the rounds.
import { benchArguments } from "../arguments.ts";

export const { jsonl, only, scale } = benchArguments();
const ROUNDS = 9;
const RECORDS = 60_000;

export interface Compared {
  readonly name: string;
  readonly oracle: string;
  /** Records that one run of each does. */
  readonly records: number;
  readonly theirs: () => void;
  readonly ours: () => void;
  /** One takes as long as so many records elsewhere: fewer are done. Default 1. */
  readonly weight?: number;
  /** At least so many times as fast; 0: no goal. */
  readonly goal: number;
}

export function compare({ name, oracle, records, weight = 1, theirs, ours, goal }: Compared): void {
  if (only !== undefined && !name.includes(only)) return;
  const [nanos, oracleNanos, ratios]: [number[], number[], number[]] = [[], [], []];
  for (let round = -2; round < ROUNDS; round++) {
    const first = round % 2 === 0;
    const before = first ? cost(records, weight, theirs) : 0;
    const own = cost(records, weight, ours);
    const other = first ? before : cost(records, weight, theirs);
    if (round < 0) continue; // warming up
    nanos.push(own);
    oracleNanos.push(other);
    ratios.push(other / own);
  }
  print(name, oracle, median(nanos), median(oracleNanos), median(ratios), goal);
}

function print(name: string, oracle: string, nanos: number, oracleNanos: number, ratio: number, goal: number): void {
  const result = {
    bench: "schema",
    case: name,
    nanos: rounded(nanos),
    oracle,
    oracleNanos: rounded(oracleNanos),
    ratio: rounded(ratio),
    goal,
  };
  if (jsonl) return console.log(JSON.stringify(result));
  const missed = ratio < goal ? "  MISSED" : "";
  console.log(
    `${name.padEnd(44)} ${String(result.nanos).padStart(8)} ns  ${oracle.padEnd(18)} ${String(result.oracleNanos).padStart(8)} ns  × ${result.ratio} (goal ${goal})${missed}`,
  );
}

/** Nanoseconds of CPU time per record. */
function cost(records: number, weight: number, run: () => void): number {
  const times = Math.ceil((RECORDS * scale) / records / weight);
  const from = process.cpuUsage();
  for (let index = 0; index < times; index++) run();
  const { user, system } = process.cpuUsage(from);
  return ((user + system) * 1000) / (times * records);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
