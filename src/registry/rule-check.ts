// What rules must have before they are stored: a name of their own, a type, and a mode that fits where they stand. Clients run them.
import { refuse } from "./registry-error.ts";
import type { RuleSet } from "./schema-entry.ts";

const MAX_NAME = 64;
const NAME = /^[\p{L}_][\p{L}\p{N}_-]*$/u;
const DOMAIN = ["WRITE", "READ", "WRITEREAD"];
const MODES = { migrationRules: ["UPGRADE", "DOWNGRADE", "UPDOWN"], domainRules: DOMAIN, encodingRules: DOMAIN } as const;
const KINDS = ["TRANSFORM", "CONDITION"];
/** Of a rule that names none. */
const DEFAULT_MODE = "WRITEREAD";

/** Throws 42210. */
export function checkRules(ruleSet: RuleSet): void {
  const names = new Set<string>();
  for (const place of ["migrationRules", "domainRules", "encodingRules"] as const)
    for (const rule of ruleSet[place] ?? []) {
      const { name, type, mode, kind } = (rule ?? {}) as Readonly<Record<string, unknown>>;
      if (typeof name !== "string" || name === "") throw refuse.invalidRuleSet("a rule has no name");
      const at = `the rule "${name}" of ${place}`;
      if (name.length > MAX_NAME || !NAME.test(name))
        throw refuse.invalidRuleSet(`${at}: a name has letters, digits, _ and -, no digit first, at most ${MAX_NAME} of them`);
      if (names.has(name)) throw refuse.invalidRuleSet(`the rule "${name}" is there twice`);
      names.add(name);
      if (typeof type !== "string" || type === "") throw refuse.invalidRuleSet(`${at} has no type`);
      if (!isOneOf(MODES[place], mode ?? DEFAULT_MODE)) throw refuse.invalidRuleSet(`${at}: its mode is one of ${MODES[place].join(", ")}`);
      if (!isOneOf(KINDS, kind ?? KINDS[0])) throw refuse.invalidRuleSet(`${at}: its kind is one of ${KINDS.join(", ")}`);
    }
}

function isOneOf(known: readonly string[], value: unknown): boolean {
  return typeof value === "string" && known.includes(value);
}
