// Ends a transaction that another process began, from its id, producer id and epoch alone: the second phase of a two-phase commit after a
// crash. Safe to repeat: a commit that was carried out, but whose answer was lost, is recognised.
//
// What a second resume sees. EndTxn leaves the transaction complete, and remembers how. Before transaction.version 2 the epoch stays, so the
// same EndTxn is answered with success. From 2 on (KIP-890) EndTxn raises the epoch by one, and the coordinator takes an EndTxn of the same
// direction with the epoch just below for a repetition: success again. As soon as somebody starts a producer with the transactional id
// (InitProducerId), the epoch moves on and every later resume is PRODUCER_FENCED, whether it was committed or not. Therefore: resume first,
// and use the transactional id again only when no checkpoint can ask for the resume any more.
import { newDescribeTransactionsRequest } from "../protocol/generated/describe-transactions.gen.ts";
import { newEndTxnRequest } from "../protocol/generated/end-txn.gen.ts";
import { errorByCode } from "../protocol/errors.ts";
import type { Cluster, Target } from "./cluster.ts";
import { brokerError, ClientError, transactionError } from "./errors.ts";
import { resolutionOf, V1_END_TXN } from "./producer/transaction.ts";

export interface ResumableTransaction {
  readonly transactionalId: string;
  readonly producerId: number;
  readonly producerEpoch: number;
}

export interface ResumeOptions {
  readonly signal?: AbortSignal;
  /** For all tries together; the client's apiTimeoutMs unless set. */
  readonly timeoutMs?: number;
}

/**
 * "done": this call ended it (or a call just before it did, on a broker that cannot tell). "already": it had ended so before.
 * Rejects with a TransactionError. INVALID_TXN_STATE: it ended the other way, or was never begun (a transaction without records).
 * PRODUCER_FENCED: a newer producer used the id since, so the outcome can no longer be asked for. INVALID_PRODUCER_ID_MAPPING or
 * UNKNOWN_PRODUCER_ID: the broker has forgotten the id (transactional.id.expiration.ms). With a retriable ClientError the outcome is open: call again.
 */
export async function resumeTransaction(
  client: { readonly cluster: Cluster },
  transaction: ResumableTransaction,
  outcome: "commit" | "abort",
  options: ResumeOptions = {},
): Promise<"done" | "already"> {
  const { cluster } = client;
  const { transactionalId, producerId, producerEpoch } = transaction;
  const target: Target = { to: "coordinator", kind: "transaction", key: transactionalId };
  const what = `${outcome === "commit" ? "Committing" : "Aborting"} transaction "${transactionalId}" (producer ${producerId}, epoch ${producerEpoch})`;
  const already = await hasEnded(cluster, target, transaction, outcome, what, options);
  if (already) return "already";
  const attempt = async (): Promise<void> => {
    const connection = await cluster.connection(target, undefined, options.signal);
    const v2 = connection.versions.feature("transaction.version") >= 2;
    const message = newEndTxnRequest({ transactionalId, producerId, producerEpoch, committed: outcome === "commit" });
    const response = await connection.request("EndTxn", message, { signal: options.signal, maxVersion: v2 ? undefined : V1_END_TXN });
    if (response.errorCode === 0) return;
    const { name, retriable } = errorByCode(response.errorCode);
    if (retriable) throw brokerError(response.errorCode, what);
    // The coordinator answers in the old dialect with the old name of the same error.
    const errorCode = name === "INVALID_PRODUCER_EPOCH" ? PRODUCER_FENCED : response.errorCode;
    throw transactionError(errorCode, what, resolutionOf(name));
  };
  await cluster.retried(what, attempt, { signal: options.signal, totalTimeoutMs: options.timeoutMs, target });
  return "done";
}

const PRODUCER_FENCED = 90;

/** Asks the coordinator, if it can be asked (KIP-664), whether the transaction has completed that way. */
async function hasEnded(
  cluster: Cluster,
  target: Target,
  transaction: ResumableTransaction,
  outcome: "commit" | "abort",
  what: string,
  options: ResumeOptions,
): Promise<boolean> {
  const ask = async (): Promise<boolean> => {
    const connection = await cluster.connection(target, undefined, options.signal);
    if (!connection.versions.supports("DescribeTransactions")) return false;
    const message = newDescribeTransactionsRequest({ transactionalIds: [transaction.transactionalId] });
    const response = await connection.request("DescribeTransactions", message, { signal: options.signal });
    const found = response.transactionStates[0];
    if (found === undefined) throw new ClientError("MALFORMED_RESPONSE", `${what}: the coordinator said nothing of it.`);
    if (found.errorCode !== 0) {
      const { name, retriable } = errorByCode(found.errorCode);
      if (retriable) throw brokerError(found.errorCode, what);
      if (name === "TRANSACTIONAL_ID_NOT_FOUND") throw transactionError(UNKNOWN_PRODUCER_ID, what, "close");
      return false;
    }
    const v2 = connection.versions.feature("transaction.version") >= 2;
    // Once prepared the outcome is durable: the coordinator completes it, whatever happens.
    const states = outcome === "commit" ? ["PrepareCommit", "CompleteCommit"] : ["PrepareAbort", "CompleteAbort"];
    const epoch = v2 ? transaction.producerEpoch + 1 : transaction.producerEpoch;
    return states.includes(found.transactionState) && found.producerId === transaction.producerId && found.producerEpoch === epoch;
  };
  return cluster.retried(what, ask, { signal: options.signal, totalTimeoutMs: options.timeoutMs, target });
}

const UNKNOWN_PRODUCER_ID = 59;
