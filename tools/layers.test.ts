// Holds the tree to tools/layers.ts: imports, cycles, ambient world, sizes.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join, posix } from "node:path";
import { test } from "node:test";
import { AMBIENT, AMBIENT_ALLOWED, LARGE_FILES, LARGE_FUNCTIONS, LAYERS, LIMITS, PUBLIC_ENTRIES, PURE_NODE_MODULES } from "./layers.ts";
import { codeOnly, importsOf, readSource, ROOT, sourceFiles } from "./source-files.ts";

/** e2e folders hold tests and their help; neither is built nor packed. */
const isTest = (path: string): boolean => path.endsWith(".test.ts") || path.includes("/e2e/");
const isGenerated = (path: string): boolean => path.endsWith(".gen.ts");
const files = sourceFiles(["src"]);
const product = files.filter((path) => !isTest(path));
const layerNames = Object.keys(LAYERS).toSorted((a, b) => b.length - a.length);
const layerOf = (path: string): string | undefined => layerNames.find((name) => path.startsWith(`src/${name}/`));
const resolved = (path: string, specifier: string): string => posix.normalize(posix.join(posix.dirname(path), specifier));

function report(problems: readonly string[]): void {
  assert.equal(problems.length, 0, `\n${problems.join("\n")}`);
}

test("every source file belongs to a layer", () => {
  report(files.filter((path) => layerOf(path) === undefined).map((path) => `${path}: no layer in tools/layers.ts covers this folder`));
});

test("imports follow the matrix", () => {
  const problems: string[] = [];
  for (const path of product) {
    const layer = layerOf(path)!;
    const allowed = [layer, ...LAYERS[layer]!, ...(PUBLIC_ENTRIES.includes(path) ? ["env-node", "env"] : [])];
    for (const { line, specifier } of importsOf(readSource(path))) {
      if (!specifier.startsWith(".")) continue;
      const target = resolved(path, specifier);
      const targetLayer = layerOf(target);
      if (targetLayer === undefined || !allowed.includes(targetLayer))
        problems.push(`${path}:${line}: ${layer} may not import ${specifier} (${targetLayer ?? "outside src"})`);
    }
  }
  report(problems);
});

test("imports point at the file itself, with its extension, never at an index from inside, and nothing is re-exported wholesale", () => {
  const problems: string[] = [];
  for (const path of files) {
    const text = readSource(path);
    for (const { line, specifier } of importsOf(text)) {
      if (!specifier.startsWith(".")) continue;
      if (!/\.(ts|json)$/.test(specifier)) problems.push(`${path}:${line}: import ${specifier} by its file name with .ts`);
      if (/(^|\/)index\.ts$/.test(specifier) && !isTest(path))
        problems.push(`${path}:${line}: import the file itself instead of ${specifier}`);
    }
    if (/^\s*export\s+\*/m.test(codeOnly(text))) problems.push(`${path}: "export *" hides what is public; name the exports`);
    if (/(^|\/)(utils?|common|shared|core|helpers?)(\/|\.ts$)/.test(path)) problems.push(`${path}: name the concept, not "utils"`);
  }
  report(problems);
});

test("no import cycles", () => {
  const edges = new Map<string, string[]>();
  for (const path of product) {
    const text = readSource(path).replace(/import type[^;]*;/g, "");
    edges.set(
      path,
      importsOf(text)
        .filter((i) => i.specifier.startsWith("."))
        .map((i) => resolved(path, i.specifier)),
    );
  }
  const state = new Map<string, "open" | "done">();
  const problems: string[] = [];
  const visit = (path: string, trail: string[]): void => {
    if (state.get(path) === "done") return;
    if (state.get(path) === "open") {
      problems.push(`cycle: ${[...trail.slice(trail.indexOf(path)), path].join(" -> ")}`);
      return;
    }
    state.set(path, "open");
    for (const next of edges.get(path) ?? []) visit(next, [...trail, path]);
    state.set(path, "done");
  };
  for (const path of product) visit(path, []);
  report(problems);
});

test("the ambient world is touched in the adapters only", () => {
  const problems: string[] = [];
  for (const path of product) {
    if (AMBIENT_ALLOWED.some((prefix) => path.startsWith(prefix))) continue;
    const text = readSource(path);
    codeOnly(text)
      .split("\n")
      .forEach((line, index) => {
        for (const { name, pattern } of AMBIENT) if (pattern.test(line)) problems.push(`${path}:${index + 1}: ${name} goes through Env`);
      });
    for (const { line, specifier } of importsOf(text))
      if (specifier.startsWith("node:") && !PURE_NODE_MODULES.includes(specifier))
        problems.push(`${path}:${line}: ${specifier} goes through Env (src/env-node/)`);
  }
  report(problems);
});

test("files stay small", () => {
  const problems: string[] = [];
  const trees = sourceFiles(["src", "examples", "bench", "tools", "simulation"]);
  for (const path of trees) {
    if (isGenerated(path)) continue;
    const lines = readSource(path).trimEnd().split("\n").length;
    const limit = isTest(path) ? LIMITS.testFileLines : LIMITS.fileLines;
    const excepted = LARGE_FILES[path];
    if (excepted === undefined && lines > limit) problems.push(`${path}: ${lines} lines, the limit is ${limit}: split it by concept`);
    if (excepted !== undefined && lines > excepted) problems.push(`${path}: grew from ${excepted} to ${lines} lines`);
    if (excepted !== undefined && lines <= limit) problems.push(`${path}: now within ${limit} lines, take it off LARGE_FILES`);
  }
  for (const path of Object.keys(LARGE_FILES)) if (!trees.includes(path)) problems.push(`${path}: gone, take it off LARGE_FILES`);
  report(problems);
});

test("functions stay small", () => {
  const output = lintFunctionSizes();
  const problems: string[] = [];
  const seen = new Set<string>();
  for (const { path, name, lines } of output) {
    const id = `${path} ${name}`;
    seen.add(id);
    const excepted = LARGE_FUNCTIONS[id];
    if (excepted === undefined) problems.push(`${id}: ${lines} lines, the limit is ${LIMITS.functionLines}`);
    else if (lines > excepted) problems.push(`${id}: grew from ${excepted} to ${lines} lines`);
  }
  for (const id of Object.keys(LARGE_FUNCTIONS)) if (!seen.has(id)) problems.push(`${id}: small or gone, take it off LARGE_FUNCTIONS`);
  report(problems);
});

function lintFunctionSizes(): { path: string; name: string; lines: number }[] {
  const args = ["-f", "json", "-c", "tools/function-size.json", "src"];
  let text: string;
  try {
    text = execFileSync(join(ROOT, "node_modules/.bin/oxlint"), args, { cwd: ROOT, encoding: "utf8", maxBuffer: 1 << 26 });
  } catch (error) {
    text = (error as { stdout: string }).stdout;
  }
  const { diagnostics } = JSON.parse(text) as {
    diagnostics: { message: string; filename: string; labels: { span: { line: number } }[] }[];
  };
  return diagnostics
    .filter((d) => !isGenerated(d.filename) && !isTest(d.filename))
    .map((d) => {
      // A named function gives its name; an arrow function gives its line.
      const match = /(?:function|method) (?:`([^`]*)` )?has too many lines \((\d+)\)/i.exec(d.message);
      return { path: d.filename, name: match?.[1] || `line ${d.labels[0]?.span.line}`, lines: Number(match?.[2] ?? Number.NaN) };
    });
}
