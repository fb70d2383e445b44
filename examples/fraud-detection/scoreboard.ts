// What the console line and the final report are made of: only what any consumer could read from the topics with read_committed.
import type { Board } from "../running/example.ts";
import { Latency } from "../running/latency.ts";
import { followTopics, readTopics, type TopicValue } from "../running/read-topics.ts";
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
}

const LABEL_DELAY = 7 * 86_400_000;

/** Fed with the records of both topics in any order. */
class Scoreboard {
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
  };
  readonly #frauds = new Set<string>();
  /** From produce to alert. */
  readonly latency = new Latency();
  /** Alerts that no label has spoken about yet, oldest first. */
  readonly #open = new Map<string, FraudAlert>();

  add({ topic, value }: TopicValue): void {
    if (topic === "labels") this.#label(JSON.parse(value) as Label);
    else this.#alert(JSON.parse(value) as FraudAlert);
  }

  #alert(alert: FraudAlert): void {
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
    this.latency.add(alert.sentAt);
  }

  #label(label: Label): void {
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

const percent = (a: number, b: number): string => (b === 0 ? "–" : `${((100 * a) / b).toFixed(0)} %`);

export class FraudBoard implements Board {
  readonly #brokers: string;
  readonly #board = new Scoreboard();

  constructor(brokers: string) {
    this.#brokers = brokers;
  }

  follow(signal: AbortSignal): Promise<void> {
    return followTopics(this.#brokers, ["fraud-alerts", "labels"], signal, (record) => this.#board.add(record));
  }

  figures(): Record<string, string> {
    const { latency, score } = this.#board;
    return {
      alerts: String(score.alerts),
      p50: latency.text(0.5),
      p99: latency.text(0.99),
      precision: percent(score.judgedFraud, score.judged),
      recall: percent(score.judgedFraud, score.frauds),
    };
  }

  json(): Record<string, unknown> {
    const { latency, score } = this.#board;
    return { ...score, p50Ms: latency.percentile(0.5), p99Ms: latency.percentile(0.99) };
  }
}

export interface FinalCount {
  readonly events: number;
  readonly rules: Record<Rule, RuleScore>;
}

/** Counts what is committed. */
export async function countCommitted(brokers: string): Promise<FinalCount> {
  const board = new Scoreboard();
  let events = 0;
  await readTopics(brokers, ["labels", "fraud-alerts"], (record) => board.add(record));
  await readTopics(brokers, ["transactions"], () => events++);
  return { events, rules: board.score.rules };
}
