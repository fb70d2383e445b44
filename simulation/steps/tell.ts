// One process's share of a story: `tell.ts STORY SEED OF PART`. Prints what it told; leaves with exit code 1 at the first failure.
import { describeReport, faultAtEveryOperation } from "../../src/testing/simulation/fault-at-every-operation.ts";
import { killAtEveryLabel } from "./labelled-steps.ts";
import { ALL_STORIES, LABELLED, STORIES } from "./stories.ts";

const [name = "", seed, of, part] = process.argv.slice(2);
const share = { of: Number(of), part: Number(part) };
const story = STORIES[name];
if (story === undefined && !(name in LABELLED)) throw new Error(`There is no story ${name}. Stories: ${ALL_STORIES.join(", ")}.`);
const report =
  story === undefined
    ? await killAtEveryLabel(Number(seed), LABELLED[name]!, share)
    : describeReport(await faultAtEveryOperation(story(Number(seed)), share));
console.log(`${name}, part ${Number(part) + 1} of ${of}: ${report}`);
