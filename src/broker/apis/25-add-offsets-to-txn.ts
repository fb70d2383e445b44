// AddOffsetsToTxn (25): versions 0–4. Adds the partition of __consumer_offsets that holds the group, of whatever name, to the transaction.
// KIP-98, KIP-588.
import { newAddOffsetsToTxnResponse } from "../../protocol/generated/add-offsets-to-txn.gen.ts";
import { ErrorCode } from "../../protocol/errors.ts";
import { defineApi } from "../api.ts";
import { fencedBefore } from "../fenced-producer.ts";
import { OFFSETS_TOPIC, partitionKey } from "../topics.ts";

const FENCED_FROM = 2;

export const addOffsetsToTxn = defineApi("AddOffsetsToTxn", {
  async handle(broker, request, call) {
    const missing = await broker.groups.ensureOffsets(request.groupId);
    if (missing !== ErrorCode.NONE) return newAddOffsetsToTxnResponse({ errorCode: missing });
    const key = partitionKey(OFFSETS_TOPIC, broker.groups.log.partitionOf(request.groupId));
    const error = await broker.transactions.addPartitions(request.transactionalId, request, [key], 0);
    return newAddOffsetsToTxnResponse({ errorCode: fencedBefore(FENCED_FROM, call.version, error) });
  },
});
