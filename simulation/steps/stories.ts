// The stories that are told with a fault at every operation, by name.
import type { Story } from "../../src/testing/simulation/fault-at-every-operation.ts";
import { TWO_PHASE_COMMIT } from "../../src/server/two-phase-commit.ts";
import { jobStory, slowBrokerStory, twoPhaseStory } from "./job-story.ts";
import { logStory } from "./log-story.ts";

export const STORIES: Readonly<Record<string, (seed: number) => Story>> = {
  log: logStory,
  job: jobStory,
  "job-two-phase": twoPhaseStory,
  "job-slow-broker": slowBrokerStory,
};

/** Killed at each labelled step: the settings of the broker. */
export const LABELLED: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "labelled-steps": {},
  "labelled-steps-two-phase": TWO_PHASE_COMMIT,
};

export const ALL_STORIES: readonly string[] = [...Object.keys(STORIES), ...Object.keys(LABELLED)];
