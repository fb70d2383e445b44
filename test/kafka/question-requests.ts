// Random requests of the remaining APIs, in every version: coordinators, lists and descriptions, moves and elections of the one replica,
// features, the quorum, markers from outside; rightly and wrongly.
import fc from "fast-check";
import { newAddPartitionsToTxnRequest } from "../../src/protocol/generated/add-partitions-to-txn.gen.ts";
import { newAlterPartitionReassignmentsRequest } from "../../src/protocol/generated/alter-partition-reassignments.gen.ts";
import { newAlterReplicaLogDirsRequest } from "../../src/protocol/generated/alter-replica-log-dirs.gen.ts";
import { newDescribeClusterRequest } from "../../src/protocol/generated/describe-cluster.gen.ts";
import { newDescribeLogDirsRequest } from "../../src/protocol/generated/describe-log-dirs.gen.ts";
import { newDescribeQuorumRequest } from "../../src/protocol/generated/describe-quorum.gen.ts";
import { newDescribeTopicPartitionsRequest } from "../../src/protocol/generated/describe-topic-partitions.gen.ts";
import { newDescribeTransactionsRequest } from "../../src/protocol/generated/describe-transactions.gen.ts";
import { newElectLeadersRequest } from "../../src/protocol/generated/elect-leaders.gen.ts";
import { newFindCoordinatorRequest } from "../../src/protocol/generated/find-coordinator.gen.ts";
import { newInitProducerIdRequest } from "../../src/protocol/generated/init-producer-id.gen.ts";
import { newListGroupsRequest } from "../../src/protocol/generated/list-groups.gen.ts";
import { newListPartitionReassignmentsRequest } from "../../src/protocol/generated/list-partition-reassignments.gen.ts";
import { newListTransactionsRequest } from "../../src/protocol/generated/list-transactions.gen.ts";
import { newUpdateFeaturesRequest } from "../../src/protocol/generated/update-features.gen.ts";
import { newWriteTxnMarkersRequest } from "../../src/protocol/generated/write-txn-markers.gen.ts";
import { partition, step, topic, type Step } from "./requests.ts";

const upTo = (max: number, min = 0) => fc.integer({ min, max });

const coordinator = fc.tuple(fc.constantFrom("g", "x", ""), fc.constantFrom(0, 1, 3, 9), upTo(6)).map(([of, keyType, version]) =>
  step<"FindCoordinator">({
    name: `coordinator of "${of}", type ${keyType} v${version}`,
    api: "FindCoordinator",
    version,
    request: ({ prefix }) => {
      const key = of === "" ? "" : prefix + of;
      const type = version >= 1 ? keyType : 0;
      return version < 4 ? newFindCoordinatorRequest({ key, keyType: type }) : newFindCoordinatorRequest({ keyType: type, coordinatorKeys: [key, `${key}2`] }); // prettier-ignore
    },
  }),
);

const groups = fc
  .tuple(
    fc.constantFrom<string[]>([], ["Empty"], ["stable"], ["nonsense"], ["Empty", "Dead"]),
    fc.constantFrom<string[]>([], ["classic"], ["CONSUMER"], ["nonsense"]),
    upTo(5),
  )
  .map(([statesFilter, typesFilter, version]) =>
    step<"ListGroups">({
      name: `groups ${statesFilter.join()} ${typesFilter.join()} v${version}`,
      api: "ListGroups",
      version,
      request: () => newListGroupsRequest({ statesFilter: version >= 4 ? statesFilter : [], typesFilter: version >= 5 ? typesFilter : [] }),
      ours: ({ groupId }: { groupId: string }, { prefix }) => groupId.startsWith(prefix),
    }),
  );

const transactions = fc
  .tuple(fc.constantFrom<string[]>([], ["Ongoing"], ["Empty"], ["nonsense"]), fc.constantFrom(null, "", ".*tx", "(", "[a-z]+"), upTo(2))
  .map(([stateFilters, transactionalIdPattern, version]) =>
    step<"ListTransactions">({
      name: `transactions ${stateFilters.join()} of ${transactionalIdPattern} v${version}`,
      api: "ListTransactions",
      version,
      request: () => newListTransactionsRequest({ stateFilters, transactionalIdPattern: version >= 2 ? transactionalIdPattern : null }),
      ours: ({ transactionalId }: { transactionalId: string }, { prefix }) => transactionalId.startsWith(prefix),
    }),
  );

