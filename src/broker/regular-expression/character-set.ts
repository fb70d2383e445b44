// Sets of characters by code point, and the ones that patterns know by name. As in RE2, \d, \w and \s are ASCII.

export type CharacterSet = (codePoint: number) => boolean;

export function negated(set: CharacterSet): CharacterSet {
  return (c) => !set(c);
}

const between = (from: string, to: string): CharacterSet => {
  const [low, high] = [from.charCodeAt(0), to.charCodeAt(0)];
  return (c) => c >= low && c <= high;
};
const anyOf = (...sets: CharacterSet[]): CharacterSet => (c) => sets.some((set) => set(c)); // prettier-ignore
const oneOf = (characters: string): CharacterSet => {
  const codes = new Set([...characters].map((character) => character.charCodeAt(0)));
  return (c) => codes.has(c);
};

const digit = between("0", "9");
const lower = between("a", "z");
const upper = between("A", "Z");
const alpha = anyOf(lower, upper);
const alnum = anyOf(alpha, digit);
const graph = between("!", "~");
export const isWord: CharacterSet = anyOf(alnum, oneOf("_"));
const perlSpace = oneOf("\t\n\f\r ");

export const NAMED_CLASSES: Readonly<Record<string, CharacterSet | undefined>> = {
  alnum,
  alpha,
  ascii: (c) => c < 128,
  blank: oneOf("\t "),
  cntrl: (c) => c < 32 || c === 127,
  digit,
  graph,
  lower,
  print: between(" ", "~"),
  punct: (c) => graph(c) && !alnum(c),
  space: oneOf("\t\n\v\f\r "),
  upper,
  word: isWord,
  xdigit: anyOf(digit, between("a", "f"), between("A", "F")),
};

/** The set that `\` and this letter stand for; undefined if it is none. */
export function classEscape(letter: string): CharacterSet | undefined {
  switch (letter) {
    case "d":
      return digit;
    case "D":
      return negated(digit);
    case "w":
      return isWord;
    case "W":
      return negated(isWord);
    case "s":
      return perlSpace;
    case "S":
      return negated(perlSpace);
    default:
      return undefined;
  }
}
