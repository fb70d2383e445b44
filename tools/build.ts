// `npm run build`: emits dist/ (JavaScript and declarations) with tsc, then merges what `millrace broker` loads into one file. The bin file and
// ui/ ship as they are.
import { rmSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./source-files.ts";
import { runStages } from "./stage.ts";

rmSync(join(ROOT, "dist"), { recursive: true, force: true });
runStages([
  { name: "build", command: "tsc", args: ["-p", "tsconfig.build.json"] },
  { name: "merge the broker", command: "node", args: ["tools/merge-broker.ts"] },
]);