const transaction = fc.constantFrom("nobody", "").map((of) =>
  step<"DescribeTransactions">({
    name: `transaction of "${of}"`,
    api: "DescribeTransactions",
    version: 0,
    request: ({ prefix }) => newDescribeTransactionsRequest({ transactionalIds: [of === "" ? "" : prefix + of] }),
  }),
);

const cluster = fc.tuple(fc.constantFrom(1, 1, 2, 3), fc.boolean(), upTo(2)).map(([endpointType, authorized, version]) =>
  step<"DescribeCluster">({
    name: `cluster, endpoints ${endpointType} v${version}`,
    api: "DescribeCluster",
    version,
    request: () => {
      const type = version >= 1 ? endpointType : 1;
      return newDescribeClusterRequest({ endpointType: type, includeClusterAuthorizedOperations: authorized });
    },
  }),
);

const logDirs = fc.tuple(topic, partition, upTo(5, 1)).map(([of, index, version]) =>
  step<"DescribeLogDirs">({
    name: `directories of ${of}-${index} v${version}`,
    api: "DescribeLogDirs",
    version,
    request: ({ prefix }) => newDescribeLogDirsRequest({ topics: [{ topic: prefix + of, partitions: [index] }] }),
  }),
);

const moveDir = fc.tuple(topic, partition, upTo(2, 1)).map(([of, index, version]) =>
  step<"AlterReplicaLogDirs">({
    name: `move ${of}-${index} to another directory v${version}`,
    api: "AlterReplicaLogDirs",
    version,
    request: ({ prefix }) => newAlterReplicaLogDirsRequest({ dirs: [{ path: "/no/such", topics: [{ name: prefix + of, partitions: [index] }] }] }), // prettier-ignore
  }),
);

const reassign = fc.tuple(topic, partition, fc.constantFrom<number[] | null>([0], null, [], [0, 0], [1], [0, 1], [-1]), upTo(1)).map(([of, partitionIndex, replicas, version]) =>
  step<"AlterPartitionReassignments">({
    name: `reassign ${of}-${partitionIndex} to ${replicas?.join() ?? "cancel"} v${version}`,
    api: "AlterPartitionReassignments",
    version,
    request: ({ prefix }) =>
      newAlterPartitionReassignmentsRequest({ timeoutMs: 5000, topics: [{ name: prefix + of, partitions: [{ partitionIndex, replicas }] }] }),
  }),
); // prettier-ignore

const reassignments = fc.tuple(topic, partition, fc.boolean()).map(([of, index, all]) =>
  step<"ListPartitionReassignments">({
    name: `reassignments of ${all ? "all" : `${of}-${index}`}`,
    api: "ListPartitionReassignments",
    version: 0,
    request: ({ prefix }) =>
      newListPartitionReassignmentsRequest({ timeoutMs: 5000, topics: all ? null : [{ name: prefix + of, partitionIndexes: [index] }] }),
  }),
);

const elect = fc.tuple(topic, partition, fc.constantFrom(0, 1, 2), upTo(2)).map(([of, index, type, version]) =>
  step<"ElectLeaders">({
    name: `elect ${of}-${index}, type ${type} v${version}`,
    api: "ElectLeaders",
    version,
    request: ({ prefix }) =>
      newElectLeadersRequest({ electionType: version >= 1 ? type : 0, topicPartitions: [{ topic: prefix + of, partitions: [index] }], timeoutMs: 5000 }), // prettier-ignore
  }),
);

/** Levels may change on Apache Kafka, and are fixed here: only what both refuse, or have already. */
const LEVELS: readonly (readonly [feature: string, level: number])[] = [
  ["group.version", 1],
  ["group.version", 2],
  ["group.version", -1],
  ["transaction.version", 2],
  ["transaction.version", 3],
  ["no.such", 0],
  ["no.such", 1],
  ["", 1],
];
const electAll = fc.tuple(fc.constantFrom(0, 1, 2), upTo(2, 1)).map(([electionType, version]) =>
  step<"ElectLeaders">({
    name: `elect all, type ${electionType} v${version}`,
    api: "ElectLeaders",
    version,
    request: () => newElectLeadersRequest({ electionType, topicPartitions: null, timeoutMs: 5000 }),
    ours: ({ topic: name }: { topic: string }, { prefix }) => name.startsWith(prefix),
  }),
);

