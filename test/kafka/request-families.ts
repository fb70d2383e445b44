// The random sequences of requests, by what they are about.
import fc from "fast-check";
import { adminSteps } from "./admin-requests.ts";
import { configSteps } from "./config-requests.ts";
import { consumerSteps } from "./consumer-requests.ts";
import { featureSteps, newestLevels } from "./feature-requests.ts";
import { greetingScenes } from "./greeting-requests.ts";
import { groupSteps, migrationSteps } from "./group-requests.ts";
import { lateSteps } from "./late-requests.ts";
import { patternPlays, patternsBegin } from "./pattern-requests.ts";
import { pipelinedScenes } from "./pipelined-requests.ts";
import { questionSteps } from "./question-requests.ts";
import { recordSteps } from "./record-requests.ts";
import { plainSteps, type Scene, type Step } from "./requests.ts";
import { roundPlays } from "./round-requests.ts";
import { segmentsBegin, segmentScenes } from "./segment-requests.ts";
import { sessionSteps } from "./session-requests.ts";
import { severalScenes } from "./several-requests.ts";
import { staticSteps } from "./static-requests.ts";
import { strangerProducers, strangerSteps } from "./stranger-requests.ts";
import { topicSteps } from "./topic-requests.ts";
import { init, transactionSteps } from "./transaction-requests.ts";

const STEPS = { minLength: 5, maxLength: 30 };
/** Without a producer id every request would be refused, one way or the other. */
const begun = (step: fc.Arbitrary<Step>) => fc.tuple(init, fc.array(step, STEPS)).map(([first, rest]) => [first, ...rest]);
const from = (first: Step, scene: fc.Arbitrary<Scene>, lengths = STEPS) => fc.array(scene, lengths).map((rest) => [first, ...rest]);
/** Run at the same time. */
export const FAMILIES: Readonly<Record<string, fc.Arbitrary<Scene[]>>> = {
  "about records, offsets and consumer groups": fc.array(plainSteps, STEPS),
  "of a classic group": fc.array(fc.oneof(groupSteps, groupSteps, groupSteps, plainSteps), STEPS),
  "of a static member": fc.array(staticSteps, STEPS),
  "of a group between the protocols": fc.array(migrationSteps, STEPS),
  "of the other APIs": fc.array(fc.oneof(questionSteps, questionSteps, plainSteps), STEPS),
  "of a group of the consumer protocol": fc.array(consumerSteps, STEPS),
  "of a group of the consumer protocol with patterns": from(patternsBegin, patternPlays, { minLength: 5, maxLength: 15 }),
  "of three members of a classic group": fc.array(roundPlays, STEPS),
  "about many segments": from(segmentsBegin, segmentScenes, { minLength: 20, maxLength: 80 }),
  "about batches and limits": fc.array(recordSteps, STEPS),
  "about topics that cannot be": fc.array(topicSteps, STEPS),
  "of fetch sessions": fc.array(sessionSteps, STEPS),
  "about configs": fc.array(configSteps, STEPS),
  "sent before the answers to the ones before them": fc.array(pipelinedScenes, { minLength: 3, maxLength: 15 }),
  "of a client's first words, and waited for": fc.array(greetingScenes, STEPS),
  "that name several things, or nothing": fc.array(severalScenes, STEPS),
  "of strangers": fc.array(strangerSteps, STEPS),
  "about topics, configs and topic ids": fc.array(fc.oneof(adminSteps, adminSteps, adminSteps, plainSteps), STEPS),
};
/** One after the other: Apache Kafka answers what it verifies together in the errors of one of the requests' versions. */
export const TRANSACTIONS: typeof FAMILIES = {
  "of transactions of version 1": begun(fc.oneof(transactionSteps.v1, transactionSteps.v1, transactionSteps.v1, plainSteps)),
  "of transactions of both versions": begun(transactionSteps.mixed),
  "of transactions of version 2": begun(fc.oneof(transactionSteps.v2, transactionSteps.v2, transactionSteps.v2, plainSteps)),
  "of transactions that come late, twice, or from a tool": begun(lateSteps),
  "of transactions of nobody": fc.array(strangerProducers, STEPS),
};
/** Behind all others: the levels are the whole broker's. */
export const FEATURES: typeof FAMILIES = {
  "about features": from(newestLevels, featureSteps),
};
