// Writes the markers of one ended transaction into all its partitions and does not give up: the decision is made, every partition has
// to learn it. A partition whose topic is gone needs none.
import { buggifyPause } from "../../../env/fault-points.ts";
import { isPlanted } from "../../../env/planted-faults.ts";
import type { Env } from "../../../env/env.ts";
import { KafkaError } from "../../../protocol/errors.ts";
import { OFFSETS_TOPIC, parsePartitionKey, type Topics } from "../../topics.ts";
import type { TransactionAction } from "./state.ts";

const RETRY_MS = 200;
/** One log line per this many tries. */
const LOG_EVERY = 50;
const COORDINATOR_EPOCH = 0;

type Markers = Extract<TransactionAction, { kind: "write-markers" }>;

export class MarkerWriter {
  readonly #env: Env;
  readonly #topics: Topics;
  readonly #offsetsEnded: (producerId: number, commit: boolean) => void;
  readonly #closing = new AbortController();

  /** `offsetsEnded` is told when a marker is in __consumer_offsets. */
  constructor(env: Env, topics: Topics, offsetsEnded: (producerId: number, commit: boolean) => void) {
    this.#env = env;
    this.#topics = topics;
    this.#offsetsEnded = offsetsEnded;
  }

  /** true when every partition has its marker on disk, false when the broker closes first. */
  async write(markers: Markers): Promise<boolean> {
    const written = await Promise.all([...markers.partitions].map((key) => this.#writeOne(key, markers)));
    return written.every((done) => done);
  }

  close(): void {
    this.#closing.abort();
  }

  async #writeOne(key: string, { producerId, producerEpoch, commit }: Markers): Promise<boolean> {
    const { topic, partition } = parsePartitionKey(key);
    const pause = buggifyPause("marker-late");
    if (pause !== undefined) await pause;
    for (let tries = 0; ; tries++) {
      const log = this.#topics.partition(topic, partition);
      if (log === undefined || (isPlanted("marker-missing") && partition === 1)) return true;
      try {
        await log.appendMarker({
          producerId,
          producerEpoch,
          commit: commit || isPlanted("abort-marked-as-commit"),
          coordinatorEpoch: COORDINATOR_EPOCH,
          now: this.#env.clock.now(),
        });
        if (topic === OFFSETS_TOPIC) this.#offsetsEnded(producerId, commit);
        return true;
      } catch (error) {
        const final = error instanceof KafkaError && !error.retriable;
        const consequence = final ? "the partition knows a newer producer: it needs no marker" : "it is tried again";
        if (tries % LOG_EVERY === 0) this.#env.logger.log("warn", "marker-not-written", { partition: key, producerId, error, consequence });
        if (final) return true;
      }
      if (this.#closing.signal.aborted) return false;
      await this.#env.timers.sleep(RETRY_MS, this.#closing.signal).catch(() => undefined);
      if (this.#closing.signal.aborted) return false;
    }
  }
}
