// The files that a pattern means now, in order of their names. Symbolic links are followed as the file system does.
import type { Files } from "../../env/files.ts";
import { matchesPattern, mayDescend, type PathPattern } from "./path-pattern.ts";

export interface FoundFile {
  /** Below the pattern's root; for a single file its own name. Unique. */
  readonly id: string;
  readonly path: string;
  readonly size: number;
}

/** Far beyond what a position per file in every checkpoint is good for. */
const MAX_FILES = 100_000;
const MAX_DEPTH = 64;

/** Empty if there is nothing at the root. Rejects when there are more than MAX_FILES. */
export async function findFiles(files: Files, pattern: PathPattern): Promise<readonly FoundFile[]> {
  const root = await files.stat(pattern.root);
  if (root === undefined) return [];
  if (root.kind === "file") {
    if (pattern.alternatives !== undefined) return [];
    return [{ id: baseName(pattern.root), path: pattern.root, size: root.size }];
  }
  const found: FoundFile[] = [];
  await visit(files, pattern, [], found);
  return found;
}

export function pathOf(pattern: PathPattern, id: string, rootIsFile: boolean): string {
  return rootIsFile ? pattern.root : joined(pattern.root, id);
}

async function visit(files: Files, pattern: PathPattern, names: readonly string[], found: FoundFile[]): Promise<void> {
  const directory = names.length === 0 ? pattern.root : joined(pattern.root, names.join("/"));
  for (const name of await files.list(directory)) {
    const below = [...names, name];
    const id = below.join("/");
    const path = joined(pattern.root, id);
    const isFile = matchesPattern(pattern, below);
    if (!isFile && !mayDescend(pattern, below)) continue;
    const stat = await files.stat(path); // undefined: removed meanwhile
    if (stat?.kind === "file" && isFile) found.push({ id, path, size: stat.size });
    else if (stat?.kind === "directory" && below.length < MAX_DEPTH && mayDescend(pattern, below))
      await visit(files, pattern, below, found);
    if (found.length > MAX_FILES) throw new RangeError(`More than ${MAX_FILES} files below ${pattern.root}: read parts of them.`);
  }
}

function joined(directory: string, name: string): string {
  return directory === "." ? name : directory.endsWith("/") ? directory + name : `${directory}/${name}`;
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
