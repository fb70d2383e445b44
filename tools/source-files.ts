// Finds and reads the tree's source files for the tools; removes comments and strings so that rules look at code only.
import { readdirSync, readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("..", import.meta.url));
const SKIPPED = new Set(["node_modules", "dist", ".git", "fixtures", ".millrace"]);

/** Paths relative to the root with forward slashes, sorted. */
export function sourceFiles(folders: readonly string[], suffix = ".ts"): string[] {
  const found: string[] = [];
  const walk = (folder: string): void => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      if (SKIPPED.has(entry.name)) continue;
      const path = join(folder, entry.name);
      if (entry.isDirectory()) walk(path);
      else if (entry.name.endsWith(suffix)) found.push(relative(ROOT, path).split(sep).join("/"));
    }
  };
  for (const folder of folders) {
    try {
      walk(join(ROOT, folder));
    } catch (error) {
      if ((error as { code?: string }).code !== "ENOENT") throw error;
    }
  }
  return found.toSorted();
}

export function readSource(path: string): string {
  return readFileSync(join(ROOT, path), "utf8");
}

const TOKENS =
  /\/\*[\s\S]*?\*\/|\/\/[^\n]*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\[\s\S]|\$\{(?:[^{}`]|`[^`]*`|\{[^{}]*\})*\}|[^`\\])*`/g;

/** Comments become spaces, string contents become empty; line numbers stay. */
export function codeOnly(text: string): string {
  return text.replace(TOKENS, (token) => {
    const lines = token.replace(/[^\n]/g, "");
    return token.startsWith("/") ? ` ${lines}` : `""${lines}`;
  });
}

export interface Import {
  readonly line: number;
  readonly specifier: string;
}

const IMPORTS = /(?:^|\n)\s*(?:import|export)\b(?:[^"';]*?\bfrom)?\s*["']([^"']+)["']|\bimport\s*\(\s*["']([^"']+)["']\s*\)/g;

/** Static and dynamic imports and re-exports with literal specifiers. */
export function importsOf(text: string): Import[] {
  const plain = text.replace(/\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/[^\n]*/g, (comment) => comment.replace(/[^\n]/g, " "));
  return [...plain.matchAll(IMPORTS)].map((match) => ({
    line: plain.slice(0, match.index).split("\n").length + (match[0].startsWith("\n") ? 1 : 0),
    specifier: (match[1] ?? match[2])!,
  }));
}
