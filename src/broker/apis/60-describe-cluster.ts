// DescribeCluster (60): versions 0–2. One broker, which is its own controller. KIP-700, KIP-919 (endpoint type), KIP-1073.
import { ErrorCode } from "../../protocol/errors.ts";
import { newDescribeClusterBroker, newDescribeClusterResponse } from "../../protocol/generated/describe-cluster.gen.ts";
import { defineApi } from "../api.ts";
import { CLUSTER_OPERATIONS, NOT_ASKED } from "../authorized-operations.ts";

const BROKERS = 1;
const CONTROLLERS = 2;

export const describeCluster = defineApi("DescribeCluster", {
  handle(broker, request, call) {
    if (call.version >= 1 && request.endpointType !== BROKERS) {
      const errorMessage = `The request was sent to an endpoint of type BROKER, but we wanted an endpoint of type ${request.endpointType}`;
      const errorCode = request.endpointType === CONTROLLERS ? ErrorCode.MISMATCHED_ENDPOINT_TYPE : ErrorCode.UNSUPPORTED_ENDPOINT_TYPE;
      return newDescribeClusterResponse({ errorCode, errorMessage });
    }
    const { host, port } = call.advertised;
    return newDescribeClusterResponse({
      endpointType: BROKERS,
      clusterId: broker.logs.clusterId,
      controllerId: broker.nodeId,
      brokers: [newDescribeClusterBroker({ brokerId: broker.nodeId, host, port })],
      clusterAuthorizedOperations: request.includeClusterAuthorizedOperations ? CLUSTER_OPERATIONS : NOT_ASKED,
    });
  },
});
