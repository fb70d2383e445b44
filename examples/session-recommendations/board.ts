// What the console line and the final report are made of: only what any consumer could read from the topics with read_committed.
import type { Board, Report } from "../running/example.ts";
import { Latency } from "../running/latency.ts";
import { followTopics, readTopics } from "../running/read-topics.ts";
import { MODEL, type HourlySales, type Recommendation, type Trial } from "./topics.ts";

export interface Quality {
  /** Share of the trials whose product was among the first 20. */
  readonly hitRate: number;
  /** Mean of 1 / rank, 0 for a miss. */
  readonly mrr: number;
}

/** Hit rate and mean reciprocal rank of the model and of what is popular, over the same trials. */
class Trials {
  count = 0;
  readonly #sums = { hits: 0, reciprocal: 0, popularHits: 0, popularReciprocal: 0 };

  add({ rank, popularityRank }: Trial): void {
    this.count++;
    if (rank > 0 && rank <= MODEL.recommended) {
      this.#sums.hits++;
      this.#sums.reciprocal += 1 / rank;
    }
    if (popularityRank > 0 && popularityRank <= MODEL.recommended) {
      this.#sums.popularHits++;
      this.#sums.popularReciprocal += 1 / popularityRank;
    }
  }

  get model(): Quality {
    return this.#quality(this.#sums.hits, this.#sums.reciprocal);
  }

  get popularity(): Quality {
    return this.#quality(this.#sums.popularHits, this.#sums.popularReciprocal);
  }

  #quality(hits: number, reciprocal: number): Quality {
    const rounded = (value: number): number => Math.round((10_000 * value) / Math.max(1, this.count)) / 10_000;
    return { hitRate: rounded(hits), mrr: rounded(reciprocal) };
  }
}

const shown = ({ hitRate, mrr }: Quality): string => `${(100 * hitRate).toFixed(1)} % / ${mrr.toFixed(3)}`;

export class ShopBoard implements Board {
  readonly #brokers: string;
  readonly #trials = new Trials();
  readonly #latency = new Latency();
  #sessions = 0;
  #recommendations = 0;

  constructor(brokers: string) {
    this.#brokers = brokers;
  }

  follow(signal: AbortSignal): Promise<void> {
    return followTopics(this.#brokers, ["trials", "recommendations", "sessions"], signal, ({ topic, value }) => {
      if (topic === "trials") this.#trials.add(JSON.parse(value) as Trial);
      else if (topic === "sessions") this.#sessions++;
      else {
        this.#recommendations++;
        this.#latency.add((JSON.parse(value) as Recommendation).sentAt);
      }
    });
  }

  figures(): Record<string, string> {
    return {
      sessions: String(this.#sessions),
      recommendations: String(this.#recommendations),
      "hit rate / MRR": shown(this.#trials.model),
      "by popularity": shown(this.#trials.popularity),
      p50: this.#latency.text(0.5),
      p99: this.#latency.text(0.99),
    };
  }

  json(): Record<string, unknown> {
    const { count, model, popularity } = this.#trials;
    return { sessions: this.#sessions, recommendations: this.#recommendations, trials: { count, model, popularity } };
  }
}

export interface ShopResult {
  readonly events: number;
  readonly sessions: number;
  readonly duplicates: number;
  readonly hours: { readonly windows: number; readonly lines: number; readonly largestSum: number };
  readonly recommendations: number;
  readonly trials: { readonly count: number; readonly model: Quality; readonly popularity: Quality };
}

export async function shopReport(brokers: string): Promise<Report & { readonly result: ShopResult }> {
  const counts = { purchases: 0, sessions: 0, "duplicate-lines": 0, recommendations: 0 };
  const hours = { windows: 0, lines: 0, largestSum: Number.NEGATIVE_INFINITY };
  const trials = new Trials();
  await readTopics(brokers, Object.keys(counts), ({ topic }) => counts[topic as keyof typeof counts]++);
  await readTopics(brokers, ["trials"], ({ value }) => trials.add(JSON.parse(value) as Trial));
  await readTopics(brokers, ["hourly-sales"], ({ value }) => {
    const { lines, mills } = JSON.parse(value) as HourlySales;
    hours.windows++;
    hours.lines += lines;
    hours.largestSum = Math.max(hours.largestSum, mills / 1000);
  });
  const { model, popularity, count } = trials;
  const result = {
    events: counts.purchases,
    sessions: counts.sessions,
    duplicates: counts["duplicate-lines"],
    hours,
    recommendations: counts.recommendations,
    trials: { count, model, popularity },
  };
  const lines = [
    `sessions: ${result.sessions}`,
    `duplicate lines dropped: ${result.duplicates}`,
    `hourly windows: ${hours.windows}, the largest sum ${hours.largestSum.toFixed(2)}`,
    `${count} trials, hit rate and MRR at ${MODEL.recommended}: ${shown(model)}; by popularity ${shown(popularity)}`,
  ];
  return { result, lines };
}
