// Faults on demand, for tests of Kafka clients: requests of an API are delayed, lost before or after they were obeyed, or refused.
// Rules are tried in the order in which they were made; the first that fits decides. Without rules this costs one comparison.
import { ErrorCode, type ErrorName } from "../protocol/errors.ts";
import { newFetchResponse } from "../protocol/generated/fetch.gen.ts";
import { newJoinGroupResponse } from "../protocol/generated/join-group.gen.ts";
import { newHeartbeatResponse } from "../protocol/generated/heartbeat.gen.ts";
import { newLeaveGroupResponse } from "../protocol/generated/leave-group.gen.ts";
import { newSyncGroupResponse } from "../protocol/generated/sync-group.gen.ts";
import { newListGroupsResponse } from "../protocol/generated/list-groups.gen.ts";
import { newApiVersionsResponse } from "../protocol/generated/api-versions.gen.ts";
import { newInitProducerIdResponse } from "../protocol/generated/init-producer-id.gen.ts";
import { newAddOffsetsToTxnResponse } from "../protocol/generated/add-offsets-to-txn.gen.ts";
import { newEndTxnResponse } from "../protocol/generated/end-txn.gen.ts";
import { newOffsetDeleteResponse } from "../protocol/generated/offset-delete.gen.ts";
import { newDescribeClusterResponse } from "../protocol/generated/describe-cluster.gen.ts";
import { newConsumerGroupHeartbeatResponse } from "../protocol/generated/consumer-group-heartbeat.gen.ts";
import type { ApiName, RequestOf, ResponseOf } from "../protocol/apis.ts";

export interface Fault<N extends ApiName = ApiName> {
  /** Waits so long before anything else. */
  readonly delayMs?: number;
  /** "request": it is never obeyed. "answer": it is obeyed and nobody is told. Either way the connection ends. */
  readonly drop?: "request" | "answer";
  /** Answered instead of obeyed, by an error the whole answer has room for. */
  readonly error?: ErrorName;
  /** Answered instead of obeyed: for errors of topics and partitions, or anything else. */
  readonly respond?: (request: RequestOf<N>, version: number) => ResponseOf<N>;
  /** Only requests for which this holds. */
  readonly when?: (request: RequestOf<N>, version: number) => boolean;
  /** After so many requests the rule is over; unlimited unless said. */
  readonly times?: number;
}

/** The fault cannot be made for this API; the message says what to use instead. */
export class FaultError extends Error {
  override readonly name = "FaultError";
  readonly code = "INVALID_FAULT";
}

interface Rule {
  readonly api: ApiName;
  readonly fault: Fault;
  left: number;
}

/** Answers that have one error for everything. */
const REFUSALS: Readonly<Partial<Record<ApiName, (set: { errorCode: number }) => object>>> = {
  Fetch: newFetchResponse,
  JoinGroup: newJoinGroupResponse,
  Heartbeat: newHeartbeatResponse,
  LeaveGroup: newLeaveGroupResponse,
  SyncGroup: newSyncGroupResponse,
  ListGroups: newListGroupsResponse,
  ApiVersions: newApiVersionsResponse,
  InitProducerId: newInitProducerIdResponse,
  AddOffsetsToTxn: newAddOffsetsToTxnResponse,
  EndTxn: newEndTxnResponse,
  OffsetDelete: newOffsetDeleteResponse,
  DescribeCluster: newDescribeClusterResponse,
  ConsumerGroupHeartbeat: newConsumerGroupHeartbeatResponse,
};

export class Faults {
  #rules: Rule[] = [];

  get isEmpty(): boolean {
    return this.#rules.length === 0;
  }

  /** Returns how to take the rule back. Throws a FaultError. */
  add<N extends ApiName>(api: N, fault: Fault<N>): () => void {
    if (fault.error !== undefined && REFUSALS[api] === undefined) {
      throw new FaultError(
        `Answers of ${api} have an error for each of their parts: give them with respond instead of error ${fault.error}.`,
      );
    }
    const rule: Rule = { api, fault: fault as unknown as Fault, left: fault.times ?? Infinity };
    this.#rules.push(rule);
    return () => {
      this.#rules = this.#rules.filter((other) => other !== rule);
    };
  }

  /** The fault this request meets, which is used up by that. */
  take(api: ApiName, request: unknown, version: number): Fault | undefined {
    for (const rule of this.#rules) {
      if (rule.api !== api || rule.fault.when?.(request as never, version) === false) continue;
      if (--rule.left <= 0) this.#rules = this.#rules.filter((other) => other !== rule);
      return rule.fault;
    }
    return undefined;
  }
}

/** What is answered instead; undefined: the request is to be obeyed. */
export function answerOf(fault: Fault, api: ApiName, request: unknown, version: number): unknown {
  if (fault.respond !== undefined) return fault.respond(request as never, version);
  return fault.error === undefined ? undefined : REFUSALS[api]!({ errorCode: ErrorCode[fault.error] });
}
