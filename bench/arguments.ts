// Arguments that every benchmark takes: --jsonl prints one JSON line per case and nothing else on standard output.
import { parseArgs } from "node:util";

export interface BenchArguments {
  readonly jsonl: boolean;
  /** Only cases whose name contains this. */
  readonly only: string | undefined;
  /** Scales the amount of work; 1 by default. */
  readonly scale: number;
  /** Beside Apache Kafka (bench:broker). */
  readonly compare: boolean;
  /** How often each case runs on each side (--compare). */
  readonly rounds: number;
}

export function benchArguments(): BenchArguments {
  const { values } = parseArgs({
    options: {
      jsonl: { type: "boolean", default: false },
      case: { type: "string" },
      scale: { type: "string", default: "1" },
      compare: { type: "boolean", default: false },
      rounds: { type: "string", default: "1" },
    },
    allowPositionals: true,
  });
  return { jsonl: values.jsonl, only: values.case, scale: Number(values.scale), compare: values.compare, rounds: Number(values.rounds) };
}
