// Kafka's error codes: name, number, whether trying again can help, and what it means in our words. The broker answers with them, the
// client turns them into a KafkaError. Names and numbers are the protocol's and never change.

type Row = readonly [code: number, retriable: boolean, text: string];
const RETRY = true;
const FINAL = false;

export const ERRORS = {
  UNKNOWN_SERVER_ERROR: [-1, FINAL, "The broker met an error it did not expect; its log has the cause."],
  NONE: [0, FINAL, "No error."],
  OFFSET_OUT_OF_RANGE: [1, FINAL, "The offset is below the start of the partition's log or beyond its end."],
  CORRUPT_MESSAGE: [2, RETRY, "A record batch has a wrong checksum, length or format."],
  UNKNOWN_TOPIC_OR_PARTITION: [3, RETRY, "There is no such topic or partition here."],
  INVALID_FETCH_SIZE: [4, FINAL, "The fetch size is not allowed."],
  LEADER_NOT_AVAILABLE: [5, RETRY, "The partition has no leader at the moment."],
  NOT_LEADER_OR_FOLLOWER: [6, RETRY, "This broker does not serve the partition."],
  REQUEST_TIMED_OUT: [7, RETRY, "The request was not finished within its time."],
  BROKER_NOT_AVAILABLE: [8, FINAL, "The broker is not available."],
  REPLICA_NOT_AVAILABLE: [9, RETRY, "The replica is not available on this broker."],
  MESSAGE_TOO_LARGE: [10, FINAL, "A record batch is larger than the topic's max.message.bytes."],
  STALE_CONTROLLER_EPOCH: [11, FINAL, "The controller moved to another broker."],
  OFFSET_METADATA_TOO_LARGE: [12, FINAL, "The metadata of a committed offset is too long."],
  NETWORK_EXCEPTION: [13, RETRY, "The connection ended before the answer came."],
  COORDINATOR_LOAD_IN_PROGRESS: [14, RETRY, "The coordinator is still loading its state."],
  COORDINATOR_NOT_AVAILABLE: [15, RETRY, "There is no coordinator at the moment."],
  NOT_COORDINATOR: [16, RETRY, "This broker does not coordinate the group or transactional id."],
  INVALID_TOPIC_EXCEPTION: [17, FINAL, "The topic's name is not allowed, or the topic is internal."],
  RECORD_LIST_TOO_LARGE: [18, FINAL, "The batches together are larger than a segment may be."],
  NOT_ENOUGH_REPLICAS: [19, RETRY, "Fewer replicas are in sync than the topic asks for."],
  NOT_ENOUGH_REPLICAS_AFTER_APPEND: [20, RETRY, "The records were written to fewer replicas than the topic asks for."],
  INVALID_REQUIRED_ACKS: [21, FINAL, "acks must be 0, 1 or -1 (all)."],
  ILLEGAL_GENERATION: [22, FINAL, "The group is at another generation: join it again."],
  INCONSISTENT_GROUP_PROTOCOL: [23, FINAL, "The member shares no protocol with the other members of the group."],
  INVALID_GROUP_ID: [24, FINAL, "The group id is empty or not allowed."],
  UNKNOWN_MEMBER_ID: [25, FINAL, "The group does not know this member: join it again."],
  INVALID_SESSION_TIMEOUT: [26, FINAL, "The session timeout is outside the broker's limits."],
  REBALANCE_IN_PROGRESS: [27, FINAL, "The group rebalances: join it again."],
  INVALID_COMMIT_OFFSET_SIZE: [28, FINAL, "The committed offsets do not fit in one batch."],
  TOPIC_AUTHORIZATION_FAILED: [29, FINAL, "Not allowed on this topic."],
  GROUP_AUTHORIZATION_FAILED: [30, FINAL, "Not allowed on this group."],
  CLUSTER_AUTHORIZATION_FAILED: [31, FINAL, "Not allowed on this cluster."],
  INVALID_TIMESTAMP: [32, FINAL, "A record's timestamp is outside the topic's limits."],
  UNSUPPORTED_SASL_MECHANISM: [33, FINAL, "The broker does not offer this SASL mechanism."],
  ILLEGAL_SASL_STATE: [34, FINAL, "The request does not fit the state of the authentication."],
  UNSUPPORTED_VERSION: [35, FINAL, "The version of the request is not supported."],
  TOPIC_ALREADY_EXISTS: [36, FINAL, "A topic of this name exists."],
  INVALID_PARTITIONS: [37, FINAL, "The number of partitions is not allowed."],
  INVALID_REPLICATION_FACTOR: [38, FINAL, "The replication factor is not between 1 and the number of brokers."],
  INVALID_REPLICA_ASSIGNMENT: [39, FINAL, "The assignment of replicas is not possible."],
  INVALID_CONFIG: [40, FINAL, "A setting has an unknown name or a value that is not allowed."],
  NOT_CONTROLLER: [41, RETRY, "This broker is not the controller."],
  INVALID_REQUEST: [42, FINAL, "The request contradicts itself or the protocol."],
  UNSUPPORTED_FOR_MESSAGE_FORMAT: [43, FINAL, "The topic's record format does not support the request."],
  POLICY_VIOLATION: [44, FINAL, "The broker's policy forbids it."],
  OUT_OF_ORDER_SEQUENCE_NUMBER: [45, FINAL, "A batch's sequence number does not follow the producer's last one."],
  DUPLICATE_SEQUENCE_NUMBER: [46, FINAL, "The batch was already written."],
  INVALID_PRODUCER_EPOCH: [47, FINAL, "A newer producer with the same id has taken over."],
  INVALID_TXN_STATE: [48, FINAL, "The transaction's state does not allow this."],
  INVALID_PRODUCER_ID_MAPPING: [49, FINAL, "The producer id does not belong to this transactional id."],
  INVALID_TRANSACTION_TIMEOUT: [50, FINAL, "The transaction timeout is above the broker's transaction.max.timeout.ms."],
  CONCURRENT_TRANSACTIONS: [51, RETRY, "The previous transaction of this producer is still being finished."],
  TRANSACTION_COORDINATOR_FENCED: [52, FINAL, "The markers came from a coordinator that was replaced."],
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED: [53, FINAL, "Not allowed with this transactional id."],
  SECURITY_DISABLED: [54, FINAL, "The broker has no security features on."],
  OPERATION_NOT_ATTEMPTED: [55, FINAL, "Not tried, because another part of the request failed."],
  KAFKA_STORAGE_ERROR: [56, RETRY, "The broker cannot read or write the partition's log."],
  LOG_DIR_NOT_FOUND: [57, FINAL, "The broker has no such log directory."],
  SASL_AUTHENTICATION_FAILED: [58, FINAL, "User name, password or token are not right."],
  UNKNOWN_PRODUCER_ID: [59, FINAL, "The broker has no state of this producer id."],
  REASSIGNMENT_IN_PROGRESS: [60, FINAL, "Partitions are being reassigned."],
  DELEGATION_TOKEN_AUTH_DISABLED: [61, FINAL, "Delegation tokens are off."],
  DELEGATION_TOKEN_NOT_FOUND: [62, FINAL, "There is no such delegation token."],
  DELEGATION_TOKEN_OWNER_MISMATCH: [63, FINAL, "The delegation token belongs to somebody else."],
  DELEGATION_TOKEN_REQUEST_NOT_ALLOWED: [64, FINAL, "Delegation tokens cannot be asked for on this connection."],
  DELEGATION_TOKEN_AUTHORIZATION_FAILED: [65, FINAL, "Not allowed on this delegation token."],
  DELEGATION_TOKEN_EXPIRED: [66, FINAL, "The delegation token has expired."],
  INVALID_PRINCIPAL_TYPE: [67, FINAL, "The kind of principal is not supported."],
  NON_EMPTY_GROUP: [68, FINAL, "The group still has members."],
  GROUP_ID_NOT_FOUND: [69, FINAL, "There is no such group."],
  FETCH_SESSION_ID_NOT_FOUND: [70, RETRY, "The broker has no such fetch session."],
  INVALID_FETCH_SESSION_EPOCH: [71, RETRY, "The fetch session is at another epoch."],
  LISTENER_NOT_FOUND: [72, RETRY, "The leader has no listener of the name this connection uses."],
  TOPIC_DELETION_DISABLED: [73, FINAL, "Topics cannot be deleted here."],
  FENCED_LEADER_EPOCH: [74, RETRY, "The leader epoch of the request is older than the broker's."],
  UNKNOWN_LEADER_EPOCH: [75, RETRY, "The leader epoch of the request is newer than the broker's."],
  UNSUPPORTED_COMPRESSION_TYPE: [76, FINAL, "The compression of a batch is not supported."],
  STALE_BROKER_EPOCH: [77, FINAL, "The broker has started again since."],
  OFFSET_NOT_AVAILABLE: [78, RETRY, "The high watermark is not known yet after a change of leader."],
  MEMBER_ID_REQUIRED: [79, FINAL, "Join again with the member id of this answer."],
  PREFERRED_LEADER_NOT_AVAILABLE: [80, RETRY, "The preferred leader is not available."],
  GROUP_MAX_SIZE_REACHED: [81, FINAL, "The group has as many members as it may."],
  FENCED_INSTANCE_ID: [82, FINAL, "Another member with the same group.instance.id has taken over."],
  ELIGIBLE_LEADERS_NOT_AVAILABLE: [83, RETRY, "No replica can become leader."],
  ELECTION_NOT_NEEDED: [84, RETRY, "The partition has the leader it should have."],
  NO_REASSIGNMENT_IN_PROGRESS: [85, FINAL, "No reassignment is going on."],
  GROUP_SUBSCRIBED_TO_TOPIC: [86, FINAL, "The group still subscribes to the topic."],
  INVALID_RECORD: [87, FINAL, "A record is not allowed: its batch was refused as a whole."],
  UNSTABLE_OFFSET_COMMIT: [88, RETRY, "Offsets are pending in an open transaction."],
  THROTTLING_QUOTA_EXCEEDED: [89, RETRY, "A quota is used up."],
  PRODUCER_FENCED: [90, FINAL, "A newer producer with the same transactional id has taken over."],
  RESOURCE_NOT_FOUND: [91, FINAL, "There is no such resource."],
  DUPLICATE_RESOURCE: [92, FINAL, "The request names a resource twice."],
  UNACCEPTABLE_CREDENTIAL: [93, FINAL, "The credentials do not meet the rules."],
  INCONSISTENT_VOTER_SET: [94, FINAL, "The set of voters is not the same on both sides."],
  INVALID_UPDATE_VERSION: [95, FINAL, "The version of the update is not the expected one."],
  FEATURE_UPDATE_FAILED: [96, FINAL, "The features could not be changed."],
  PRINCIPAL_DESERIALIZATION_FAILURE: [97, FINAL, "The forwarded principal could not be read."],
  SNAPSHOT_NOT_FOUND: [98, FINAL, "There is no such snapshot."],
  POSITION_OUT_OF_RANGE: [99, FINAL, "The position is beyond the snapshot's end."],
  UNKNOWN_TOPIC_ID: [100, RETRY, "There is no topic with this id here."],
  DUPLICATE_BROKER_REGISTRATION: [101, FINAL, "A broker with this id is registered."],
  BROKER_ID_NOT_REGISTERED: [102, FINAL, "No broker with this id is registered."],
  INCONSISTENT_TOPIC_ID: [103, RETRY, "The log has another id for this topic."],
  INCONSISTENT_CLUSTER_ID: [104, FINAL, "The request is meant for another cluster."],
  TRANSACTIONAL_ID_NOT_FOUND: [105, FINAL, "The coordinator does not know this transactional id."],
  FETCH_SESSION_TOPIC_ID_ERROR: [106, RETRY, "The fetch session mixes topic names and ids."],
  INELIGIBLE_REPLICA: [107, FINAL, "The replica may not join the in-sync set."],
  NEW_LEADER_ELECTED: [108, FINAL, "The change of the partition elected a new leader."],
  OFFSET_MOVED_TO_TIERED_STORAGE: [109, FINAL, "The offset is in tiered storage."],
  FENCED_MEMBER_EPOCH: [110, FINAL, "The member's epoch is not the coordinator's: join the group again."],
  UNRELEASED_INSTANCE_ID: [111, FINAL, "The static member's instance id is still in use."],
  UNSUPPORTED_ASSIGNOR: [112, FINAL, "The coordinator does not have this assignor."],
  STALE_MEMBER_EPOCH: [113, FINAL, "The member's epoch is old: try again after the next heartbeat."],
  MISMATCHED_ENDPOINT_TYPE: [114, FINAL, "The request went to the wrong kind of endpoint."],
  UNSUPPORTED_ENDPOINT_TYPE: [115, FINAL, "This kind of endpoint is not supported."],
  UNKNOWN_CONTROLLER_ID: [116, FINAL, "There is no controller with this id."],
  UNKNOWN_SUBSCRIPTION_ID: [117, FINAL, "The telemetry subscription is not the current one."],
  TELEMETRY_TOO_LARGE: [118, FINAL, "The telemetry is larger than allowed."],
  INVALID_REGISTRATION: [119, FINAL, "The broker's registration is not valid."],
  TRANSACTION_ABORTABLE: [120, FINAL, "The transaction cannot be committed: abort it and go on."],
  INVALID_RECORD_STATE: [121, FINAL, "The record's state does not allow this acknowledgement."],
  SHARE_SESSION_NOT_FOUND: [122, RETRY, "The broker has no such share session."],
  INVALID_SHARE_SESSION_EPOCH: [123, RETRY, "The share session is at another epoch."],
  FENCED_STATE_EPOCH: [124, FINAL, "The epoch of the shared state is old."],
  INVALID_VOTER_KEY: [125, FINAL, "The voter's key is not the receiving replica's."],
  DUPLICATE_VOTER: [126, FINAL, "The voter is in the set."],
  VOTER_NOT_FOUND: [127, FINAL, "The voter is not in the set."],
  INVALID_REGULAR_EXPRESSION: [128, FINAL, "The regular expression is not valid."],
  REBOOTSTRAP_REQUIRED: [129, FINAL, "The client should look up the brokers again from its bootstrap addresses."],
  STREAMS_INVALID_TOPOLOGY: [130, FINAL, "The topology is not valid."],
  STREAMS_INVALID_TOPOLOGY_EPOCH: [131, FINAL, "The topology's epoch is not valid."],
  STREAMS_TOPOLOGY_FENCED: [132, FINAL, "The topology's epoch is old."],
  SHARE_SESSION_LIMIT_REACHED: [133, RETRY, "The broker has as many share sessions as it may."],
} as const satisfies Record<string, Row>;

