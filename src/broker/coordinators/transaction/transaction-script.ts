// Test help: drives decideTransaction by hand, with a clock of its own, and keeps what it answered.
import { ErrorCode } from "../../../protocol/errors.ts";
import { decideTransaction } from "./decide.ts";
import { newTransaction, type TransactionEvent, type TransactionState, type TransactionVersion } from "./state.ts";

export interface Answer {
  readonly error: number;
  readonly producerId: number;
  readonly producerEpoch: number;
}

interface Marker {
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly commit: boolean;
  readonly partitions: readonly string[];
}

interface As {
  readonly producerId?: number;
  readonly producerEpoch?: number;
}

export class TransactionScript {
  state: TransactionState = newTransaction("txn", 7, 60_000, 0);
  now = 1_000_000;
  readonly markers: Marker[] = [];
  #answers: (Answer & { request: number })[] = [];
  #request = 0;

  apply(event: TransactionEvent): void {
    const [state, actions] = decideTransaction(this.state, event, this.now);
    this.state = state;
    for (const action of actions) {
      if (action.kind === "reply") {
        const { request, error, producerId, producerEpoch } = action;
        this.#answers.push({ request, error, producerId, producerEpoch });
      } else if (action.kind === "write-markers") {
        const { producerId, producerEpoch, commit, partitions } = action;
        this.markers.push({ producerId, producerEpoch, commit, partitions: [...partitions] });
      }
    }
  }

  init(expected?: { producerId: number; producerEpoch: number }, freshProducerId = -1, keepPrepared = false): Answer | undefined {
    return this.#ask((request) => ({ kind: "init", request, timeoutMs: 60_000, expected, freshProducerId, keepPrepared }));
  }

  initNow(expected?: { producerId: number; producerEpoch: number }, freshProducerId = -1): Answer {
    return this.init(expected, freshProducerId) ?? this.persisted();
  }

  add(partition: string, as: As = {}, version: TransactionVersion = 0): Answer | undefined {
    return this.#ask((request) => ({ kind: "add-partitions", request, ...this.#producer(as), partitions: [partition], version }));
  }

  addNow(partition: string, as: As = {}, version: TransactionVersion = 0): Answer {
    return this.add(partition, as, version) ?? this.persisted();
  }

  end(commit: boolean, as: As & { version?: TransactionVersion } = {}, freshProducerId = -1): Answer | undefined {
    const version = as.version ?? 0;
    return this.#ask((request) => ({ kind: "end", request, ...this.#producer(as), commit, version, freshProducerId }));
  }

  endNow(commit: boolean, as: As & { version?: TransactionVersion } = {}, freshProducerId = -1): Answer {
    return this.end(commit, as, freshProducerId) ?? this.persisted();
  }

  persisted(error: number = ErrorCode.NONE): Answer {
    this.apply({ kind: "persisted", error });
    return this.last()!;
  }

  markersWritten(): void {
    this.apply({ kind: "markers-written" });
  }

  advance(ms: number): void {
    this.now += ms;
    this.apply({ kind: "tick" });
  }

  initialised(): this {
    this.initNow();
    return this;
  }

  /** A transaction of "t-0" is going on. */
  begun(version: TransactionVersion = 0): this {
    this.initialised().addNow("t-0", {}, version);
    return this;
  }

  setEpoch(producerEpoch: number): void {
    this.state = { ...this.state, data: { ...this.state.data, producerEpoch } };
  }

  last(): Answer | undefined {
    const answer = this.#answers.at(-1);
    return answer === undefined ? undefined : this.#bare(answer);
  }

  #ask(event: (request: number) => TransactionEvent): Answer | undefined {
    const request = this.#request++;
    this.apply(event(request));
    const answer = this.#answers.find((candidate) => candidate.request === request);
    return answer === undefined ? undefined : this.#bare(answer);
  }

  #bare({ error, producerId, producerEpoch }: Answer): Answer {
    return { error, producerId, producerEpoch };
  }

  #producer({ producerId, producerEpoch }: As): { producerId: number; producerEpoch: number } {
    const { data } = this.state;
    return { producerId: producerId ?? data.producerId, producerEpoch: producerEpoch ?? data.producerEpoch };
  }
}
