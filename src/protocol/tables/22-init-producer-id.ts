// A producer id and epoch, for idempotence and transactions (KIP-98, KIP-360). Version 6 is two-phase commit (KIP-939), not stable yet.
import { api } from "./table.ts";

export const initProducerId = api(22, "InitProducerId", {
  versions: "0-6",
  flexible: "2+",
  latestUnstable: true,
  request: {
    transactionalId: "string? 0+",
    transactionTimeoutMs: "int32 0+",
    producerId: "int64 3+ default=-1",
    producerEpoch: "int16 3+ default=-1",
    enable2Pc: "bool 6+",
    keepPreparedTxn: "bool 6+",
  },
  response: {
    throttleTimeMs: "int32 0+ ignorable",
    errorCode: "int16 0+",
    producerId: "int64 0+ default=-1",
    producerEpoch: "int16 0+",
    ongoingTxnProducerId: "int64 6+ default=-1",
    ongoingTxnProducerEpoch: "int16 6+ default=-1",
  },
});
