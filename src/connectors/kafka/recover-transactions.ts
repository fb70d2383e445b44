// What a restored checkpoint had prepared is committed, first of all and whatever else goes wrong. A transaction that the coordinator will
// not commit (any more) is looked up in the log: committed is fine (a savepoint was taken long ago, an answer was lost), everything else is
// lost output and said so.
import { isPlanted } from "../../env/planted-faults.ts";
import type { KafkaClient } from "../../client/client.ts";
import { codeOf, messageOf } from "../../client/errors.ts";
import { resumeTransaction } from "../../client/resume-transaction.ts";
import type { ConnectorContext } from "../../stream/connector.ts";
import { describeRecords, type KafkaCommittable } from "./committable.ts";
import { KafkaConnectorError } from "./kafka-connector-error.ts";
import { transactionOutcome, untilVisible, type TransactionOutcome } from "./transaction-outcome.ts";

/** The coordinator cannot commit it (any more); nothing is to be gained from asking again. */
const REFUSALS = new Set([
  "INVALID_TXN_STATE",
  "PRODUCER_FENCED",
  "INVALID_PRODUCER_EPOCH",
  "UNKNOWN_PRODUCER_ID",
  "INVALID_PRODUCER_ID_MAPPING",
  "TRANSACTIONAL_ID_NOT_FOUND",
]);

const FATES: Readonly<Record<Exclude<TransactionOutcome, "committed">, string>> = {
  aborted: "The broker aborted it: it was open for longer than the transaction timeout before the job came back.",
  unknown: "The log does not say any more whether it was committed.",
};

/** Rejects with TRANSACTION_LOST, or with what keeps the brokers from answering; the other transactions are committed all the same. */
export async function recoverTransactions(
  client: KafkaClient,
  context: ConnectorContext,
  committables: readonly KafkaCommittable[],
  onLost: "fail" | "continue",
): Promise<void> {
  let failure: unknown;
  for (const committable of committables) {
    try {
      await recoverTransaction(client, context, committable, onLost);
    } catch (error) {
      failure ??= error;
    }
  }
  if (failure !== undefined) throw failure;
}

async function recoverTransaction(
  client: KafkaClient,
  context: ConnectorContext,
  committable: KafkaCommittable,
  onLost: "fail" | "continue",
): Promise<void> {
  if (isPlanted("prepared-not-committed")) return;
  try {
    const ended = await resumeTransaction(client, committable, "commit");
    if (ended === "done") await untilVisible(client.cluster, committable);
  } catch (error) {
    if (!REFUSALS.has(codeOf(error))) throw error;
    const outcome = await transactionOutcome(client.cluster, committable);
    if (outcome !== "committed") report(context, committable, outcome, error, onLost);
  }
}

function report(
  context: ConnectorContext,
  committable: KafkaCommittable,
  outcome: "aborted" | "unknown",
  cause: unknown,
  onLost: "fail" | "continue",
): void {
  const { transactionalId, topic } = committable;
  const lost = new KafkaConnectorError(
    "TRANSACTION_LOST",
    `Job "${context.job}", sink "${context.operator}": transaction "${transactionalId}" of the restored checkpoint cannot be committed to topic "${topic}". ${FATES[outcome]} ${describeRecords(committable)} ${outcome === "aborted" ? "are" : "may be"} lost. To have them written again, restore an older savepoint; to go on without them, give the sink onLostTransaction: "continue". The broker says: ${messageOf(cause)}`,
    { cause },
  );
  if (onLost === "fail") throw lost;
  context.env.logger.log("error", "transaction-lost", { job: context.job, operator: context.operator, topic, error: lost.message });
}
