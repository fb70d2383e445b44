// Transactions a coordinator knows (KIP-664, KIP-994, KIP-1152).
import { api, list } from "./table.ts";

export const listTransactions = api(66, "ListTransactions", {
  versions: "0-2",
  flexible: "0+",
  request: {
    stateFilters: "[]string 0+",
    producerIdFilters: "[]int64 0+",
    durationFilter: "int64 1+ default=-1",
    transactionalIdPattern: "string? 2+ default=null",
  },
  response: {
    throttleTimeMs: "int32 0+",
    errorCode: "int16 0+",
    unknownStateFilters: "[]string 0+",
    transactionStates: list("TransactionState", "0+", {
      transactionalId: "string 0+",
      producerId: "int64 0+",
      transactionState: "string 0+",
    }),
  },
});
