// What a broker's error on one batch means for the batch and for those behind it. Pure. KIP-98, KIP-360, KIP-890.
import { errorByCode } from "../../protocol/errors.ts";

/**
 * "written": it is in the log. "again": send it again as it is. "again-as-new": the broker has lost this producer's state: send it and those
 * behind it under the next epoch. "failed": it was not written and never will be. "fenced": a newer producer took over.
 */
export type Verdict = "written" | "again" | "again-as-new" | "failed" | "fenced";

export interface BatchSituation {
  readonly idempotent: boolean;
  readonly transactional: boolean;
  /** No batch in front of it is unanswered or waits to be sent again. */
  readonly firstUnanswered: boolean;
  /** A batch in front of it was given up without knowing whether it was written. */
  readonly trackLost: boolean;
}

export function judge(errorCode: number, situation: BatchSituation): Verdict {
  const { name, retriable } = errorByCode(errorCode);
  switch (name) {
    case "DUPLICATE_SEQUENCE_NUMBER":
      return "written";
    case "PRODUCER_FENCED":
      return situation.transactional ? "fenced" : "again-as-new";
    case "OUT_OF_ORDER_SEQUENCE_NUMBER":
      // The batch in front comes again and fills the gap.
      if (situation.idempotent && !situation.firstUnanswered) return "again";
      // The gap is a batch that was given up: sending this one under a new epoch would be right only if it came before that one.
      if (situation.trackLost || situation.transactional) return "failed";
      return situation.idempotent ? "again-as-new" : "failed";
    case "UNKNOWN_PRODUCER_ID":
    case "INVALID_PRODUCER_EPOCH":
      return situation.idempotent && !situation.transactional ? "again-as-new" : "failed";
    default:
      return retriable ? "again" : "failed";
  }
}
