// All queries, by their published names.
import { q20, q3, q4 } from "./join-queries.ts";
import type { Query } from "./query.ts";
import { q0, q1, q13, q14, q2, q21, q22 } from "./stateless-queries.ts";
import { q15, q17 } from "./total-queries.ts";
import { q11, q5, q7, q8 } from "./window-queries.ts";

export const QUERIES: readonly Query[] = [q0, q1, q2, q3, q4, q5, q7, q8, q11, q13, q14, q15, q17, q20, q21, q22];

/** Why a published query is not among them. */
export const WITHOUT_REFERENCE: Readonly<Record<string, string>> = {
  q6: "Apache Flink refuses it, so there is nothing to compare with",
  q12: "its windows are of processing time, so it has no fixed result",
};
