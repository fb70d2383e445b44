// Questions about a key that are on their way to the host. A host whose user code does not return does not answer: that is an answer, too.
import type { Timers } from "../../env/clock.ts";
import type { HostHandle, KeyReport } from "../host/host-messages.ts";

const LIMIT_MS = 2000;
/** Questions without an answer; more are told at once that there is none. */
const MAX_OPEN = 64;

export class KeyQuestions {
  readonly #timers: Timers;
  readonly #open = new Map<number, (reports: readonly KeyReport[] | undefined) => void>();
  #next = 1;

  constructor(timers: Timers) {
    this.#timers = timers;
  }

  /** What each operator keeps of any of these keys; undefined: no answer within two seconds, or no host. */
  async ask(host: HostHandle | undefined, keys: readonly unknown[]): Promise<readonly KeyReport[] | undefined> {
    if (host === undefined || this.#open.size >= MAX_OPEN) return undefined;
    const id = this.#next++;
    const { promise, resolve } = Promise.withResolvers<readonly KeyReport[] | undefined>();
    this.#open.set(id, resolve);
    const limit = this.#timers.after(LIMIT_MS, () => resolve(undefined));
    host.send({ kind: "look-at-key", question: id, keys });
    const answer = await promise;
    limit.cancel();
    this.#open.delete(id);
    return answer;
  }

  answered(id: number, reports: readonly KeyReport[]): void {
    this.#open.get(id)?.(reports);
  }
}
