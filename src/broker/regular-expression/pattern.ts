// A regular expression that matches whole strings in time proportional to string × pattern, whatever both are: all states of the
// automaton are followed at once (Thompson 1968), nothing is ever tried again.
import { isWord, type CharacterSet } from "./character-set.ts";
import { parsePattern, PatternError, type Node } from "./syntax.ts";

type Assertion = Extract<Node, { kind: "assert" }>["at"];

type Step =
  | { readonly kind: "set"; readonly set: CharacterSet }
  | { readonly kind: "fork"; first: number; second: number }
  | { readonly kind: "assert"; readonly at: Assertion }
  | { readonly kind: "match" };

/** Nested repetitions multiply: beyond this the pattern is refused instead of filling memory. */
const MAX_STEPS = 20_000;

export class Pattern {
  readonly source: string;
  readonly #steps: Step[] = [];

  /** Throws a PatternError. */
  constructor(source: string) {
    this.source = source;
    this.#compile(parsePattern(source));
    this.#add({ kind: "match" });
  }

  /** Whether the whole text matches. */
  matches(text: string): boolean {
    const codes = [...text].map((character) => character.codePointAt(0)!);
    let states = this.#closure([0], codes, 0);
    for (let at = 0; at < codes.length && states.length > 0; at++) {
      const next: number[] = [];
      for (const state of states) {
        const step = this.#steps[state]!;
        if (step.kind === "set" && step.set(codes[at]!)) next.push(state + 1);
      }
      states = this.#closure(next, codes, at + 1);
    }
    return states.some((state) => this.#steps[state]!.kind === "match");
  }

  /** Every state that is reached without reading a character; each once. */
  #closure(from: readonly number[], codes: readonly number[], at: number): number[] {
    const seen = new Set<number>();
    const reached: number[] = [];
    const open = [...from];
    while (open.length > 0) {
      const state = open.pop()!;
      if (seen.has(state)) continue;
      seen.add(state);
      const step = this.#steps[state]!;
      if (step.kind === "fork") open.push(step.second, step.first);
      else if (step.kind === "assert") {
        if (holds(step.at, codes, at)) open.push(state + 1);
      } else reached.push(state);
    }
    return reached;
  }

  #add(step: Step): number {
    if (this.#steps.length >= MAX_STEPS)
      throw new PatternError(`The pattern "${this.source}" is too large when its repetitions are written out.`);
    return this.#steps.push(step) - 1;
  }

  #compile(node: Node): void {
    switch (node.kind) {
      case "set":
      case "assert":
        this.#add(node);
        break;
      case "sequence":
        for (const item of node.items) this.#compile(item);
        break;
      case "choice":
        this.#choice(node.items);
        break;
      case "repeat":
        this.#repeat(node);
        break;
    }
  }

  #choice(items: readonly Node[]): void {
    const ends: Extract<Step, { kind: "fork" }>[] = [];
    items.forEach((item, i) => {
      const fork = i < items.length - 1 ? this.#fork() : undefined;
      this.#compile(item);
      if (fork === undefined) return;
      ends.push(this.#fork());
      fork.second = this.#steps.length;
    });
    for (const end of ends) end.first = end.second = this.#steps.length;
  }

  #repeat({ item, min, max }: Extract<Node, { kind: "repeat" }>): void {
    for (let i = 0; i < min; i++) this.#compile(item);
    if (max === Infinity) {
      const loop = this.#steps.length;
      const fork = this.#fork();
      this.#compile(item);
      this.#add({ kind: "fork", first: loop, second: loop });
      fork.second = this.#steps.length;
      return;
    }
    const skips = [];
    for (let i = min; i < max; i++) {
      skips.push(this.#fork());
      this.#compile(item);
    }
    for (const skip of skips) skip.second = this.#steps.length;
  }

  /** Goes on with the next step, and with another that is filled in later. */
  #fork(): Extract<Step, { kind: "fork" }> {
    const fork = { kind: "fork" as const, first: this.#steps.length + 1, second: -1 };
    this.#add(fork);
    return fork;
  }
}

const LINE_FEED = 10;

function holds(what: Assertion, codes: readonly number[], at: number): boolean {
  switch (what) {
    case "start":
      return at === 0;
    case "end":
      return at === codes.length;
    case "line-start":
      return at === 0 || codes[at - 1] === LINE_FEED;
    case "line-end":
      return at === codes.length || codes[at] === LINE_FEED;
    default: {
      const before = at > 0 && isWord(codes[at - 1]!);
      const after = at < codes.length && isWord(codes[at]!);
      return (before !== after) === (what === "word");
    }
  }
}
