// What the console line and the final report are made of: only what any consumer could read from the topics with read_committed.
import { createClient, type KafkaClient } from "millrace/client";
import type { FraudAlert, Label, Rule } from "./topics.ts";

export interface RuleScore {
  alerts: number;
  fraud: number;
}

export interface Score {
  /** Per rule: alerts so far, and how many of them turned out to be fraud. */
  readonly rules: Record<Rule, RuleScore>;
  alerts: number;
  /** Alerts whose label is known (fraud, or seven days passed without one), and those of them that were fraud. */
  judged: number;
  judgedFraud: number;
  /** Frauds that are known now. */
  frauds: number;
  /** ms from the producer's clock to the consumer's, newest last. */
  readonly latencies: number[];
  readonly newest: FraudAlert[];
}

const LABEL_DELAY = 7 * 86_400_000;
const LATENCY_SAMPLES = 2_000;
const NEWEST = 5;
const decoder = new TextDecoder();
const parse = <T>(value: Uint8Array | null): T => JSON.parse(decoder.decode(value!)) as T;

export class Scoreboard {
  readonly score: Score = {
    rules: {
      "large-amount": { alerts: 0, fraud: 0 },
      "above-own-average": { alerts: 0, fraud: 0 },
      "terminal-risk": { alerts: 0, fraud: 0 },
    },
    alerts: 0,
    judged: 0,
    judgedFraud: 0,
    frauds: 0,
    latencies: [],
    newest: [],
  };
  readonly #client: KafkaClient;
  readonly #frauds = new Set<string>();
  /** Alerts of an earlier run tell nothing about the time to an alert now. */
  readonly #since = Date.now();
  /** Alerts that no label has spoken about yet, oldest first. */
  readonly #open = new Map<string, FraudAlert>();

  constructor(brokers: string) {
    this.#client = createClient({ brokers, clientId: "scoreboard" });
  }

  /** Follows alerts and labels from the beginning until the signal. */
  async follow(signal: AbortSignal): Promise<void> {
    const consumer = this.#client.consumer();
    const admin = this.#client.admin();
    const described = await admin.describeTopics(["fraud-alerts", "labels"]);
    await consumer.assign(
      described.flatMap(({ name, partitions }) =>
        partitions.map(({ partition }) => ({ topic: name, partition, offset: "earliest" as const })),
      ),
    );
    const stop = (): void => void consumer.close();
    signal.addEventListener("abort", stop, { once: true });
    try {
      for await (const batch of consumer) {
        for (const record of batch.records)
          if (batch.topic === "labels") this.label(parse<Label>(record.value));
          else this.alert(parse<FraudAlert>(record.value));
      }
    } finally {
      signal.removeEventListener("abort", stop);
      await this.#client.close();
    }
  }

  alert(alert: FraudAlert): void {
    const { score } = this;
    const fraud = this.#frauds.has(alert.transactionId);
    score.alerts++;
    for (const reason of alert.reasons) {
      score.rules[reason].alerts++;
      if (fraud) score.rules[reason].fraud++;
    }
    if (fraud) {
      score.judged++;
      score.judgedFraud++;
    } else this.#open.set(alert.transactionId, alert);
    if (alert.sentAt !== undefined && alert.sentAt !== null && alert.sentAt >= this.#since) {
      if (score.latencies.length >= LATENCY_SAMPLES) score.latencies.splice(0, LATENCY_SAMPLES / 2);
      score.latencies.push(Date.now() - alert.sentAt);
    }
    if (score.newest.length >= NEWEST) score.newest.shift();
    score.newest.push(alert);
  }

  label(label: Label): void {
    const { score } = this;
    if (label.kind === "fraud") {
      if (this.#frauds.has(label.transactionId)) return;
      this.#frauds.add(label.transactionId);
      score.frauds++;
      const alert = this.#open.get(label.transactionId);
      if (alert === undefined) return;
      this.#open.delete(label.transactionId);
      score.judged++;
      score.judgedFraud++;
      for (const reason of alert.reasons) score.rules[reason].fraud++;
      return;
    }
    for (const [id, alert] of this.#open) {
      if (alert.at + LABEL_DELAY >= label.knownAt) break;
      this.#open.delete(id);
      score.judged++;
    }
  }
}

/** The share `p` of the values is at most the result; NaN without values. */
export function percentile(values: readonly number[], p: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * p))] ?? Number.NaN;
}

export interface FinalCount {
  readonly events: number;
  readonly rules: Record<Rule, RuleScore>;
}

/** Counts what is committed, from the first offset to the end that the topics have now. */
export async function countCommitted(brokers: string): Promise<FinalCount> {
  const client = createClient({ brokers, clientId: "counter" });
  const board = new Scoreboard(brokers);
  let events = 0;
  try {
    await readAll(client, "labels", (value) => board.label(parse<Label>(value)));
    await readAll(client, "fraud-alerts", (value) => board.alert(parse<FraudAlert>(value)));
    await readAll(client, "transactions", () => events++);
  } finally {
    await client.close();
  }
  return { events, rules: board.score.rules };
}

async function readAll(client: KafkaClient, topic: string, each: (value: Uint8Array | null) => void): Promise<void> {
  const [description] = await client.admin().describeTopics([topic]);
  const consumer = client.consumer();
  await consumer.assign(description!.partitions.map(({ partition }) => ({ topic, partition, offset: "earliest" as const })));
  for await (const batch of consumer.batches({ until: "end" })) for (const record of batch.records) each(record.value);
  await consumer.close();
}
