// Patterns of consumer groups (KIP-848) against the library that Apache Kafka matches them with: random ones, of all of RE2's syntax and what
// looks like it, are refused or matched by both alike.
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { Pattern } from "../../src/broker/regular-expression/pattern.ts";
import { PatternError } from "../../src/broker/regular-expression/syntax.ts";
import { compileJava } from "./java.ts";
import { missingForKafka } from "./kafka-jars.ts";

const PATTERNS = 20_000;
const ATOMS = [
  ..."ab-_.0é|()[]{}*+?^$\\".split(""),
  ..."\\. \\d \\w \\s \\D \\W \\S \\b \\B \\A \\z \\Z \\x41 \\x{61} \\101 \\07 \\0 \\1 \\E \\C \\a \\f \\n \\t \\e \\h \\R \\- \\_ \\/ \\G \\u0061".split(
    " ",
  ),
  ..."[a-c] [^a] [a- []a] [^]a] [[:alpha:]] [[:^digit:]] [[:foo:]] [:alpha:] [[.a.]] [z-a] [a-\\d] [\\d-x] [a\\-z] [\\pN] [\\PL] [\\b] [a-c&&b]".split(
    " ",
  ),
  ..."\\pL \\PL \\p{Lu} \\P{Greek} \\p{^L} \\p{Han} \\p{Grek} \\p{greek} \\p{Cyrillic} \\p{Any} \\p{Cn} \\pC \\p{foo} \\p \\p{ \\Qa.b\\E \\Q.*".split(
    " ",
  ),
  ..."(?i) (?i:A) (?-i:a) (?s). (?m)^ (?U) (?x) (?im-s:a.) (?-) (?P<n>a) (?<n>b) (?P<1>a) (?P<é>a) (?P=n) (?:a|b) (?=a) (?!a) (?<=a) (?>a) (?#x) () (|a)".split(
    " ",
  ),
  ..."(?i)k (?i)s (?i)É (?i)ß (?i)[a-f] (?i)[^k] (?i)\\W (?i)\\p{Lu} (?i)[[:upper:]] (?i)\\x41".split(" "),
  ..."a** a*? a+? a?? a{2} a{2,} a{2,3} a{,3} a{3,2} a{1001} a{1000} (a{100}){11} a{2}{3} a{2}* a{ a{1 a{x} a{* .* .+ [a-z0-9._-]+".split(
    " ",
  ),
];
const CANDIDATES = ["", "a", "b", "aa", "ab", "A", "k", "K", "s", "é", "É", "0", "a0", "a.b", "-", "_", ".", "aaa", " ", "\n", "a\nb", "x", "orders", "1", "ſ", "\u212a", "ß", "ẞ", "α", "ς", "σ", "Σ", "ж", "ı", "İ", "i"]; // prettier-ignore

const pattern = fc
  .tuple(fc.array(fc.constantFrom(...ATOMS), { minLength: 1, maxLength: 4 }), fc.constantFrom("", "", "", "*", "+", "?", "{2}", "|b"))
  .map(([atoms, behind]) => (behind === "" ? atoms.join("") : `(${atoms.join("")})${behind}`));

const base64 = (text: string): string => Buffer.from(text).toString("base64");

function ours(source: string): string {
  try {
    const compiled = new Pattern(source);
    return CANDIDATES.map((candidate) => (compiled.matches(candidate) ? "1" : "0")).join("");
  } catch (error) {
    if (error instanceof PatternError) return "refused";
    throw error;
  }
}

test(`${PATTERNS} patterns are refused or matched as Apache Kafka does`, { skip: missingForKafka() }, async () => {
  const sources = [...ATOMS, ...fc.sample(pattern, { numRuns: PATTERNS, seed: Number(process.env["MILLRACE_SEED"] ?? 1) })];
  const java = compileJava();
  try {
    const [asked, told] = [join(java.directory, "patterns"), join(java.directory, "verdicts")];
    writeFileSync(asked, sources.map((source) => [source, ...CANDIDATES].map(base64).join(" ")).join("\n"));
    const run = java.run("PatternVerdicts", [asked, told]);
    assert.equal(await run.ended, 0, run.stderr());
    const theirs = readFileSync(told, "utf8").split("\n");
    const different = sources.flatMap((source, i) => (ours(source) === theirs[i] ? [] : [`${source}\n  ours   ${ours(source)}\n  Kafka's ${theirs[i]}`])); // prettier-ignore
    assert.deepEqual(different.slice(0, 10), [], `${different.length} differ`);
    const matched = theirs.filter((verdict) => verdict.includes("1")).length;
    assert.ok(matched > PATTERNS / 4, `only ${matched} patterns matched anything`);
  } finally {
    java.dispose();
  }
});
