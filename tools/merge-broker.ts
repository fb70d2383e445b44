// The last step of `npm run build`: the modules that only `millrace broker` brings into its process become one file in place of its command,
// dist/cli/commands/broker.js, with a source map. Resolving and linking 290 files is half of what a start costs. What the rest of the command
// line or a thread imports, too, stays a file of its own, so that no class is there twice; the package's public entries are as tsc made them.
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { rolldown } from "rolldown";
import { ROOT } from "./source-files.ts";

const DIST = join(ROOT, "dist");
const COMMAND = join(DIST, "cli/commands/broker.js");
/** Of this command, or loaded by others when they start a broker of their own, although they lie among the shared ones. */
const OWN = ["cli/broker-start-error.js", "cli/broker-properties.js", "cli/broker-set.js"].map((path) => join(DIST, path));
/** Folders and files below dist/ that stay as they are: shared with other commands, or found beside their own file. */
const KEPT = ["cli/", "env-node/thread-address.js", "server/package-version.js", "stream/nearest.js"].map((path) => join(DIST, path));

const bundle = await rolldown({
  input: COMMAND,
  platform: "node",
  treeshake: false,
  external: (id) =>
    id !== COMMAND && (!(id.startsWith(".") || id.startsWith("/")) || (!OWN.includes(id) && KEPT.some((kept) => id.startsWith(kept)))),
});
const { output } = await bundle.generate({ file: COMMAND, format: "esm", sourcemap: true, codeSplitting: false });
await bundle.close();
const [chunk] = output;
writeFileSync(COMMAND, chunk.code);
const outside = chunk.imports.filter((id) => id.startsWith(".")).map((id) => join(dirname(COMMAND), id));
refuseSecondCopies(outside, new Set(Object.keys(chunk.modules)));
const { sourcesContent: _, ...map } = chunk.map!; // the sources lie beside it
writeFileSync(`${COMMAND}.map`, JSON.stringify(map));

/** A file outside that brings in a merged one would have a second copy of it, with classes of its own, and make the start slow again. */
function refuseSecondCopies(files: readonly string[], merged: ReadonlySet<string>): void {
  const seen = new Set<string>();
  const left = [...files];
  for (let file = left.pop(); file !== undefined; file = left.pop()) {
    if (seen.has(file)) continue;
    seen.add(file);
    for (const [, path] of readFileSync(file, "utf8").matchAll(/^(?:import|export)\b[^"']*["'](\.[^"']+)["']/gm)) {
      const imported = join(dirname(file), path!);
      if (merged.has(imported))
        throw new Error(
          `${relative(DIST, file)} imports ${relative(DIST, imported)}, which is in the merged file: name one of them in OWN or KEPT.`,
        );
      left.push(imported);
    }
  }
}