/** Of anything but the metadata log's one partition, whose numbers are the broker's own. */
const quorum = fc.tuple(fc.constantFrom("t", "missing", "__cluster_metadata"), fc.constantFrom(1, 7), upTo(2)).map(([of, partitionIndex, version]) =>
  step<"DescribeQuorum">({
    name: `quorum of ${of}-${partitionIndex} v${version}`,
    api: "DescribeQuorum",
    version,
    request: ({ prefix }) => {
      const topicName = of.startsWith("_") ? of : prefix + of;
      return newDescribeQuorumRequest({ topics: [{ topicName, partitions: [{ partitionIndex }] }] });
    },
  }),
); // prettier-ignore

const features = fc.tuple(fc.constantFrom(...LEVELS), fc.constantFrom(1, 2, 3, 4), upTo(2)).map(([[feature, maxVersionLevel], type, version]) =>
  step<"UpdateFeatures">({
    name: `validate feature ${feature} at ${maxVersionLevel}, type ${type} v${version}`,
    api: "UpdateFeatures",
    version,
    request: () => {
      const update = { feature, maxVersionLevel, allowDowngrade: version === 0 && type > 1, upgradeType: version === 0 ? 1 : type };
      return newUpdateFeaturesRequest({ timeoutMs: 5000, validateOnly: version >= 1, featureUpdates: version === 0 ? [] : [update] });
    },
  }),
); // prettier-ignore

const pages = fc.tuple(topic, fc.constantFrom(0, 1, 2, 5), fc.constantFrom("", "", "t", "u", "missing"), fc.constantFrom(0, 1, 9, -1)).map(([of, limit, from, index]) =>
  step<"DescribeTopicPartitions">({
    name: `partitions of ${of} and u, ${limit} at once, from ${from}-${index}`,
    api: "DescribeTopicPartitions",
    version: 0,
    request: ({ prefix }) => {
      const cursor = from === "" ? null : { topicName: prefix + from, partitionIndex: index };
      return newDescribeTopicPartitionsRequest({ topics: [{ name: prefix + of }, { name: `${prefix}u` }], responsePartitionLimit: limit, cursor });
    },
  }),
); // prettier-ignore

const producer = fc
  .tuple(fc.constantFrom(null, ""), fc.constantFrom(-1, 60_000, 0, 900_001), fc.constantFrom(-1, 5), fc.constantFrom(-1, 0, 3), upTo(5))
  .map(([transactionalId, transactionTimeoutMs, producerId, producerEpoch, version]) =>
    step<"InitProducerId">({
      name: `producer id for "${transactionalId}", has ${producerId}/${producerEpoch} v${version}`,
      api: "InitProducerId",
      version,
      request: () => {
        const known = version >= 3 ? { producerId, producerEpoch } : {};
        return newInitProducerIdRequest({ transactionalId, transactionTimeoutMs, ...known });
      },
    }),
  );

const verify = fc.tuple(topic, partition, upTo(5, 4), fc.boolean()).map(([of, index, version, verifyOnly]) =>
  step<"AddPartitionsToTxn">({
    name: `${verifyOnly ? "verify" : "add"} ${of}-${index} for nobody v${version}`,
    api: "AddPartitionsToTxn",
    version,
    request: ({ prefix }) =>
      newAddPartitionsToTxnRequest({
        transactions: [{ transactionalId: `${prefix}nobody`, producerId: 7, producerEpoch: 0, verifyOnly, topics: [{ name: prefix + of, partitions: [index] }] }], // prettier-ignore
      }),
  }),
);

/** Of a producer that has nothing: Apache Kafka writes its markers as it is told. */
const markers = fc.tuple(topic, fc.constantFrom(0, 7), upTo(2, 1)).map(([of, index, version]) =>
  step<"WriteTxnMarkers">({
    name: `marker to ${of}-${index} v${version}`,
    api: "WriteTxnMarkers",
    version,
    request: ({ prefix }) =>
      newWriteTxnMarkersRequest({
        markers: [{ producerId: 1_000_000, producerEpoch: 0, transactionResult: false, coordinatorEpoch: 0, transactionVersion: 0, topics: [{ name: prefix + of, partitionIndexes: [index] }] }], // prettier-ignore
      }),
  }),
);

export const questionSteps: fc.Arbitrary<Step> = fc.oneof(
  coordinator,
  groups,
  transactions,
  transaction,
  cluster,
  logDirs,
  moveDir,
  reassign,
  reassignments,
  elect,
  electAll,
  quorum,
  features,
  pages,
  producer,
  verify,
  markers,
);
