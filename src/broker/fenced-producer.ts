// PRODUCER_FENCED is newer than most transaction APIs (KIP-588): older versions of a request are told INVALID_PRODUCER_EPOCH.
import { ErrorCode } from "../protocol/errors.ts";

export function fencedBefore(firstVersion: number, version: number, error: number): number {
  return error === ErrorCode.PRODUCER_FENCED && version < firstVersion ? ErrorCode.INVALID_PRODUCER_EPOCH : error;
}
