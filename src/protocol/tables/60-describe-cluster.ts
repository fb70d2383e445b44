// Cluster id, controller and brokers (KIP-700, KIP-919, KIP-1073).
import { api, list } from "./table.ts";

export const describeCluster = api(60, "DescribeCluster", {
  versions: "0-2",
  flexible: "0+",
  request: {
    includeClusterAuthorizedOperations: "bool 0+",
    endpointType: "int8 1+ default=1",
    includeFencedBrokers: "bool 2+",
  },
  response: {
    throttleTimeMs: "int32 0+",
    errorCode: "int16 0+",
    errorMessage: "string? 0+ default=null",
    endpointType: "int8 1+ default=1",
    clusterId: "string 0+",
    controllerId: "int32 0+ default=-1",
    brokers: list("DescribeClusterBroker", "0+", {
      brokerId: "int32 0+",
      host: "string 0+",
      port: "int32 0+",
      rack: "string? 0+ default=null",
      isFenced: "bool 2+",
    }),
    clusterAuthorizedOperations: "int32 0+ default=-2147483648",
  },
});
