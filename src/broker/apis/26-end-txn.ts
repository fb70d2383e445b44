// EndTxn (26): versions 0–5. Answered when the decision is on disk; the markers follow. A caller of v5 speaks transactions version 2 and
// gets its next epoch with the answer (KIP-890). KIP-98, KIP-588.
import { ErrorCode } from "../../protocol/errors.ts";
import { newEndTxnResponse } from "../../protocol/generated/end-txn.gen.ts";
import { defineApi } from "../api.ts";
import { fencedBefore } from "../fenced-producer.ts";

const FENCED_FROM = 2;
const VERSION_2_FROM = 5;

export const endTxn = defineApi("EndTxn", {
  async handle(broker, request, call) {
    const version = call.version >= VERSION_2_FROM ? 2 : 0;
    const reply = await broker.transactions.end(request.transactionalId, request, request.committed, version);
    if (reply.error !== ErrorCode.NONE) return newEndTxnResponse({ errorCode: fencedBefore(FENCED_FROM, call.version, reply.error) });
    if (version === 0) return newEndTxnResponse();
    return newEndTxnResponse({ producerId: reply.producerId, producerEpoch: reply.producerEpoch });
  },
});
