// A package whose package.json says "type": "commonjs", as `npm init` makes it: pipelines, what they import, types and the configuration are
// modules there, too, in the command's own thread and in the job's.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { cli } from "./fixtures/cli-process.ts";

const source = (path: string): string => JSON.stringify(new URL(path, import.meta.url).href);
const FILES = {
  "package.json": '{ "name": "app", "type": "commonjs" }',
  "old.cjs": "module.exports = { three: 3 };",
  "older.js": 'exports.four = require("./old.cjs").three + 1; // text: \n/*\nexport nothing\n*/',
  "types.ts": `import { t } from ${source("../schema/t.ts")};\nimport old from "./old.cjs";\nimport { four } from "./older.js";\nif (old.three + four !== 7) throw new Error("another");\nexport const Row = t.record("Row", { id: t.int() });`,
  "copy.ts": `import { Row } from "./types.ts";
import { pipeline } from ${source("../stream/pipeline.ts")};
import { generatorSource } from ${source("../connectors/memory/generator-source.ts")};
import { blackholeSink } from ${source("../connectors/memory/function-sink.ts")};
export default pipeline("copy", (p) => {
  p.from("rows", generatorSource(Row, { count: 5, row: (id: number) => ({ id }) })).to("out", blackholeSink());
});`,
  "millrace.config.ts": 'export default { dataDir: "kept" };',
};

let cwd = "";
before(() => {
  cwd = mkdtempSync(join(tmpdir(), "millrace-commonjs-"));
  for (const [name, text] of Object.entries(FILES)) writeFileSync(join(cwd, name), text);
});
after(() => rmSync(cwd, { recursive: true, force: true }));

test("its files with import and export are modules, its others what they were", async () => {
  const [run, generated, settings] = await Promise.all([
    cli(["run", "copy.ts", "--once"], { cwd }),
    cli(["schema", "gen", "avro", "types.ts", "Row"], { cwd }),
    cli(["broker", "--show-config"], { cwd }),
  ]);
  assert.deepEqual([run.exitCode, generated.exitCode, settings.exitCode], [0, 0, 0], run.stderr + generated.stderr + settings.stderr);
  assert.doesNotMatch(run.stderr, /Warning/);
  assert.match(generated.stdout, /"name": "Row"/);
  assert.match(settings.stdout, /kept/);
});
