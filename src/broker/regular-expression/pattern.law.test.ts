// Patterns against JavaScript's own engine where both mean the same, hostile ones in linear time, and what is refused.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createContext, Script } from "node:vm";
import fc from "fast-check";
import { Pattern } from "./pattern.ts";

const seed = process.env["MILLRACE_SEED"];
const parameters = { numRuns: 200, ...(seed === undefined ? {} : { seed: Number(seed) }) };

const { pattern } = fc.letrec<{ pattern: string; piece: string; atom: string }>((tie) => ({
  pattern: fc
    .array(
      fc.array(tie("piece"), { maxLength: 3 }).map((items) => items.join("")),
      { minLength: 1, maxLength: 3 },
    )
    .map((items) => items.join("|")),
  piece: fc.tuple(tie("atom"), fc.constantFrom("", "", "*", "+", "?", "{2}", "{0,2}", "{1,}", "*?")).map((parts) => parts.join("")),
  atom: fc.oneof(
    { maxDepth: 2 },
    fc.constantFrom("a", "b", "c", ".", "[ab]", "[^a]", "[a-c_]", "\\d", "\\w", "\\.", "\\x61"),
    tie("pattern").map((inner) => `(${inner})`),
    tie("pattern").map((inner) => `(?:${inner})`),
  ),
}));
const text = fc.string({ unit: fc.constantFrom("a", "b", "c", "_", ".", "7"), maxLength: 8 });

/** JavaScript's engine tries again and again, for minutes where repetitions nest: it is given a moment. undefined: it did not come to an end. */
const PATIENCE_MS = 20;
const theirTest = new Script("expression.test(candidate)");
function theirAnswer(expression: RegExp, candidate: string): boolean | undefined {
  try {
    return theirTest.runInContext(createContext({ expression, candidate }), { timeout: PATIENCE_MS }) as boolean;
  } catch (error) {
    if ((error as { code?: string }).code === "ERR_SCRIPT_EXECUTION_TIMEOUT") return undefined;
    throw error;
  }
}

it("accepts the strings that JavaScript's engine accepts", () => {
  let accepted = 0;
  fc.assert(
    fc.property(pattern, fc.array(text, { minLength: 1, maxLength: 5 }), (source, texts) => {
      const theirs = new RegExp(`^(?:${source})$`, "su");
      const ours = new Pattern(source);
      for (const candidate of texts) {
        const expected = theirAnswer(theirs, candidate);
        if (expected === undefined) continue;
        if (expected && candidate !== "") accepted++;
        assert.equal(ours.matches(candidate), expected, `/${source}/ on "${candidate}"`);
      }
    }),
    parameters,
  );
  assert.ok(accepted > 100, `only ${accepted} strings were accepted: the patterns are too strict`);
});

describe("a pattern", () => {
  const cases: [string, string, boolean][] = [
    ["orders-.*", "orders-eu", true],
    ["orders", "orders-eu", false],
    ["^orders-(eu|us)$", "orders-us", true],
    ["(?i)ORDERS", "orders", true],
    ["(?i:o)rders", "Orders", true],
    ["(?i:o)rders", "ORDERS", false],
    ["\\Qa.b\\E.*", "a.bc", true],
    ["\\Qa.b\\E.*", "axbc", false],
    ["[[:alpha:]_]+", "ab_c", true],
    ["[[:^digit:]]+", "ab1", false],
    ["(?P<region>eu|us)-\\d{2,3}", "eu-12", true],
    ["\\bfoo\\b.*", "foo-bar", true],
    ["\\bfoo\\b.*", "foobar", false],
    ["[]a]+", "]a", true],
    ["[a-]+", "a-", true],
    ["", "", true],
    ["", "a", false],
    ["a{2", "a{2", true],
    ["\\pL+-\\p{Nd}", "ordérs-7", true],
    ["\\p{Greek}", "α", true],
    ["\\p{^Greek}", "α", false],
    ["\\PL", "-", true],
    ["\\101\\x42\\x{43}", "ABC", true],
    ["\\Qab\\E*", "abbb", true],
    ["(?i)[[:upper:]]k", "ak", true],
    ["(?i)straße", "STRAẞE", true],
    ["a(?i)*", "aaa", true],
  ];
  for (const [source, candidate, expected] of cases) {
    it(`/${source}/ ${expected ? "is" : "is not"} "${candidate}"`, () => assert.equal(new Pattern(source).matches(candidate), expected));
  }

  for (const source of [
    "(a",
    "a)",
    "[a",
    "*a",
    "a**",
    "a\\1",
    "(?=a)",
    "(?<!a)b",
    "a++",
    "[b-a]",
    "a{2,1}",
    "a{1001}",
    "\\p{foo}",
    "\\p{Grek}",
    "\\C",
    "(?i)*",
    "a{*",
    "(?<n>a)(?P<n>b)",
    "\\",
    "((a{1000}){1000}){1000}",
  ]) {
    it(`/${source}/ is refused`, () => assert.throws(() => new Pattern(source), { code: "INVALID_PATTERN" }));
  }

  it("that would take for ever by trying again is matched at once", () => {
    for (const source of ["(a*)*b", "(a|a)*b", "(a|aa)+$b", "(.*)*(.*)*x"])
      assert.equal(new Pattern(source).matches("a".repeat(2000)), false);
  });
});
