// Regular expressions as clients of Kafka send them: the part of RE2's syntax that can be matched in linear time, read into a tree.
// Refused with a message: back references, look-around, possessive quantifiers (RE2 has none of them) and \C.
import { classEscape, folded, negated, NAMED_CLASSES, unicodeClass, type CharacterSet } from "./character-set.ts";

export type Node =
  | { readonly kind: "set"; readonly set: CharacterSet }
  | { readonly kind: "sequence"; readonly items: readonly Node[] }
  | { readonly kind: "choice"; readonly items: readonly Node[] }
  | { readonly kind: "repeat"; readonly item: Node; readonly min: number; readonly max: number }
  | { readonly kind: "assert"; readonly at: "start" | "end" | "line-start" | "line-end" | "word" | "no-word" };

/** The pattern is none, or needs what cannot be matched in linear time. The message says what and where. */
export class PatternError extends Error {
  override readonly name = "PatternError";
  readonly code = "INVALID_PATTERN";
}

/** What `(?i)` is read as. */
const FLAGS_SET: Node = { kind: "sequence", items: [] };
/** RE2's own limit. */
const MAX_REPEAT = 1000;
const MAX_DEPTH = 200;
const MAX_LENGTH = 10_000;
const ESCAPES: Readonly<Record<string, number>> = { a: 7, f: 12, t: 9, n: 10, r: 13, v: 11 };

interface Flags {
  readonly ignoreCase: boolean;
  readonly dotAll: boolean;
  readonly multiline: boolean;
}

export function parsePattern(pattern: string): Node {
  if (pattern.length > MAX_LENGTH)
    throw new PatternError(`The pattern has ${pattern.length} characters; at most ${MAX_LENGTH} are allowed.`);
  return new Parser(pattern).parse();
}

class Parser {
  readonly #text: string;
  #at = 0;
  #depth = 0;
  readonly #names = new Set<string>();
  #flags: Flags = { ignoreCase: false, dotAll: false, multiline: false };

  constructor(text: string) {
    this.#text = text;
  }

