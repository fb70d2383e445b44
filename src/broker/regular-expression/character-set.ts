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

/** The set that `\` and this small letter stand for; undefined if it is none. */
export function classEscape(letter: string): CharacterSet | undefined {
  switch (letter) {
    case "d":
      return digit;
    case "w":
      return isWord;
    case "s":
      return perlSpace;
    default:
      return undefined;
  }
}

const CATEGORY = /^(L[ulmot]?|M[nce]?|N[dlo]?|P[cdseifo]?|S[mcko]?|Z[slp]?|C[cfso])$/;
/** Unlike V8's own \p{C}, without what is not assigned. */
const OTHER = anyOf(...["Cc", "Cf", "Co", "Cs"].map((name) => matching(`\\p{${name}}`)));

/** A general category ("L", "Lu") or a script ("Greek") of Unicode; undefined if there is none of this name. */
export function unicodeClass(name: string): CharacterSet | undefined {
  if (name === "Any") return () => true;
  if (name === "C") return OTHER;
  if (CATEGORY.test(name)) return matching(`\\p{${name}}`);
  // V8 knows scripts by four letters of a standard, too; these are names of four or less.
  if (name.length <= 4 && !/^(Ahom|Cham|Han|Lao|Lisu|Modi|Mro|Newa|Nko|Thai|Vai|Yi)$/.test(name)) return undefined;
  try {
    return matching(`\\p{Script=${name}}`);
  } catch {
    return undefined;
  }
}

function matching(source: string): CharacterSet {
  const pattern = new RegExp(`^${source}$`, "u");
  return (c) => pattern.test(String.fromCodePoint(c));
}

/** The set and what differs from it in case only. */
export function folded(set: CharacterSet): CharacterSet {
  return (c) => set(c) || alike(c).some(set);
}

/** Simple case folding maps these two to the letters s and k. */
const LONG_S = 0x17f;
const KELVIN = 0x212a;
const DOTLESS_I = 0x131;
/** Behind the last letter that has another case. */
const CASES_END = 0x1e944;

/** Characters that differ from this one in case only. A topic's name is ASCII, so the table of the others is made when it is needed. */
function alike(c: number): readonly number[] {
  if (c >= 128) return (orbits ??= caseOrbits()).get(c) ?? [];
  if (!alpha(c)) return [];
  const third = (c | 32) === 115 ? [LONG_S] : (c | 32) === 107 ? [KELVIN] : [];
  return [c ^ 32, ...third];
}

let orbits: ReadonlyMap<number, readonly number[]> | undefined;

function caseOrbits(): Map<number, readonly number[]> {
  const byFolding = new Map<string, number[]>();
  const all = new Map<number, readonly number[]>();
  for (let c = 0; c < CASES_END; c++) {
    const character = String.fromCodePoint(c);
    const upper = single(character.toUpperCase()) ?? character;
    const folding = c === DOTLESS_I ? character : (single(upper.toLowerCase()) ?? character);
    const orbit = byFolding.get(folding);
    if (orbit === undefined) byFolding.set(folding, [c]);
    else orbit.push(c);
  }
  for (const orbit of byFolding.values()) if (orbit.length > 1) for (const c of orbit) all.set(c, orbit);
  return all;
}

/** "ß" in capitals is two letters: no folding of one character. */
function single(text: string): string | undefined {
  return text.length === String.fromCodePoint(text.codePointAt(0)!).length ? text : undefined;
}
