// FindCoordinator (10): versions 0–6. One node coordinates everything: the answer is this broker. KIP-699 (several keys, v4), KIP-890.
import { ErrorCode } from "../../protocol/errors.ts";
import { newCoordinator, newFindCoordinatorResponse, type Coordinator } from "../../protocol/generated/find-coordinator.gen.ts";
import { defineApi, type BrokerContext, type Call } from "../api.ts";

const GROUP = 0;
const TRANSACTION = 1;
const SEVERAL_FROM = 4;

export const findCoordinator = defineApi("FindCoordinator", {
  handle(broker, request, call) {
    if (call.version >= SEVERAL_FROM) {
      return newFindCoordinatorResponse({ coordinators: request.coordinatorKeys.map((key) => answer(broker, call, key, request.keyType)) });
    }
    const { nodeId, host, port, errorCode, errorMessage } = answer(broker, call, request.key, request.keyType);
    return newFindCoordinatorResponse({ nodeId, host, port, errorCode, errorMessage });
  },
});

function answer(broker: BrokerContext, { advertised: { host, port } }: Call, key: string, keyType: number): Coordinator {
  if (keyType !== GROUP && keyType !== TRANSACTION) {
    const errorMessage = `Coordinators of type ${keyType} are not served`;
    return newCoordinator({ key, nodeId: -1, host: "", port: -1, errorCode: ErrorCode.INVALID_REQUEST, errorMessage });
  }
  return newCoordinator({ key, nodeId: broker.nodeId, host, port, errorMessage: "" });
}