  parse(): Node {
    const node = this.#choice();
    if (this.#at < this.#text.length) this.#fail('unmatched ")"');
    return node;
  }

  #choice(): Node {
    if (++this.#depth > MAX_DEPTH) this.#fail(`groups are nested more than ${MAX_DEPTH} deep`);
    const items = [this.#sequence()];
    while (this.#take("|")) items.push(this.#sequence());
    this.#depth--;
    return items.length === 1 ? items[0]! : { kind: "choice", items };
  }

  #sequence(): Node {
    const items: Node[] = [];
    while (this.#at < this.#text.length && !this.#sees("|") && !this.#sees(")")) {
      if (this.#take("\\Q")) {
        const literals = this.#quoted();
        items.push(...literals.slice(0, -1), ...literals.slice(-1).map((last) => this.#repeated(last)));
      } else {
        const atom = this.#atom();
        // Flags are no atom: what is repeated behind them is the atom in front of them.
        const repeated = atom === FLAGS_SET ? items.pop() : atom;
        if (repeated === undefined && this.#quantifier() !== undefined) this.#fail("a quantifier that repeats nothing");
        if (repeated !== undefined) items.push(this.#repeated(repeated));
      }
    }
    return items.length === 1 ? items[0]! : { kind: "sequence", items };
  }

  #quoted(): Node[] {
    const end = this.#text.indexOf("\\E", this.#at);
    const text = this.#text.slice(this.#at, end < 0 ? undefined : end);
    this.#at = end < 0 ? this.#text.length : end + 2;
    return [...text].map((character) => this.#literal(character.codePointAt(0)!));
  }

  #repeated(atom: Node): Node {
    let node = atom;
    for (let times = 0; ; times++) {
      const range = this.#quantifier();
      if (range === undefined) return node;
      if (times > 0) this.#fail("a quantifier after a quantifier");
      this.#take("?"); // lazy or greedy: the same set of strings
      if (this.#sees("+")) this.#fail("possessive quantifiers are not known");
      node = { kind: "repeat", item: node, min: range[0], max: range[1] };
    }
  }

  #quantifier(): readonly [number, number] | undefined {
    if (this.#take("*")) return [0, Infinity];
    if (this.#take("+")) return [1, Infinity];
    if (this.#take("?")) return [0, 1];
    const match = /^\{(\d+)(,(\d*))?\}/.exec(this.#text.slice(this.#at, this.#at + 24));
    if (match === null) return undefined;
    this.#at += match[0].length;
    const min = Number(match[1]);
    const max = match[2] === undefined ? min : match[3] === "" ? Infinity : Number(match[3]);
    if (min > MAX_REPEAT || (max !== Infinity && max > MAX_REPEAT)) this.#fail(`repetitions end at ${MAX_REPEAT}`);
    if (max < min) this.#fail("a repetition whose end is before its start");
    return [min, max];
  }

  #atom(): Node {
    const character = this.#next();
    switch (character) {
      case "(":
        return this.#group();
      case "[":
        return { kind: "set", set: this.#class() };
      case ".":
        return { kind: "set", set: this.#flags.dotAll ? () => true : (c) => c !== 10 };
      case "^":
        return { kind: "assert", at: this.#flags.multiline ? "line-start" : "start" };
      case "$":
        return { kind: "assert", at: this.#flags.multiline ? "line-end" : "end" };
      case "\\":
        return this.#escape();
      case "*":
      case "+":
      case "?":
        return this.#fail(`"${character}" repeats nothing`);
      case "{":
        if (/^[*+?]/.test(this.#text.slice(this.#at))) this.#fail("a quantifier after what begins one");
        return this.#literal(character.codePointAt(0)!);
      default:
        return this.#literal(character.codePointAt(0)!);
    }
  }

  #group(): Node {
    const outer = this.#flags;
    if (this.#take("?")) {
      const name = /^P?<(\w+)>/.exec(this.#text.slice(this.#at, this.#at + 100));
      if (name !== null) {
        this.#at += name[0].length;
        if (this.#names.has(name[1]!)) this.#fail(`two groups are named ${name[1]}`);
        this.#names.add(name[1]!);
      } else if (this.#readFlags()) return FLAGS_SET;
    }
    const inner = this.#choice();
    if (!this.#take(")")) this.#fail('missing ")"');
    this.#flags = outer;
    return inner;
  }

  /** `(?i)` holds for the rest of the enclosing group (true), `(?i:` and `(?:` for a group of their own. */
  #readFlags(): boolean {
    const match = /^([imsU]*)(-[imsU]+)?([:)])/.exec(this.#text.slice(this.#at, this.#at + 20));
    if (match === null) return this.#fail("look-around and other (?…) groups are not served");
    this.#at += match[0].length;
    const [, on, off = "", end] = match;
    const flag = (letter: string, before: boolean): boolean => (on!.includes(letter) || before) && !off.includes(letter);
    const { ignoreCase, dotAll, multiline } = this.#flags;
    this.#flags = { ignoreCase: flag("i", ignoreCase), dotAll: flag("s", dotAll), multiline: flag("m", multiline) };
    return end === ")";
  }

  #escape(): Node {
    const character = this.#next();
    switch (character) {
      case "A":
        return { kind: "assert", at: "start" };
      case "z":
        return { kind: "assert", at: "end" };
      case "b":
        return { kind: "assert", at: "word" };
      case "B":
        return { kind: "assert", at: "no-word" };
      default:
        return { kind: "set", set: this.#escapedSet(character) ?? this.#cased(isCode(this.#codePoint(character))) };
    }
  }

  /** A class that `\` and this letter begin; undefined if they stand for one character. */
  #escapedSet(letter: string): CharacterSet | undefined {
    if (letter !== "p" && letter !== "P") {
      const set = classEscape(letter.toLowerCase());
      if (set === undefined) return undefined;
      return letter === letter.toLowerCase() ? this.#cased(set) : negated(this.#cased(set));
    }
    const match = /^(?:([A-Z])|\{(\^?)([A-Za-z_]+)\})/.exec(this.#text.slice(this.#at, this.#at + 60));
    if (match === null) return this.#fail(`\\${letter} needs a Unicode class, such as \\pL or \\p{Greek}`);
    const name = match[1] ?? match[3]!;
    const set = unicodeClass(name) ?? this.#fail(`there is no Unicode class "${name}"`);
    this.#at += match[0].length;
    const not = (letter === "P") !== (match[2] === "^");
    return not ? negated(this.#cased(set)) : this.#cased(set);
  }

  /** The character that `\` and `character` stand for. */
  #codePoint(character: string): number {
    const control = ESCAPES[character];
    if (control !== undefined) return control;
    if (character === "x") {
      const match = /^(?:\{([0-9A-Fa-f]{1,6})\}|([0-9A-Fa-f]{2}))/.exec(this.#text.slice(this.#at, this.#at + 8));
      const code = match === null ? Infinity : Number.parseInt(match[1] ?? match[2]!, 16);
      if (code > 0x10ffff) this.#fail("\\x needs two hexadecimal digits, or more in braces");
      this.#at += match![0].length;
      return code;
    }
    const octal = /^(?:[1-7][0-7]{1,2}|0[0-7]{0,2})/.exec(this.#text.slice(this.#at - 1, this.#at + 2));
    if (octal !== null) {
      this.#at += octal[0].length - 1;
      return Number.parseInt(octal[0], 8);
    }
    if (/[A-Za-z0-9]/.test(character)) return this.#fail(`the escape \\${character} is not served`);
    return character.codePointAt(0)!;
  }

  #class(): CharacterSet {
    const not = this.#take("^");
    const sets: CharacterSet[] = [];
    for (let first = true; first || !this.#sees("]"); first = false) {
      const named = /^\[:(\^?)([a-z]+):\]/.exec(this.#text.slice(this.#at, this.#at + 20));
      if (named !== null) {
        const set = NAMED_CLASSES[named[2]!] ?? this.#fail(`there is no class [:${named[2]}:]`);
        this.#at += named[0].length;
        sets.push(named[1] === "" ? this.#cased(set) : negated(this.#cased(set)));
        continue;
      }
      sets.push(this.#classItem());
    }
    this.#at++;
    const any: CharacterSet = (c) => sets.some((set) => set(c));
    return not ? negated(any) : any;
  }

  #classItem(): CharacterSet {
    const character = this.#next();
    if (character === "\\") {
      const escaped = this.#next();
      const set = this.#escapedSet(escaped);
      return set ?? this.#range(this.#codePoint(escaped));
    }
    return this.#range(character.codePointAt(0)!);
  }

  #range(from: number): CharacterSet {
    const isRange = this.#sees("-") && this.#text[this.#at + 1] !== "]" && this.#at + 1 < this.#text.length;
    if (!isRange) return this.#cased(isCode(from));
    this.#at++;
    const end = this.#next();
    const to = end === "\\" ? this.#codePoint(this.#next()) : end.codePointAt(0)!;
    if (to < from) this.#fail("a range whose end is before its start");
    return this.#cased((c) => c >= from && c <= to);
  }

  #literal(code: number): Node {
    return { kind: "set", set: this.#cased(isCode(code)) };
  }

  #cased(set: CharacterSet): CharacterSet {
    return this.#flags.ignoreCase ? folded(set) : set;
  }

  #next(): string {
    if (this.#at >= this.#text.length) this.#fail("it ends too early");
    const character = String.fromCodePoint(this.#text.codePointAt(this.#at)!);
    this.#at += character.length;
    return character;
  }

  #sees(text: string): boolean {
    return this.#text.startsWith(text, this.#at);
  }

  #take(text: string): boolean {
    if (!this.#sees(text)) return false;
    this.#at += text.length;
    return true;
  }

  #fail(why: string): never {
    throw new PatternError(`The pattern "${this.#text}" cannot be used: ${why} (near character ${this.#at}).`);
  }
}

function isCode(code: number): CharacterSet {
  return (c) => c === code;
}
