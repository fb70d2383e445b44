// Transactions that a former run of this sink left open would hold back every read_committed reader until they time out: they are aborted
// before the first record is written. The broker is asked which there are (KIP-664; FLIP-511). If it cannot tell, ids are tried one after the
// other: they are used lowest first, so the search ends at ids that are new (their first epoch) or were not open, several in a row. Trying
// makes an id known to the broker, which is why new ones alone must not decide: the search would grow with every start.
import type { KafkaClient } from "../../client/client.ts";
import { brokerError } from "../../client/errors.ts";
import { errorByCode } from "../../protocol/errors.ts";
import { newInitProducerIdRequest } from "../../protocol/generated/init-producer-id.gen.ts";
import { MAX_TRANSACTIONS } from "./transaction-pool.ts";

/** A used id shows its first epoch once in 32,767 times: two in a row are new. */
const NEW_IN_A_ROW = 2;
/** Ids, and subtasks, without an open transaction that end the search. */
const CLOSED_IN_A_ROW = 5;
const AT_ONCE = 16;
const MAX_SUBTASKS = 32_768;

export interface LeftoverSettings {
  /** Ids are prefix + "<subtask>/<n>". */
  readonly prefix: string;
  readonly timeoutMs: number;
  /** Ids of the restored checkpoint: they have been resolved, and must not move on before a newer one. */
  readonly keep: ReadonlySet<string>;
}

/** Also fences whoever still writes with those ids. Resolves to the ids whose transactions were open. */
export async function abortLeftovers(client: KafkaClient, settings: LeftoverSettings): Promise<readonly string[]> {
  const { cluster } = client;
  const connection = await cluster.retried("Looking for open transactions", () => cluster.connection({ to: "any" }));
  if (!connection.versions.supports("ListTransactions")) return await searchIds(client, settings);
  const known = (await client.admin().listTransactions()).filter(({ transactionalId }) => isOwn(transactionalId, settings));
  // Also those that are not open: whoever still holds one could open it after this.
  for (let at = 0; at < known.length; at += AT_ONCE)
    await Promise.all(known.slice(at, at + AT_ONCE).map(({ transactionalId }) => takeOver(client, transactionalId, settings.timeoutMs)));
  return known.filter(({ state }) => state === "Ongoing").map(({ transactionalId }) => transactionalId);
}

function isOwn(transactionalId: string, { prefix, keep }: LeftoverSettings): boolean {
  if (!transactionalId.startsWith(prefix) || keep.has(transactionalId)) return false;
  return /^\d+\/\d+$/.test(transactionalId.slice(prefix.length));
}

type Found = "new" | "closed" | "open";

/** For brokers that cannot list transactions (before Apache Kafka 3.0). */
export async function searchIds(client: KafkaClient, { prefix, timeoutMs, keep }: LeftoverSettings): Promise<string[]> {
  const aborted: string[] = [];
  const subtasks = new Search();
  for (let subtask = 0; subtask < MAX_SUBTASKS && !subtasks.over; subtask++) {
    const ids = new Search();
    let best: Found = "new";
    for (let n = 0; n < MAX_TRANSACTIONS && !ids.over; n++) {
      const id = `${prefix}${subtask}/${n}`;
      // What the checkpoint names was open until it was resolved.
      const found = keep.has(id) ? "open" : await takeOver(client, id, timeoutMs);
      if (found === "open" && !keep.has(id)) aborted.push(id);
      if (found !== "new" && best !== "open") best = found;
      ids.met(found);
    }
    subtasks.met(best);
  }
  return aborted;
}

class Search {
  #new = 0;
  #closed = 0;

  met(found: Found): void {
    this.#new = found === "new" ? this.#new + 1 : 0;
    this.#closed = found === "open" ? 0 : this.#closed + 1;
  }

  get over(): boolean {
    return this.#new >= NEW_IN_A_ROW || this.#closed >= CLOSED_IN_A_ROW;
  }
}

/** InitProducerId: aborts what is open under the id, and says whether something was. */
async function takeOver(client: KafkaClient, transactionalId: string, transactionTimeoutMs: number): Promise<Found> {
  const what = `Aborting what was left open under transactional id "${transactionalId}"`;
  let wasOpen = false;
  const epoch = await client.cluster.retriedCall(
    { to: "coordinator", kind: "transaction", key: transactionalId },
    "InitProducerId",
    newInitProducerIdRequest({ transactionalId, transactionTimeoutMs }),
    (response) => {
      // Answered while the transaction is being aborted, or while its markers are being written.
      if (errorByCode(response.errorCode).name === "CONCURRENT_TRANSACTIONS") wasOpen = true;
      if (response.errorCode !== 0) throw brokerError(response.errorCode, what);
      return response.producerEpoch;
    },
    { what },
  );
  return wasOpen ? "open" : epoch === 0 ? "new" : "closed";
}
