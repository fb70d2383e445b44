// `npm run bench:broker -- --compare [--only WORD --quick --scale N --rounds N --minutes N]`: the same clients (Kafka's Java tools, librdkafka
// through kcat, our own, bare sockets) against our broker and against Apache Kafka. Both sides run at the same time and take turns case by
// case, so that what the machine does meanwhile meets both; verdicts that are close are measured again while there is time. Last comes the
// summary: every goal, held or not. Needs java and mvn; kcat's cases are left out without kcat.
import { createClient, type Admin } from "millrace/client";
import { compileJava, type Java } from "../../test/kafka/java.ts";
import { missingForKafka } from "../../test/kafka/kafka-jars.ts";
import { IS_BUILT } from "./broker-process.ts";
import { CASES, type Case, type Durability, type Figures, type Work } from "./compare-case.ts";
import { evenGround } from "./even-ground.ts";
import { goals, isClose, startGoal, table, type Line } from "./compare-goals.ts";
import { startApache, startOurs, type Side } from "./compare-sides.ts";
import { runJava } from "./java-tools.ts";
import { hasKcat, runKcat } from "./kcat-tool.ts";
import { PARTITIONS_PER_TOPIC, runOwnClient, topicOf } from "./own-client.ts";
import { forgetPeak, memoryMb, round } from "./process-figures.ts";
import { whereTheTimeWent } from "./where-time-goes.ts";
import { runRequests } from "./wire-requests.ts";

/** Before anything is measured: compilers, and the first segments. */
const WARM_UP = [
  "1000B-128KB-batches-acks-all-1-partition",
  "1000B-default-batches-acks-all-6-partitions",
  "100B-128KB-batches-acks-1-1-partition",
];
const MORE_ROUNDS = 2;
/** Never flushed by its number of records, on either side: what is to be consumed is written as fast as it goes. */
const SOURCE_CONFIG = { "flush.messages": "9223372036854775807" };

export interface Comparison {
  readonly only: string | undefined;
  readonly scale: number;
  readonly rounds: number;
  /** Of all: more rounds of close cases begin before this share of it is over that falls to their durability. */
  readonly minutes: number;
  readonly jsonl: boolean;
}

export async function compare(print: (line: object) => void, options: Comparison): Promise<void> {
  const missing = missingForKafka();
  if (missing !== undefined) throw new Error(missing);
  if (!hasKcat()) print({ note: "kcat is not installed: librdkafka's cases are left out" });
  print({ built: IS_BUILT }); // from source the process has some 25 MB more
  const { only, minutes } = options;
  const cases = CASES.filter(({ name, tool }) => (only === undefined || name.includes(only)) && (tool !== "kcat" || hasKcat()));
  const java = compileJava();
  const lines: Line[] = [];
  const starts: Side[] = [];
  const begin = performance.now();
  try {
    for (const [index, durability] of (["page-cache", "disk"] as const).entries()) {
      const sides = [await startOurs(durability), await startApache(durability)];
      starts.push(...sides);
      const run = new Run(java, sides, lines, print);
      try {
        await run.warmUp(options.scale);
        await run.cases(cases, options);
        await run.closeOnes(cases, options, begin + ((index + 1) / 2) * minutes * 60_000);
      } finally {
        for (const { broker } of sides) await broker.stop();
      }
    }
  } finally {
    java.dispose();
  }
  const judgements = [...goals(lines), ...startGoal(starts)];
  for (const judgement of judgements) if (options.jsonl) print(judgement);
  if (!options.jsonl) console.log(`\n${table(judgements)}\n${round((performance.now() - begin) / 60_000)} minutes`);
}

/** The cases on one durability. */
class Run {
  readonly #java: Java;
  readonly #sides: readonly Side[];
  readonly #lines: Line[];
  readonly #print: (line: object) => void;
  readonly #sources = new Set<string>();

  constructor(java: Java, sides: readonly Side[], lines: Line[], print: (line: object) => void) {
    this.#java = java;
    this.#sides = sides;
    this.#lines = lines;
    this.#print = print;
  }

