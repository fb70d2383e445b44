// What the compiler says to users who made a mistake: fixtures/compile-errors/mistakes.ts is compiled and the messages are compared with
// messages.txt. MILLRACE_UPDATE=1 writes them anew; read the difference before you commit it.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

const folder = join(import.meta.dirname, "fixtures", "compile-errors");
const compiler = join(import.meta.dirname, "..", "..", "node_modules", "typescript", "bin", "tsc");

interface Complaint {
  readonly line: number;
  readonly text: string;
}

function compile(): { readonly file: string; readonly complaints: readonly Complaint[] }[] {
  const { stdout, error } = spawnSync(process.execPath, [compiler, "-p", join(folder, "tsconfig.json"), "--pretty", "false"], {
    encoding: "utf8",
  });
  if (error !== undefined) throw error;
  const byFile = new Map<string, Complaint[]>();
  for (const part of stdout.split(/\n(?=\S)/)) {
    const match = /^(?:.*[/\\])?([^/\\(]+)\((\d+),\d+\): error (TS\d+: [^]*?)\s*$/.exec(part);
    if (match === null) continue;
    const list = byFile.get(match[1]!) ?? [];
    byFile.set(match[1]!, list);
    list.push({ line: Number(match[2]), text: match[3]! });
  }
  return [...byFile].map(([file, complaints]) => ({ file, complaints }));
}

/** "case: title" of each mistake, and what was said between it and the next. */
function report(source: string, complaints: readonly Complaint[]): Map<string, string> {
  const cases = source
    .split("\n")
    .flatMap((text, index) => (text.startsWith("// case: ") ? [{ title: text.slice("// case: ".length), line: index + 1 }] : []));
  return new Map(
    cases.map(({ title, line }, index) => {
      const next = cases[index + 1]?.line ?? Infinity;
      const said = complaints.filter((complaint) => complaint.line > line && complaint.line < next);
      return [title, said.map((complaint) => complaint.text).join("\n")];
    }),
  );
}

test("the compiler names each mistake where it was made", () => {
  const files = compile();
  assert.deepEqual(
    files.map(({ file }) => file),
    ["mistakes.ts"],
    "only the mistakes do not compile",
  );
  const messages = report(readFileSync(join(folder, "mistakes.ts"), "utf8"), files[0]!.complaints);
  for (const [title, said] of messages) assert.notEqual(said, "", `nothing was said about ${title}`);
  const total = [...messages.values()].join("\n").match(/^TS\d+/gm)?.length;
  assert.equal(total, files[0]!.complaints.length, "something was said outside the cases");
  const actual = [...messages].map(([title, said]) => `# ${title}\n${said}\n`).join("\n");
  const golden = join(folder, "messages.txt");
  if (process.env["MILLRACE_UPDATE"] === "1") writeFileSync(golden, actual);
  assert.equal(actual, readFileSync(golden, "utf8"));
});
