// Where batches get their producer id and epoch: asked for once from any broker (idempotent), or held by the transaction.
import type { Cluster } from "../cluster.ts";
import { brokerError, isRetriable } from "../errors.ts";
import { newInitProducerIdRequest } from "../../protocol/generated/init-producer-id.gen.ts";
import { nextEpoch, type ProducerIdentity } from "./identity.ts";
import type { Transaction } from "./transaction.ts";

/** Ignored by the broker without a transactional id; must be positive. */
const UNUSED_TIMEOUT_MS = 60_000;

export interface IdentitySource {
  readonly current: ProducerIdentity | undefined;
  readonly lastError: unknown;
  /** Starts to get one, if that is not under way; `done` is called when it is there, or when it failed for now. */
  acquire(done: () => void): void;
  /** Moves to the next epoch. false: it takes a request; `done` is called after it. */
  bump(done: () => void): boolean;
}

/** Of a producer without transactions. */
export class IdempotentIdentity implements IdentitySource {
  readonly #cluster: Cluster;
  readonly #failed: (error: unknown) => void;
  #current: ProducerIdentity | undefined;
  #acquiring = false;
  #lastError: unknown;

  /** `failed`: the broker refuses; nothing can be sent. Without an answer it is tried again for as long as there is something to send. */
  constructor(cluster: Cluster, failed: (error: unknown) => void) {
    this.#cluster = cluster;
    this.#failed = failed;
  }

  /** Why there is no identity yet, after a first failure. */
  get lastError(): unknown {
    return this.#lastError;
  }

  get current(): ProducerIdentity | undefined {
    return this.#current;
  }

  acquire(done: () => void): void {
    if (this.#acquiring || this.#current !== undefined) return;
    this.#acquiring = true;
    const message = newInitProducerIdRequest({ transactionalId: null, transactionTimeoutMs: UNUSED_TIMEOUT_MS });
    this.#cluster
      .retriedCall(
        { to: "any" },
        "InitProducerId",
        message,
        (response, where) => {
          if (response.errorCode !== 0) throw brokerError(response.errorCode, where);
          return { producerId: response.producerId, producerEpoch: response.producerEpoch };
        },
        { what: "Getting a producer id" },
      )
      .then(
        (identity) => {
          this.#current = identity;
        },
        (error: unknown) => {
          this.#lastError = error;
          if (!isRetriable(error)) this.#failed(error);
        },
      )
      .finally(() => {
        this.#acquiring = false;
        done();
      });
  }

  bump(done: () => void): boolean {
    if (this.#current === undefined) {
      this.acquire(done);
      return false;
    }
    this.#current = nextEpoch(this.#current);
    if (this.#current !== undefined) return true;
    this.acquire(done);
    return false;
  }
}

/** Of a transactional producer: the transaction has it, and abort renews it. */
export class TransactionalIdentity implements IdentitySource {
  readonly #transaction: Transaction;

  constructor(transaction: Transaction) {
    this.#transaction = transaction;
  }

  get current(): ProducerIdentity | undefined {
    return this.#transaction.identity;
  }

  get lastError(): unknown {
    return this.#transaction.failure;
  }

  acquire(): void {}

  bump(): boolean {
    return false;
  }
}
