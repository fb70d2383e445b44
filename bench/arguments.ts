// Arguments that every benchmark takes: --jsonl prints one JSON line per case and nothing else on standard output.
import { parseArgs } from "node:util";

export interface BenchArguments {
  readonly jsonl: boolean;
  /** Only cases whose name contains this: --only or --case. */
  readonly only: string | undefined;
  /** Scales the amount of work; 1 by default, a fifth of it with --quick. */
  readonly scale: number;
  /** Beside Apache Kafka (bench:broker). */
  readonly compare: boolean;
  /** How often each case runs on each side (--compare). */
  readonly rounds: number;
  /** What all of it may take (--compare). */
  readonly minutes: number;
}

const QUICK = 0.2;

export function benchArguments(): BenchArguments {
  const { values } = parseArgs({
    options: {
      jsonl: { type: "boolean", default: false },
      case: { type: "string" },
      scale: { type: "string", default: "1" },
      compare: { type: "boolean", default: false },
      only: { type: "string" },
      quick: { type: "boolean", default: false },
      rounds: { type: "string", default: "1" },
      minutes: { type: "string", default: "25" },
    },
    allowPositionals: true,
  });
  const { jsonl, compare, quick } = values;
  const scale = Number(values.scale) * (quick ? QUICK : 1);
  const only = values.only ?? values.case;
  return { jsonl, only, scale, compare, rounds: Number(values.rounds), minutes: quick ? 0 : Number(values.minutes) };
}