export type ErrorName = keyof typeof ERRORS;

export interface ErrorInfo {
  readonly name: ErrorName;
  readonly code: number;
  readonly retriable: boolean;
  readonly text: string;
}

const names = Object.keys(ERRORS) as ErrorName[];

/** Name to number: ErrorCode.PRODUCER_FENCED is 90. */
export const ErrorCode = Object.fromEntries(names.map((name) => [name, ERRORS[name][0]])) as {
  readonly [N in ErrorName]: (typeof ERRORS)[N][0];
};

const byCode = new Map<number, ErrorInfo>(
  names.map((name) => {
    const [code, retriable, text] = ERRORS[name];
    return [code, { name, code, retriable, text }];
  }),
);

/** An unknown code is an UNKNOWN_SERVER_ERROR. */
export function errorByCode(code: number): ErrorInfo {
  return byCode.get(code) ?? byCode.get(-1)!;
}

/** An error that has a place in Kafka's protocol. */
export class KafkaError extends Error {
  override readonly name = "KafkaError";
  /** The protocol's name, stable: "PRODUCER_FENCED". */
  readonly code: ErrorName;
  readonly errorCode: number;
  readonly retriable: boolean;

  /** `detail` says what, where and what to do; the general text of the code is used without it. */
  constructor(code: ErrorName, detail?: string, options?: ErrorOptions) {
    // A detail that comes from another broker error already begins with its name.
    const text = detail ?? ERRORS[code][2];
    super(text.startsWith(`${code}: `) ? text : `${code}: ${text}`, options);
    this.code = code;
    this.errorCode = ERRORS[code][0];
    this.retriable = ERRORS[code][1];
  }

  /** The message without the error's name, as answers carry it beside the error's code. */
  get text(): string {
    return this.message.slice(this.code.length + 2);
  }

  static fromCode(errorCode: number, detail?: string): KafkaError {
    return new KafkaError(errorByCode(errorCode).name, detail);
  }
}
