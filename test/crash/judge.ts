// Reads what lies in the topics with kcat, so that nothing of the product reads for its own judge, and lets the checkers of the simulation
// judge it: the input against what its writers were told, the output against the recomputed one.
import { checkLog } from "../../simulation/checkers/log-checker.ts";
import { checkPipeline } from "../../simulation/checkers/pipeline-checker.ts";
import type { InputRecord, PipelineOutput } from "../../simulation/checkers/pipeline-rows.ts";
import type { Isolation } from "../../simulation/checkers/history.ts";
import { EXTRAS_TOPIC, IN_TOPIC, RULES, SUMS_TOPIC, TIMERS_TOPIC, WINDOWS_TOPIC } from "../../simulation/swarm/simulated-pipeline.ts";
import { PARTITIONS, type Ledger } from "./ledger.ts";
import { readTopic } from "./read-topic.ts";

async function rowsOf<T>(brokers: string, topic: string, isolation: Isolation): Promise<T[]> {
  const rows = await readTopic(brokers, topic, isolation);
  return rows.map(({ text, partition, offset }) => ({ ...(JSON.parse(text) as T), partition, offset }));
}

async function output(brokers: string, isolation: Isolation): Promise<PipelineOutput> {
  return {
    sums: await rowsOf(brokers, SUMS_TOPIC, isolation),
    windows: await rowsOf(brokers, WINDOWS_TOPIC, isolation),
    timers: await rowsOf(brokers, TIMERS_TOPIC, isolation),
    extras: await rowsOf(brokers, EXTRAS_TOPIC, isolation),
  };
}

export interface Judgement {
  readonly keys: number;
  readonly input: number;
  readonly acknowledged: number;
  readonly outputRows: number;
  /** What is wrong, by rule; empty: nothing. */
  readonly problems: readonly string[];
}

export async function judge(brokers: string, ledger: Ledger): Promise<Judgement> {
  const stored = await readTopic(brokers, IN_TOPIC, "read_committed");
  const reader = ledger.process();
  for (let partition = 0; partition < PARTITIONS; partition++) {
    ledger.history.push({ kind: "assign", process: reader, partition, from: 0 });
    ledger.poll(
      reader,
      partition,
      stored.filter((row) => row.partition === partition),
      true,
    );
  }
  const log = checkLog(ledger.history);
  const input = stored.map(({ text, partition, offset }) => ({ ...(JSON.parse(text) as InputRecord), partition, offset }));
  const committed = await output(brokers, "read_committed");
  const pipeline = checkPipeline(input, committed, await output(brokers, "read_uncommitted"), RULES);
  return {
    keys: new Set(input.map(({ key }) => key)).size,
    input: input.length,
    acknowledged: ledger.history.filter((each) => each.kind === "send" && each.outcome === "ok").length,
    outputRows: committed.sums.length + committed.windows.length + committed.timers.length + committed.extras.length,
    problems: [log, pipeline].filter(({ isEmpty }) => !isEmpty).map(String),
  };
}
