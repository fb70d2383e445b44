// The connections of one listener, as Apache Kafka's socket-server-metrics count them.
import { WindowedRate } from "./windowed-rate.ts";

export class ListenerCount {
  readonly name: string;
  readonly #acceptRate: WindowedRate;
  readonly #closeRate: WindowedRate;
  accepted = 0;
  closed = 0;

  constructor(name: string, now: number) {
    this.name = name;
    this.#acceptRate = new WindowedRate(now);
    this.#closeRate = new WindowedRate(now);
  }

  get open(): number {
    return this.accepted - this.closed;
  }

  noteAccepted(now: number): void {
    this.accepted++;
    this.#acceptRate.note(now);
  }

  noteClosed(now: number): void {
    this.closed++;
    this.#closeRate.note(now);
  }

  acceptedPerSecond(now: number): number {
    return this.#acceptRate.perSecond(now);
  }

  closedPerSecond(now: number): number {
    return this.#closeRate.perSecond(now);
  }
}
