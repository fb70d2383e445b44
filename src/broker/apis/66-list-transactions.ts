// ListTransactions (66): versions 0–1. Filters by state, producer id and age; version 2's pattern is not served. KIP-664, KIP-994.
import { newListTransactionsResponse, newTransactionState } from "../../protocol/generated/list-transactions.gen.ts";
import { defineApi } from "../api.ts";
import { STATUSES } from "../coordinators/transaction/state.ts";

const LAST_WITHOUT_PATTERN = 1;

export const listTransactions = defineApi("ListTransactions", {
  maxVersion: LAST_WITHOUT_PATTERN,
  handle(broker, request) {
    const states = new Set(request.stateFilters);
    const producerIds = new Set(request.producerIdFilters);
    const now = broker.env.clock.now();
    const transactionStates = [];
    for (const { transactionalId, data } of broker.transactions.states()) {
      if (states.size > 0 && !states.has(data.status)) continue;
      if (producerIds.size > 0 && !producerIds.has(data.producerId)) continue;
      if (request.durationFilter >= 0 && (data.startedAt < 0 || now - data.startedAt <= request.durationFilter)) continue;
      transactionStates.push(newTransactionState({ transactionalId, producerId: data.producerId, transactionState: data.status }));
    }
    const unknownStateFilters = request.stateFilters.filter((filter) => !STATUSES.some((status) => status === filter));
    return newListTransactionsResponse({ transactionStates, unknownStateFilters });
  },
});
