// Options that do not exist, and that JavaScript passes over without a word: refused in one sentence that says what was probably meant.
import { nearest } from "../../stream/nearest.ts";

/** undefined: all of them are known. */
export function unknownOption(options: unknown, known: readonly string[], what = "option"): string | undefined {
  if (typeof options !== "object" || options === null || Array.isArray(options))
    return `the ${what}s are an object, not ${JSON.stringify(options) ?? String(options)}`;
  const other = Object.keys(options).find((name) => !known.includes(name));
  if (other === undefined) return undefined;
  const meant = nearest(other, known);
  return `there is no ${what} "${other}"${meant === undefined ? `; there are ${known.join(", ")}` : `: did you mean "${meant}"?`}`;
}
