// The error codes that an answer holds, wherever it holds them: of the whole, of topics, partitions, groups. Those that are answered most
// are counted without looking at every field.
import type { ApiName } from "../../protocol/apis.ts";
import type { FetchResponse } from "../../protocol/generated/fetch.gen.ts";
import type { ProduceResponse } from "../../protocol/generated/produce.gen.ts";
import type { RequestCount } from "./request-count.ts";

export function countErrors(api: ApiName, answer: unknown, count: RequestCount): void {
  if (api === "Produce") {
    for (const { partitionResponses } of (answer as ProduceResponse).responses)
      for (const { errorCode } of partitionResponses) count.error(errorCode);
  } else if (api === "Fetch") {
    const { errorCode, responses } = answer as FetchResponse;
    count.error(errorCode);
    for (const { partitions } of responses) for (const partition of partitions) count.error(partition.errorCode);
  } else countWithin(answer, count);
}

function countWithin(value: unknown, count: RequestCount): void {
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return;
  if (Array.isArray(value)) {
    if (typeof value[0] === "object") for (const each of value) countWithin(each, count);
    return;
  }
  for (const [name, field] of Object.entries(value)) {
    if (name === "errorCode" || name === "partitionErrorCode") count.error(field as number);
    else if (typeof field === "object") countWithin(field, count);
  }
}
