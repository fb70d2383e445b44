// InitProducerId (22): versions 0–5, and 6 with unstable.api.versions.enable. A producer id nobody had before, or the present owner of a transactional id with a new epoch, its
// predecessor fenced and its open transaction aborted. KIP-98, KIP-360 (producers that know their id), KIP-588, KIP-890.
// Version 6, KIP-939 (two-phase commit): with transaction.two.phase.commit.enable, enable2Pc takes the timeout away; keepPreparedTxn gives a new
// epoch and keeps the ongoing transaction, whose own id and epoch are answered beside it. (Apache Kafka 4.3.1 answers keepPreparedTxn with UNSUPPORTED_VERSION.)
import { ErrorCode } from "../../protocol/errors.ts";
import { newInitProducerIdResponse } from "../../protocol/generated/init-producer-id.gen.ts";
import { defineApi } from "../api.ts";
import { fencedBefore } from "../fenced-producer.ts";

const FENCED_FROM = 4;

export const initProducerId = defineApi("InitProducerId", {
  unstable: true,
  async handle(broker, request, call) {
    const { transactionalId, transactionTimeoutMs, producerId, producerEpoch, enable2Pc, keepPreparedTxn } = request;
    const refuse = (errorCode: number) => newInitProducerIdResponse({ errorCode, producerId: -1, producerEpoch: -1 });
    if (producerId >= 0 !== producerEpoch >= 0) return refuse(ErrorCode.INVALID_REQUEST);
    const expected = producerId >= 0 ? { producerId, producerEpoch } : undefined;
    try {
      const reply = await broker.transactions.init(transactionalId, transactionTimeoutMs, expected, {
        twoPhase: enable2Pc,
        keepPrepared: keepPreparedTxn,
      });
      if (reply.error !== ErrorCode.NONE) return refuse(fencedBefore(FENCED_FROM, call.version, reply.error));
      const own = { producerId: reply.producerId, producerEpoch: reply.producerEpoch };
      if (reply.keptEpoch === undefined) return newInitProducerIdResponse(own);
      return newInitProducerIdResponse({ ...own, ongoingTxnProducerId: reply.producerId, ongoingTxnProducerEpoch: reply.keptEpoch });
    } catch (error) {
      broker.env.logger.log("warn", "producer-id-not-given", { error });
      return refuse(ErrorCode.COORDINATOR_NOT_AVAILABLE);
    }
  },
});
