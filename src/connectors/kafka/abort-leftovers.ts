// Transactions that a former run of this sink left open would hold back every read_committed reader until they time out: they are aborted
// before the first record is written. The broker is asked which are open (KIP-664). If it cannot tell, ids are tried one after the other:
// they are used lowest first, so a new id (its first epoch) ends the search. After Flink's TransactionAborter, FLIP-511.
import type { KafkaClient } from "../../client/client.ts";
import { brokerError } from "../../client/errors.ts";
import { newInitProducerIdRequest } from "../../protocol/generated/init-producer-id.gen.ts";
import { MAX_TRANSACTIONS } from "./transaction-pool.ts";

/** A used id shows its first epoch once in 32,767 times: two in a row end the search. */
const NEW_IDS_IN_A_ROW = 2;
const MAX_SUBTASKS = 32_768;

export interface LeftoverSettings {
  /** Ids are prefix + "<subtask>/<n>". */
  readonly prefix: string;
  readonly timeoutMs: number;
  /** Ids of the restored checkpoint: they have been resolved, and must not move on before a newer one. */
  readonly keep: ReadonlySet<string>;
}

/** Also fences whoever still writes with those ids. Resolves to the ids it took over. */
export async function abortLeftovers(client: KafkaClient, settings: LeftoverSettings): Promise<readonly string[]> {
  const { cluster } = client;
  const connection = await cluster.retried("Looking for open transactions", () => cluster.connection({ to: "any" }));
  if (!connection.versions.supports("ListTransactions")) return await searchIds(client, settings);
  const open = await client.admin().listTransactions(["Ongoing"]);
  const ids = open.map(({ transactionalId }) => transactionalId).filter((id) => isOwn(id, settings));
  for (const id of ids) await takeOver(client, id, settings.timeoutMs);
  return ids;
}

function isOwn(transactionalId: string, { prefix, keep }: LeftoverSettings): boolean {
  if (!transactionalId.startsWith(prefix) || keep.has(transactionalId)) return false;
  return /^\d+\/\d+$/.test(transactionalId.slice(prefix.length));
}

async function searchIds(client: KafkaClient, { prefix, timeoutMs, keep }: LeftoverSettings): Promise<string[]> {
  const taken: string[] = [];
  for (let subtask = 0, newSubtasks = 0; subtask < MAX_SUBTASKS && newSubtasks < NEW_IDS_IN_A_ROW; subtask++) {
    let used = false;
    for (let n = 0, newIds = 0; n < MAX_TRANSACTIONS && newIds < NEW_IDS_IN_A_ROW; n++) {
      const id = `${prefix}${subtask}/${n}`;
      const isNew = !keep.has(id) && (await takeOver(client, id, timeoutMs)) === 0;
      newIds = isNew ? newIds + 1 : 0;
      if (isNew) continue;
      used = true;
      if (!keep.has(id)) taken.push(id);
    }
    newSubtasks = used ? 0 : newSubtasks + 1;
  }
  return taken;
}

/** InitProducerId: aborts what is open under the id. Resolves to its new epoch. */
function takeOver(client: KafkaClient, transactionalId: string, transactionTimeoutMs: number): Promise<number> {
  const what = `Aborting what was left open under transactional id "${transactionalId}"`;
  return client.cluster.retriedCall(
    { to: "coordinator", kind: "transaction", key: transactionalId },
    "InitProducerId",
    newInitProducerIdRequest({ transactionalId, transactionTimeoutMs }),
    (response) => {
      if (response.errorCode !== 0) throw brokerError(response.errorCode, what);
      return response.producerEpoch;
    },
    { what },
  );
}
