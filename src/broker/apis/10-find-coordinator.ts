// FindCoordinator (10): versions 0–6. One node coordinates everything: the answer is this broker. KIP-699 (several keys, v4), KIP-890.
// Who looks for a coordinator makes its topic, as on Apache Kafka: clients look at __consumer_offsets before they commit anything.
import { ErrorCode, KafkaError } from "../../protocol/errors.ts";
import { newCoordinator, newFindCoordinatorResponse, type Coordinator } from "../../protocol/generated/find-coordinator.gen.ts";
import { defineApi, type BrokerContext, type Call } from "../api.ts";
import { OFFSETS_TOPIC, TRANSACTIONS_TOPIC } from "../topics.ts";

const GROUP = 0;
const TRANSACTION = 1;
const SEVERAL_FROM = 4;

export const findCoordinator = defineApi("FindCoordinator", {
  async handle(broker, request, call) {
    const problem = await topicProblem(broker, request.keyType);
    if (call.version >= SEVERAL_FROM) {
      return newFindCoordinatorResponse({ coordinators: request.coordinatorKeys.map((key) => problem?.(key) ?? found(broker, call, key)) });
    }
    const { nodeId, host, port, errorCode, errorMessage } = problem?.(request.key) ?? found(broker, call, request.key);
    return newFindCoordinatorResponse({ nodeId, host, port, errorCode, errorMessage });
  },
});

/** The coordinator's topic is there when this resolves; else the answer for each key says why not. */
async function topicProblem({ topics }: BrokerContext, keyType: number): Promise<((key: string) => Coordinator) | undefined> {
  if (keyType !== GROUP && keyType !== TRANSACTION) {
    return refusal(ErrorCode.INVALID_REQUEST, `Coordinators of type ${keyType} are not served`);
  }
  try {
    await topics.ensure(keyType === GROUP ? OFFSETS_TOPIC : TRANSACTIONS_TOPIC);
    return undefined;
  } catch (error) {
    if (!(error instanceof KafkaError)) throw error;
    return refusal(ErrorCode.COORDINATOR_NOT_AVAILABLE, error.message);
  }
}

function refusal(errorCode: number, errorMessage: string): (key: string) => Coordinator {
  return (key) => newCoordinator({ key, nodeId: -1, host: "", port: -1, errorCode, errorMessage });
}

function found(broker: BrokerContext, { advertised: { host, port } }: Call, key: string): Coordinator {
  return newCoordinator({ key, nodeId: broker.nodeId, host, port, errorMessage: "" });
}
