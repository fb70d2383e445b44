// What documents and messages tell people to type exists: commands of millrace with their options, npm's scripts, and where links lead.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import type { Command } from "commander";
import { createProgram } from "../src/cli/program.ts";
import type { Terminal } from "../src/cli/terminal.ts";
import { readSource, ROOT, sourceFiles } from "./source-files.ts";

const DOCUMENTS = [
  "README.md",
  "ARCHITECTURE.md",
  "CONTRIBUTING.md",
  ...sourceFiles(["docs", "src", "examples", "bench", "simulation", "conformance"], ".md"),
];
const program = createProgram({ version: "0", terminal: () => ({}) as Terminal });

/** Shell blocks and words between backquotes. */
function typed(text: string): string[] {
  const blocks = [...text.matchAll(/```(?:sh|bash|console)\n([\s\S]*?)```/g)].flatMap(([, block]) => block!.split("\n"));
  const words = [...text.replaceAll(/```[\s\S]*?```/g, "").matchAll(/`([^`\n]+)`/g)].map(([, words]) => words!);
  return [...blocks, ...words].map((line) => line.replace(/\s+#.*$/, "").trim());
}

/** What is wrong with `dev a.ts --data x`; words in capitals stand for what a person has, [ ] for what may be left out, a|b for each of both. */
function wrongCommand(line: string): string | undefined {
  let command: Command = program;
  for (const word of line
    .replaceAll(/[[\]…]/g, "")
    .trim()
    .split(/\s+/)) {
    if (command.commands.length > 0 && !word.startsWith("-")) {
      const names = word.split("|");
      const found = names.map((name) => command.commands.find((each) => each.name() === name || each.aliases().includes(name)));
      if (found.includes(undefined)) return `${command.name()} has no command "${word}"`;
      command = found[0]!;
    } else if (/^--?[a-z]/.test(word)) {
      const [option] = word.split("=");
      const known = command.options.some(({ long, short }) => long === option || short === option);
      if (!known && option !== "--help") return `${command.name()} has no option ${option}`;
    }
  }
  return undefined;
}

test("a command or an option that is none is found", () => {
  assert.equal(wrongCommand("topic lss"), 'topic has no command "lss"');
  assert.equal(wrongCommand("topic ls|rm --no-such X"), "ls has no option --no-such");
  assert.equal(wrongCommand("schema gen ts|cobol SUBJECT"), 'gen has no command "ts|cobol"');
});

test("every command of millrace in a document is one, with its options", () => {
  const wrong: string[] = [];
  let count = 0;
  for (const path of DOCUMENTS)
    for (const line of typed(readSource(path))) {
      const [, words] = /^(?:npx millrace|npm run millrace --|millrace) ([a-z].*)$/.exec(line) ?? [];
      const problem = words === undefined ? undefined : wrongCommand(words.replace(/ [<>|] .*$/, ""));
      if (words !== undefined) count++;
      if (problem !== undefined) wrong.push(`${path}: ${line}: ${problem}`);
    }
  assert.ok(count > 40, `${count} commands`);
  assert.deepEqual(wrong, []);
});

test("every command of millrace that a message names is one, with its options", () => {
  const wrong: string[] = [];
  let count = 0;
  for (const path of sourceFiles(["src", "examples"], ".ts").filter((each) => !each.endsWith(".test.ts")))
    for (const [, line] of readSource(path).matchAll(
      /[^/\w.-]millrace ((?:dev|broker|registry|run|topic|group|txn|config|job|log|schema)\b[^\n"`';:,.)]*)/g,
    )) {
      const words = line!
        .replaceAll(/\$\{[^}]*\}?/g, "NAME")
        .replace(/ (?:is|of|has|loads|knows|starts|and|with|on|in|to|or|from|behind|the)\b.*$/, "");
      const problem = wrongCommand(words.trim());
      count++;
      if (problem !== undefined) wrong.push(`${path}: millrace ${line}: ${problem}`);
    }
  assert.ok(count > 40, `${count} commands`);
  assert.deepEqual(wrong, []);
});

test("every npm script in a document is one", () => {
  const { scripts } = JSON.parse(readSource("package.json")) as { scripts: Readonly<Record<string, string>> };
  const wrong: string[] = [];
  for (const path of DOCUMENTS)
    for (const line of typed(readSource(path)))
      for (const [, run, name] of line.matchAll(/\bnpm (run )?([a-z][\w:]*)/g))
        if (run === undefined ? !["install", "test", "start"].includes(name!) : scripts[name!] === undefined)
          wrong.push(`${path}: ${line}`);
  assert.deepEqual(wrong, []);
});

/** As GitHub names headings. */
function anchorsOf(path: string): Set<string> {
  const titles = [
    ...readSource(path)
      .replaceAll(/```[\s\S]*?```/g, "")
      .matchAll(/^#{1,6} (.+)$/gm),
  ].map(([, title]) => title!);
  return new Set(
    titles.map((title) =>
      title
        .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1")
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
        .replaceAll(" ", "-"),
    ),
  );
}

test("every link inside of the documents leads to a file, and to a heading of it", () => {
  const wrong: string[] = [];
  for (const path of DOCUMENTS)
    for (const [, target] of readSource(path)
      .replaceAll(/```[\s\S]*?```/g, "")
      .matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target!)) continue;
      const [file, anchor] = target!.split("#");
      const found = file === "" ? path : join(dirname(path), file!);
      if (!existsSync(join(ROOT, found))) wrong.push(`${path}: ${target}`);
      else if (anchor !== undefined && !anchorsOf(found).has(anchor)) wrong.push(`${path}: ${target}: no such heading`);
    }
  assert.deepEqual(wrong, []);
});
