// Which files a source reads: one file, a directory with all below it, or a pattern ("logs/*.csv.gz", "in/**/part-?.{csv,txt}").
// In patterns "*" and "?" stay within a name, "**" is any number of directories, "{a,b}" either text. Names that begin with "." or "_" are
// not read unless the pattern spells that out: sinks keep unfinished files under such names. Matching takes linear space and at most
// pattern × name steps.

export interface PathPattern {
  /** The directory under which everything lies. */
  readonly root: string;
  /** Alternatives, each a list of name patterns below the root; undefined: the path is a file or a directory. */
  readonly alternatives: readonly (readonly string[])[] | undefined;
}

const MAX_ALTERNATIVES = 256;
const MAGIC = /[*?{]/;

/** Throws RangeError for a pattern with too many alternatives. */
export function parsePathPattern(path: string): PathPattern {
  if (!MAGIC.test(path)) return { root: path, alternatives: undefined };
  const names = path.split("/");
  const firstMagic = names.findIndex((name) => MAGIC.test(name));
  const root = names.slice(0, firstMagic).join("/");
  const alternatives = expandBraces(names.slice(firstMagic).join("/")).map((text) =>
    text.split("/").filter((name) => name !== "" && name !== "."),
  );
  return { root: root === "" ? (path.startsWith("/") ? "/" : ".") : root, alternatives };
}

/** `names`: of a file below the root. */
export function matchesPattern(pattern: PathPattern, names: readonly string[]): boolean {
  if (pattern.alternatives === undefined) return names.every((name) => !isHidden(name));
  return pattern.alternatives.some((wanted) => matchesNames(wanted, names));
}

/** Whether something below this directory may match. */
export function mayDescend(pattern: PathPattern, names: readonly string[]): boolean {
  if (pattern.alternatives === undefined) return !isHidden(names.at(-1) ?? "");
  return pattern.alternatives.some((wanted) => {
    for (let index = 0; index < names.length; index++) {
      if (wanted[index] === "**") return !names.slice(index).some(isHidden);
      if (wanted[index] === undefined || !matchesName(wanted[index]!, names[index]!)) return false;
    }
    return wanted.length > names.length;
  });
}

function expandBraces(text: string): string[] {
  const close = text.indexOf("}");
  const open = close < 0 ? -1 : text.lastIndexOf("{", close);
  if (open < 0) return [text];
  const choices = text.slice(open + 1, close).split(",");
  const expanded = choices.flatMap((choice) => expandBraces(text.slice(0, open) + choice + text.slice(close + 1)));
  if (expanded.length > MAX_ALTERNATIVES) throw new RangeError(`A path pattern has more than ${MAX_ALTERNATIVES} alternatives.`);
  return expanded;
}

/** "**" takes any number of visible names: remembered like the "*" of a name. */
function matchesNames(wanted: readonly string[], names: readonly string[]): boolean {
  return matches(
    wanted.length,
    names.length,
    (at) => wanted[at] === "**",
    (at, name) => matchesName(wanted[at]!, names[name]!),
    (name) => !isHidden(names[name]!),
  );
}

function matchesName(wanted: string, name: string): boolean {
  if (isHidden(name) && wanted[0] !== name[0]) return false;
  return matches(
    wanted.length,
    name.length,
    (at) => wanted[at] === "*",
    (at, index) => wanted[at] === "?" || wanted[at] === name[index],
    () => true,
  );
}

/** Greedy matching with one step back, to the last star. */
function matches(
  length: number,
  size: number,
  isStar: (at: number) => boolean,
  isEqual: (at: number, index: number) => boolean,
  mayTake: (index: number) => boolean,
): boolean {
  let at = 0;
  let index = 0;
  let star = -1;
  let taken = 0;
  while (index < size) {
    if (at < length && isStar(at)) {
      star = at++;
      taken = index;
    } else if (at < length && isEqual(at, index)) {
      at++;
      index++;
    } else if (star >= 0 && mayTake(taken)) {
      at = star + 1;
      index = ++taken;
    } else return false;
  }
  while (at < length && isStar(at)) at++;
  return at === length;
}

function isHidden(name: string): boolean {
  return name.startsWith(".") || name.startsWith("_");
}
