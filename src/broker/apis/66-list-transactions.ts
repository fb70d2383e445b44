// ListTransactions (66): versions 0–2. Filters by state, producer id, age, and a pattern of transactional ids, matched in linear
// time. KIP-664, KIP-994, KIP-1152.
import { newListTransactionsResponse, newTransactionState } from "../../protocol/generated/list-transactions.gen.ts";
import { ErrorCode } from "../../protocol/errors.ts";
import { defineApi } from "../api.ts";
import { STATUSES } from "../coordinators/transaction/state.ts";
import { Pattern } from "../regular-expression/pattern.ts";
import { PatternError } from "../regular-expression/syntax.ts";

/** Apache Kafka's clients know states that no transaction has here: of an id that is being forgotten, of a producer that is being fenced. */
const STATES: ReadonlySet<string> = new Set([...STATUSES, "Dead", "PrepareEpochFence"]);

export const listTransactions = defineApi("ListTransactions", {
  handle(broker, request) {
    const pattern = patternOf(request.transactionalIdPattern);
    if (pattern === null) return newListTransactionsResponse({ errorCode: ErrorCode.INVALID_REGULAR_EXPRESSION });
    const states = new Set(request.stateFilters);
    const producerIds = new Set(request.producerIdFilters);
    const now = broker.env.clock.now();
    const transactionStates = [];
    for (const { transactionalId, data } of broker.transactions.states()) {
      if (states.size > 0 && !states.has(data.status)) continue;
      if (producerIds.size > 0 && !producerIds.has(data.producerId)) continue;
      if (pattern !== undefined && !pattern.matches(transactionalId)) continue;
      // One that never began is older than any, as on Apache Kafka.
      if (request.durationFilter >= 0 && now - data.startedAt <= request.durationFilter) continue;
      transactionStates.push(newTransactionState({ transactionalId, producerId: data.producerId, transactionState: data.status }));
    }
    const unknownStateFilters = [...states].filter((filter) => !STATES.has(filter));
    return newListTransactionsResponse({ transactionStates, unknownStateFilters });
  },
});

/** undefined: every id will do. null: no pattern. */
function patternOf(source: string | null): Pattern | null | undefined {
  if (source === null || source === "") return undefined;
  try {
    return new Pattern(source);
  } catch (error) {
    if (error instanceof PatternError) return null;
    throw error;
  }
}
