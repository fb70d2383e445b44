// What the broker does by the clock: retention, compaction, late transactions, old offsets, unused transactional ids. A round that fails
// is logged and tried again at its next time; two rounds of one kind never overlap.
import type { Timer } from "../env/clock.ts";
import type { BrokerContext } from "./api.ts";

/** An interval of log.cleaner.backoff.ms that is shorter is taken as this: looking for work is not free. */
const MIN_COMPACTION_INTERVAL_MS = 100;

export class Housekeeping {
  readonly #broker: BrokerContext;
  readonly #timers = new Map<string, Timer>();
  #closed = false;

  constructor(broker: BrokerContext) {
    this.#broker = broker;
  }

  start(): void {
    const { settings, groups, transactions } = this.#broker;
    this.#every("retention", settings.number("log.retention.check.interval.ms"), () => this.#applyRetention());
    const flushEvery = settings.number("log.flush.scheduler.interval.ms");
    if (flushEvery < Number.MAX_SAFE_INTEGER) this.#every("flush", flushEvery, () => this.#flushOld());
    const compactionEvery = (): number => Math.max(settings.number("log.cleaner.backoff.ms"), MIN_COMPACTION_INTERVAL_MS);
    if (settings.boolean("log.cleaner.enable")) this.#every("compaction", compactionEvery, () => this.#compact());
    this.#every("transaction-timeouts", settings.number("transaction.abort.timed.out.transaction.cleanup.interval.ms"), async () =>
      transactions.abortOverdue(),
    );
    this.#every("offset-expiry", settings.number("offsets.retention.check.interval.ms"), () => groups.expireOffsets());
    const idsEvery = settings.number("transaction.remove.expired.transaction.cleanup.interval.ms");
    this.#every("transactional-id-expiry", idsEvery, () => transactions.expireIds());
  }

  close(): void {
    this.#closed = true;
    for (const timer of this.#timers.values()) timer.cancel();
  }

  async #applyRetention(): Promise<void> {
    const now = this.#broker.env.clock.now();
    for (const topic of this.#broker.topics.all()) {
      for (const partition of topic.partitions) {
        if (this.#closed) return;
        partition.expireProducers(now);
        await partition.applyRetention(now);
      }
    }
  }

  /** Where acknowledgements do not wait for it. */
  async #flushOld(): Promise<void> {
    const now = this.#broker.env.clock.now();
    for (const topic of this.#broker.topics.all()) {
      for (const partition of topic.partitions) {
        if (this.#closed) return;
        await partition.flushIfOld(now);
      }
    }
  }

  #compact(): Promise<void> {
    return this.#broker.logs.compact(this.#broker.env.clock.now());
  }

  /** `interval` in ms; a function is asked before each round. */
  #every(name: string, interval: number | (() => number), round: () => Promise<void>): void {
    const run = async (): Promise<void> => {
      try {
        await round();
      } catch (error) {
        this.#broker.env.logger.log("error", "housekeeping-failed", { task: name, error });
      }
      if (!this.#closed) this.#every(name, interval, round);
    };
    this.#timers.set(
      name,
      this.#broker.env.timers.after(typeof interval === "number" ? interval : interval(), () => void run(), { unref: true }),
    );
  }
}
