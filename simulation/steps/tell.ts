// One process's share of a story: `tell.ts STORY SEED OF PART`. Prints what it told; leaves with exit code 1 at the first failure.
import { describeReport, faultAtEveryOperation } from "../../src/testing/simulation/fault-at-every-operation.ts";
import { STORIES } from "./stories.ts";

const [name = "", seed, of, part] = process.argv.slice(2);
const story = STORIES[name];
if (story === undefined) throw new Error(`There is no story ${name}. Stories: ${Object.keys(STORIES).join(", ")}.`);
const report = await faultAtEveryOperation(story(Number(seed)), { of: Number(of), part: Number(part) });
console.log(`${name}, part ${Number(part) + 1} of ${of}: ${describeReport(report)}`);
