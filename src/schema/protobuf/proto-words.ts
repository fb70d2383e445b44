// The words, texts and signs of a .proto text, one after the other; comments and spaces lie between them.
import { SchemaParseError } from "../incompatibility.ts";

const SPACE = /\s*/y;
const WORD = /(?:[\w.]|-)(?:[\w.-]|(?<=\d[eE])\+(?=\d))*/y;
const STRING = /"((?:\\[^]|[^"\\\n])*)"|'((?:\\[^]|[^'\\\n])*)'/y;
const ESCAPE = /\\(?:[xX]([0-9a-fA-F]{1,2})|([0-7]{1,3})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([^]))/g;
const ESCAPED: Readonly<Record<string, string>> = { a: "\x07", b: "\b", f: "\f", n: "\n", r: "\r", t: "\t", v: "\v" };

export class ProtoWords {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
    this.#skip();
  }

  get ended(): boolean {
    return this.#at >= this.#text.length;
  }

  isAt(sign: string): boolean {
    return this.#text.startsWith(sign, this.#at);
  }

  isAtString(): boolean {
    return this.isAt('"') || this.isAt("'");
  }

  take(sign: string): boolean {
    if (!this.isAt(sign)) return false;
    this.#at += sign.length;
    this.#skip();
    return true;
  }

  need(sign: string): void {
    if (!this.take(sign)) throw this.unexpected(`what is not ${sign}`);
  }

  takeWord(word: string): boolean {
    const before = this.#at;
    WORD.lastIndex = this.#at;
    const match = WORD.exec(this.#text);
    if (match?.[0] !== word) return false;
    this.#at = before + word.length;
    this.#skip();
    return true;
  }

  word(): string {
    WORD.lastIndex = this.#at;
    const match = WORD.exec(this.#text);
    if (match === null) throw this.unexpected("what is no word");
    this.#at = WORD.lastIndex;
    this.#skip();
    return match[0];
  }

  /** Up to the bracket that ends it: an extension's name or a type's address. */
  bracketed(): string {
    const end = this.#text.indexOf("]", this.#at);
    if (end < 0) throw this.unexpected("a bracket without an end");
    const name = this.#text.slice(this.#at, end).trim();
    this.#at = end;
    return name;
  }

  /** Texts that stand side by side are one. */
  string(): string {
    let text = "";
    do {
      STRING.lastIndex = this.#at;
      const match = STRING.exec(this.#text);
      if (match === null) throw this.unexpected("what is no text in quotes");
      this.#at = STRING.lastIndex;
      this.#skip();
      text += unescaped(match[1] ?? match[2]!);
    } while (this.isAtString());
    return text;
  }

  integer(): number {
    const word = this.word();
    const number = this.numberOf(word);
    if (number === undefined) throw this.unexpected(word);
    return number;
  }

  /** undefined: it is no whole number. */
  numberOf(word: string): number | undefined {
    const [, sign, digits] = /^(-?)(0[xX][0-9a-fA-F]+|\d+)$/.exec(word) ?? [];
    if (digits === undefined) return undefined;
    const isOctal = /^0[0-7]+$/.test(digits);
    const number = isOctal ? Number.parseInt(digits, 8) : Number(digits);
    return sign === "-" && number !== 0 ? -number : number;
  }

  unexpected(what: string): SchemaParseError {
    const line = this.#text.slice(0, this.#at).split("\n").length;
    return new SchemaParseError(`The .proto text cannot be read: ${what.length > 60 ? `${what.slice(0, 60)}…` : what} in line ${line}.`);
  }

  #skip(): void {
    for (;;) {
      SPACE.lastIndex = this.#at;
      SPACE.exec(this.#text);
      this.#at = SPACE.lastIndex;
      const end = this.isAt("//") ? "\n" : this.isAt("/*") ? "*/" : undefined;
      if (end === undefined) return;
      const at = this.#text.indexOf(end, this.#at + 2);
      if (at < 0 && end === "*/") throw this.unexpected("a comment without an end");
      this.#at = at < 0 ? this.#text.length : at + end.length;
    }
  }
}

function unescaped(text: string): string {
  if (!text.includes("\\")) return text;
  return text.replace(ESCAPE, (_, hex?: string, octal?: string, short?: string, long?: string, other?: string) => {
    if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8));
    const code = hex ?? short ?? long;
    return code === undefined ? (ESCAPED[other!] ?? other!) : String.fromCodePoint(Math.min(Number.parseInt(code, 16), 0x10ffff));
  });
}
