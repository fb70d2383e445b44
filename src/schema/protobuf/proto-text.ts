// .proto text in one layout: comments gone, one statement a line, two blanks a level. Texts that differ in layout only come out equal.

const TOKEN = /\s+|\/\/[^\n]*|\/\*[\s\S]*?\*\/|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|\d[\w.]*(?:(?<=[eE])[+-]\d+)?|[\w.]+|\S/y;
const NO_SPACE_BEFORE = new Set([";", ",", ")", "]", ">", ":", "<"]);
const NO_SPACE_AFTER = new Set(["(", "[", "<", "-", "+"]);

export function protoLayout(text: string): string {
  const lines: Line[] = [];
  let depth = 0;
  let statement: string[] = [];
  let inline = 0;
  const end = (): void => {
    if (statement.length > 0) lines.push({ depth, text: join(statement), first: statement[0]! });
    statement = [];
  };
  for (const token of tokensOf(text)) {
    const isValue = inline > 0 || ["=", ":", "[", ","].includes(statement.at(-1) ?? "");
    if (token === "[" || (token === "{" && isValue)) inline++;
    else if (inline > 0 && (token === "]" || token === "}")) inline--;
    else if (inline === 0 && token === "{") {
      statement.push("{");
      end();
      depth++;
      continue;
    } else if (inline === 0 && token === "}") {
      end();
      depth--;
      lines.push({ depth, text: "}", first: "}" });
      continue;
    } else if (inline === 0 && token === ";") {
      if (statement.length > 0) statement.push(";");
      end();
      continue;
    }
    statement.push(token);
  }
  end();
  return print(lines);
}

interface Line {
  readonly depth: number;
  readonly text: string;
  readonly first: string;
}

/** Imports in order, everything else as it is laid out. */
export function normalizedProto(layout: string): string {
  const lines = layout.split("\n");
  const isImport = (line: string): boolean => /^import\b/.test(line);
  const imports = lines.filter(isImport).sort();
  return lines.map((line) => (isImport(line) ? imports.shift()! : line)).join("\n");
}

function* tokensOf(text: string): Generator<string> {
  TOKEN.lastIndex = 0;
  for (;;) {
    const at = TOKEN.lastIndex;
    const match = at < text.length ? TOKEN.exec(text) : null;
    if (match === null) return;
    const [token] = match;
    const next = TOKEN.lastIndex;
    if (!/^(\s|\/\/|\/\*)/.test(token)) yield token.startsWith("'") ? doubleQuoted(token) : token;
    TOKEN.lastIndex = next;
  }
}

function doubleQuoted(token: string): string {
  return `"${token.slice(1, -1).replaceAll("\\'", "'").replaceAll('"', '\\"')}"`;
}

function join(tokens: readonly string[]): string {
  let line = "";
  tokens.forEach((token, i) => {
    const before = tokens[i - 1];
    const glued =
      before === undefined ||
      NO_SPACE_BEFORE.has(token) ||
      NO_SPACE_AFTER.has(before) ||
      (before === ")" && token.startsWith(".")) ||
      (token === "(" && !["=", "returns", "option", ","].includes(before));
    line += glued ? token : ` ${token}`;
  });
  return line;
}

/** A blank line before imports, options and definitions at the top level. */
function print(lines: readonly Line[]): string {
  let text = "";
  let group = "";
  for (const { depth, text: line, first } of lines) {
    const here = depth > 0 || first === "}" ? group : ["syntax", "edition", "package"].includes(first) ? "head" : first;
    const isBlock = depth === 0 && line.endsWith("{");
    if (text !== "" && depth === 0 && first !== "}" && (here !== group || isBlock)) text += "\n";
    if (depth === 0 && first !== "}") group = here;
    text += `${"  ".repeat(Math.max(0, depth))}${line}\n`;
  }
  return text;
}
