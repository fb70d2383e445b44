// Text for lines: in TSV a line is a row, and on a terminal somebody else's bytes must not move the cursor or change colours.

const NAMED: Readonly<Record<string, string>> = { "\t": "\\t", "\n": "\\n", "\r": "\\r", "\\": "\\\\" };

/** Reversible: \t, \n, \r and \\. */
export function escapeText(text: string): string {
  return /[\t\n\r\\]/.test(text) ? text.replace(/[\t\n\r\\]/g, (character) => NAMED[character]!) : text;
}

/** Control characters as \xNN (and direction marks, which reorder what follows); tabs and line breaks by name. For eyes. */
export function visibleText(text: string): string {
  // eslint-disable-next-line no-control-regex
  return text.replace(/[\u0000-\u001F\u007F-\u009F\u202A-\u202E\u2066-\u2069]/g, (character) => {
    const code = character.codePointAt(0)!;
    return character === "\\"
      ? character
      : (NAMED[character] ?? (code < 256 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u${code.toString(16)}`));
  });
}
