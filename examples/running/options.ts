// The command line that all examples share.
import { existsSync } from "node:fs";
import { parseArgs } from "node:util";
import type { Example } from "./example.ts";
import type { FeedSource } from "./feed.ts";

export class UsageError extends Error {}

export interface Options {
  readonly data: string;
  readonly brokers: string | undefined;
  readonly brokerPort: number;
  readonly consolePort: number;
  readonly registryPort: number;
  readonly once: boolean;
  readonly json: boolean;
  readonly source: FeedSource;
}

export const usage = ({
  name,
  live,
  input,
}: Example): string => `npm start -- ${name === "fraud-detection" ? "" : `--example ${name} `}[options]
  --data DIR       data directory (.millrace/${name})
  --rate N         ${live.what} per second (${live.rate})
  --speed N|max    seconds of event time per second (${live.speed}; with --input: max)
  --seed N         another seed, other traffic (1)
  --input FILE     replay ${input} instead of live traffic
  --once           with --input: end when the file is through, and print the result
  --json           one JSON document per line on standard output
  --brokers LIST   host:port,… of a Kafka to use instead of the embedded broker (KAFKA_BROKERS)
  --broker-port N  --registry-port N  --console-port N    (9092, 8081, 4400; 0 = any)
`;

function parse(example: Example, args: readonly string[]) {
  const options = {
    data: { type: "string", default: `.millrace/${example.name}` },
    rate: { type: "string", default: String(example.live.rate) },
    speed: { type: "string" },
    seed: { type: "string", default: "1" },
    input: { type: "string" },
    once: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    brokers: { type: "string" },
    "broker-port": { type: "string", default: "9092" },
    "console-port": { type: "string", default: "4400" },
    "registry-port": { type: "string", default: "8081" },
  } as const;
  const names = ["example", "help", ...Object.keys(options)];
  const unknown = args.find((arg) => arg.startsWith("-") && !names.includes(nameOf(arg)) && Number.isNaN(Number(arg)));
  if (unknown !== undefined) {
    const meant = names.find((name) => isNear(nameOf(unknown), name));
    throw new UsageError(`There is no option ${unknown}${meant === undefined ? ": see --help." : `: did you mean --${meant}?`}`);
  }
  try {
    return parseArgs({ args: [...args], options });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

/** Between equal beginnings and ends at most two letters differ. */
export function isNear(word: string, other: string): boolean {
  const most = Math.max(word.length, other.length);
  let start = 0;
  while (start < most && word[start] === other[start]) start++;
  let end = 0;
  while (end < Math.min(word.length, other.length) - start && word.at(-1 - end) === other.at(-1 - end)) end++;
  return most - start - end <= 2;
}

function nameOf(arg: string): string {
  return arg.replace(/^--?/, "").split("=")[0]!;
}

export function readOptions(example: Example, args: readonly string[]): Options {
  const { values } = parse(example, args);
  const number = (name: string, text: string, least: number): number => {
    const value = Number(text);
    if (!(value >= least)) throw new UsageError(`--${name} ${text}: expected a number of at least ${least}.`);
    return value;
  };
  const { input } = values;
  const text = values.speed ?? (input === undefined ? String(example.live.speed) : "max");
  const speed = text === "max" ? Number.POSITIVE_INFINITY : number("speed", text, 1);
  if (input === undefined && text === "max") throw new UsageError("--speed max needs a file: add --input FILE, or give a number.");
  if (input !== undefined && !existsSync(input)) throw new UsageError(`--input ${input}: there is no such file.`);
  if (input === undefined && values.once) throw new UsageError("--once needs a file that ends: add --input FILE.");
  return {
    data: values.data,
    brokers: values.brokers ?? (process.env["KAFKA_BROKERS"] || undefined),
    brokerPort: number("broker-port", values["broker-port"], 0),
    consolePort: number("console-port", values["console-port"], 0),
    registryPort: number("registry-port", values["registry-port"], 0),
    once: values.once,
    json: values.json,
    source:
      input === undefined
        ? { kind: "live", seed: number("seed", values.seed, 0), rate: number("rate", values.rate, 1), speed }
        : { kind: "file", path: input, speed },
  };
}
