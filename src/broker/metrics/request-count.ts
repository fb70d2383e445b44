// What is counted of the requests of one API, under the names of Apache Kafka's RequestMetrics: how many of which version, with which
// errors, how large, and where their time went. Counting one allocates nothing.
import { NewestSamples } from "../../log/newest-samples.ts";

/** The parts of a request's time, in their order, and the whole. */
export const TIMES = [
  "requestqueuetimems",
  "localtimems",
  "remotetimems",
  "throttletimems",
  "responsequeuetimems",
  "responsesendtimems",
  "totaltimems",
] as const;

/**
 * Moments of a request, in ticks: whole microseconds that wrap around after 71 minutes, so that they are small integers (a fraction would
 * be an object of its own in each request).
 */
export interface RequestMoments {
  /** All its bytes are here. */
  received: number;
  /** Its API has begun. */
  started: number;
  /** Its API has returned: with the answer, or waiting for the disk, for records, for other members of the group. */
  returned: number;
  /** Its answer is there. */
  answeredAt: number;
  /** Its answer's turn has come. */
  taken: number;
}

const TICKS_PER_MS = 1000;

export function tickOf(monotonicMs: number): number {
  return (monotonicMs * TICKS_PER_MS) | 0;
}

/** Milliseconds between two ticks; what takes longer than 35 minutes counts as nothing. */
export function msBetween(from: number, to: number): number {
  return Math.max(0, (to - from) | 0) / TICKS_PER_MS;
}

export class RequestCount {
  /** Requests by version. */
  readonly versions: number[] = [];
  /** Errors in answers, one per partition, group or topic that has its own, by code + 1; "none" is counted, too, as Apache Kafka does. */
  readonly errors: number[] = [];
  readonly bytes = new NewestSamples();
  readonly times: readonly NewestSamples[] = TIMES.map(() => new NewestSamples());
  /** Begun and not answered. */
  running = 0;

  begin(version: number, bytes: number): void {
    this.versions[version] = (this.versions[version] ?? 0) + 1;
    this.bytes.note(bytes);
    this.running++;
  }

  error(code: number): void {
    this.errors[code + 1] = (this.errors[code + 1] ?? 0) + 1;
  }

  /** `sent`: the operating system has the answer, or it has none. */
  noteTimes({ received, started, returned, answeredAt, taken }: RequestMoments, sent: number): void {
    const { times } = this;
    times[0]!.note(msBetween(received, started));
    times[1]!.note(msBetween(started, returned));
    times[2]!.note(msBetween(returned, answeredAt));
    times[3]!.note(0); // there are no quotas
    times[4]!.note(msBetween(answeredAt, taken));
    times[5]!.note(msBetween(taken, sent));
    times[6]!.note(msBetween(received, sent));
  }
}