  get #durability(): Durability {
    return this.#sides[0]!.durability;
  }

  async warmUp(scale: number): Promise<void> {
    const cases = CASES.filter(({ name }) => WARM_UP.some((end) => name === `own-produce-${end}`));
    for (const one of cases) for (const side of this.#sides) await this.#measured(side, this.#workOf(one, Math.min(1, scale)));
  }

  async cases(cases: readonly Case[], { scale, rounds }: Comparison): Promise<void> {
    for (const [index, one] of cases.entries()) {
      await this.#rounds(one, scale, rounds);
      if (one.kind === "consume" && cases[index + 1]?.kind !== "consume") await this.#dropSources();
    }
  }

  /** Cases whose verdict another round could turn, until the deadline. */
  async closeOnes(cases: readonly Case[], { scale, rounds }: Comparison, deadline: number): Promise<void> {
    if (rounds > MORE_ROUNDS) return;
    for (const one of cases) {
      if (performance.now() > deadline) break;
      if (isClose(one, this.#lines)) await this.#rounds(one, scale, MORE_ROUNDS);
    }
    await this.#dropSources();
  }

  async #rounds(one: Case, scale: number, rounds: number): Promise<void> {
    if (one.records[this.#durability] === 0) return;
    for (let i = 0; i < rounds; i++) {
      const isFirst = this.#lines.filter((line) => line.case === one.name && line.durability === this.#durability).length % 4 === 0;
      for (const side of isFirst ? this.#sides : this.#sides.toReversed()) {
        const line = await this.#measured(side, this.#workOf(one, scale));
        this.#lines.push(line);
        this.#print(line);
      }
    }
  }

  #workOf(one: Case, scale: number): Work {
    return { ...one, records: Math.max(1000, Math.round(one.records[this.#durability] * scale)) };
  }

  async #measured({ name, durability, broker }: Side, one: Work): Promise<Line> {
    const client = createClient({ brokers: broker.brokers });
    const admin = client.admin();
    try {
      const topic = one.kind === "consume" ? await this.#source(admin, broker.brokers, one) : `bench-${one.name}`;
      const topics = one.kind === "consume" ? [] : topicsOf(topic, one);
      await admin.createTopics(topics);
      evenGround(one);
      forgetPeak(broker.pid);
      const { figures, brokerCpuS, ...where } = await whereTheTimeWent(broker.pid, name === "millrace", durability, () =>
        run(this.#java, broker.brokers, one, topic),
      );
      const memory = memoryMb(broker.pid);
      await admin.deleteTopics(topics.map((each) => each.name));
      const recordsPerCpuS = Math.round(one.records / Math.max(brokerCpuS, 0.01));
      return { case: one.name, side: name, durability, records: one.records, ...figures, brokerCpuS, recordsPerCpuS, ...memory, ...where };
    } finally {
      await client.close();
    }
  }

  /** The topic that the cases of one value size consume, written when the first of them runs. */
  async #source(admin: Admin, brokers: string, one: Work): Promise<string> {
    const topic = `bench-source-${one.valueBytes}B`;
    const key = `${brokers} ${topic}`;
    if (this.#sources.has(key)) return topic;
    await admin.createTopics([{ name: topic, partitions: 1, config: SOURCE_CONFIG }]);
    await runOwnClient(brokers, { ...one, kind: "produce" }, topic);
    this.#sources.add(key);
    return topic;
  }

  async #dropSources(): Promise<void> {
    for (const key of this.#sources) {
      const [brokers, topic] = key.split(" ") as [string, string];
      const client = createClient({ brokers });
      await client.admin().deleteTopics([topic]);
      await client.close();
    }
    this.#sources.clear();
  }
}

function topicsOf(name: string, { kind, partitions }: Work): { name: string; partitions: number }[] {
  if (kind !== "spread") return [{ name, partitions }];
  const topics = Math.ceil(partitions / PARTITIONS_PER_TOPIC);
  return Array.from({ length: topics }, (_, i) => ({ name: topicOf(name, i * PARTITIONS_PER_TOPIC), partitions: PARTITIONS_PER_TOPIC }));
}

function run(java: Java, brokers: string, one: Work, topic: string): Promise<Figures> {
  if (one.tool === "java") return runJava(java, brokers, one, topic);
  if (one.tool === "kcat") return runKcat(brokers, one, topic);
  return one.tool === "own" ? runOwnClient(brokers, one, topic) : runRequests(brokers, one, topic);
}
