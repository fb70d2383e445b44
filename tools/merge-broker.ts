// The last step of `npm run build`: the modules that only `millrace broker` brings into its process become one file in place of its command,
// dist/cli/commands/broker.js, with a source map. Resolving and linking 290 files is half of what a start costs. What the rest of the command
// line or a thread imports, too, stays a file of its own, so that no class is there twice; the package's public entries are as tsc made them.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { rolldown } from "rolldown";
import { ROOT } from "./source-files.ts";

const DIST = join(ROOT, "dist");
const COMMAND = join(DIST, "cli/commands/broker.js");
/** Folders and files below dist/ that stay as they are: shared with other commands, or found beside their own file. */
const KEPT = ["cli/", "env-node/thread-address.js", "server/package-version.js"].map((path) => join(DIST, path));

const bundle = await rolldown({
  input: COMMAND,
  platform: "node",
  treeshake: false,
  external: (id) => id !== COMMAND && (!(id.startsWith(".") || id.startsWith("/")) || KEPT.some((kept) => id.startsWith(kept))),
});
const { output } = await bundle.generate({ file: COMMAND, format: "esm", sourcemap: true, codeSplitting: false });
await bundle.close();
const [chunk] = output;
writeFileSync(COMMAND, chunk.code);
const { sourcesContent: _, ...map } = chunk.map!; // the sources lie beside it
writeFileSync(`${COMMAND}.map`, JSON.stringify(map));
