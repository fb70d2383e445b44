// Patterns of schemas that somebody sent, run on names that somebody sent: JavaScript's engine goes back and tries again, which may take it as
// good as for ever. How often it can do so is estimated from above first. Invariant: a pattern is run only where that estimate is small.

/** In the worst case some milliseconds. */
const MAX_STEPS = 1_000_000;
const MAX_PATTERN_CHARS = 200;
const MAX_REPEATS = 1000;
const QUANTIFIER = /^(?:[*+]|\{(\d+)(,\d*)?\})/;

export class NamePattern {
  readonly source: string;
  readonly #regExp: RegExp | undefined;
  readonly #cost: Cost | undefined;

  constructor(source: string) {
    this.source = source;
    this.#cost = source.length > MAX_PATTERN_CHARS ? undefined : costOf(source);
    this.#regExp = compiled(source, "u") ?? compiled(source, "");
  }

  /** What would take too long is taken to match, what is no pattern of JavaScript matches nothing. `spend` is told the estimate. */
  matches(name: string, spend: (steps: number) => void): boolean {
    if (this.#regExp === undefined) return false;
    const steps =
      this.#cost === undefined ? Infinity : this.#cost.ways * name.length ** this.#cost.power * (name.length + this.source.length);
    if (!(steps <= MAX_STEPS)) return true;
    spend(steps);
    return this.#regExp.test(name);
  }
}

/** Ways through the pattern: `ways` × (length of the text)^`power`. */
interface Cost {
  readonly ways: number;
  readonly power: number;
}

interface Group {
  alternatives: number;
  /** It can be gone through in several ways. */
  hasChoice: boolean;
}

/** undefined: back references, and groups that are repeated and have choices in them. */
function costOf(pattern: string): Cost | undefined {
  let [ways, power] = [1, 0];
  const groups: Group[] = [{ alternatives: 1, hasChoice: false }];
  for (let at = 0; at < pattern.length; at++) {
    const char = pattern[at];
    let closed: Group | undefined;
    if (char === "\\") {
      if (/[1-9k]/.test(pattern[++at] ?? "")) return undefined;
    } else if (char === "[") at = endOfClass(pattern, at);
    else if (char === "(") {
      groups.push({ alternatives: 1, hasChoice: false });
      if (pattern[at + 1] === "?") at++;
      continue;
    } else if (char === "|") {
      groups.at(-1)!.alternatives++;
      continue;
    } else if (char === ")") {
      closed = groups.pop();
      if (closed === undefined || groups.length === 0) return undefined;
      ways *= closed.alternatives;
    }
    const isChoice = closed !== undefined && (closed.hasChoice || closed.alternatives > 1);
    const [quantifier, from, to] = QUANTIFIER.exec(pattern.slice(at + 1)) ?? [];
    if (quantifier !== undefined) {
      if (isChoice || Number(from ?? 0) > MAX_REPEATS) return undefined;
      if (from === undefined || to !== undefined) power++;
      at += quantifier.length;
      if (pattern[at + 1] === "?") at++;
    } else if (pattern[at + 1] === "?") {
      ways *= 2;
      at += pattern[at + 2] === "?" ? 2 : 1;
    } else if (!isChoice) continue;
    groups.at(-1)!.hasChoice = true;
  }
  const [whole] = groups;
  const isAnchored = pattern.startsWith("^") && whole!.alternatives === 1;
  return { ways: ways * whole!.alternatives, power: power + (isAnchored ? 0 : 1) };
}

function endOfClass(pattern: string, start: number): number {
  for (let at = start + 1; at < pattern.length; at++) {
    if (pattern[at] === "\\") at++;
    else if (pattern[at] === "]") return at;
  }
  return pattern.length;
}

function compiled(pattern: string, flags: string): RegExp | undefined {
  try {
    return new RegExp(pattern, flags);
  } catch {
    return undefined;
  }
}
