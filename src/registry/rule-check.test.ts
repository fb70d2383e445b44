// Which sets of rules are stored, and which are refused with 42210.
import assert from "node:assert/strict";
import { test } from "node:test";
import { checkRules } from "./rule-check.ts";

const rule = (more: object = {}): object => ({ name: "mask", type: "CEL", ...more });

test("stored: rules with a name, a type and a mode that fits where they stand", () => {
  checkRules({});
  checkRules({ domainRules: [rule(), rule({ name: "_b-2", mode: "READ", kind: "CONDITION" })] });
  checkRules({ migrationRules: [rule({ mode: "UPDOWN" })], domainRules: [rule({ name: "other", mode: "WRITE" })] });
  checkRules({ encodingRules: [rule({ mode: "WRITEREAD" })] });
});

for (const [what, ruleSet, says] of [
  ["no name", { domainRules: [{ type: "CEL" }] }, /has no name/],
  ["no rule", { domainRules: [null] }, /has no name/],
  ["a name with a space", { domainRules: [rule({ name: "a b" })] }, /letters, digits/],
  ["a name that begins with a digit", { domainRules: [rule({ name: "1a" })] }, /no digit first/],
  ["a long name", { domainRules: [rule({ name: "a".repeat(65) })] }, /at most 64/],
  ["a name twice", { domainRules: [rule(), rule()] }, /"mask" is there twice/],
  ["no type", { domainRules: [rule({ type: null })] }, /"mask" of domainRules has no type/],
  ["a mode of another place", { migrationRules: [rule({ mode: "READ" })] }, /one of UPGRADE, DOWNGRADE, UPDOWN/],
  ["no mode among migrations", { migrationRules: [rule()] }, /one of UPGRADE, DOWNGRADE, UPDOWN/],
  ["a migration's mode", { domainRules: [rule({ mode: "UPGRADE" })] }, /one of WRITE, READ, WRITEREAD/],
  ["another kind", { domainRules: [rule({ kind: "FILTER" })] }, /one of TRANSFORM, CONDITION/],
] as const)
  test(`refused: ${what}`, () => assert.throws(() => checkRules(ruleSet), { code: 42210, message: says }));
