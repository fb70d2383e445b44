// The stories that are told with a fault at every operation, by name.
import type { Story } from "../../src/testing/simulation/fault-at-every-operation.ts";
import { jobStory, slowBrokerStory } from "./job-story.ts";
import { logStory } from "./log-story.ts";

export const STORIES: Readonly<Record<string, (seed: number) => Story>> = {
  log: logStory,
  job: jobStory,
  "job-slow-broker": slowBrokerStory,
};
