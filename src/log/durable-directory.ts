// Makes a directory that survives a power cut: every new entry on the way is flushed in its parent.
import { isPlanted } from "../env/planted-faults.ts";
import type { Files } from "../env/files.ts";

export async function makeDirectoryDurably(files: Files, path: string): Promise<void> {
  const parent = parentOf(path);
  const exists = (await files.stat(path)) !== undefined;
  if (!exists) {
    if (parent !== path && (await files.stat(parent)) === undefined) await makeDirectoryDurably(files, parent);
    await files.makeDirectory(path);
  }
  // Also if it was there: an earlier process may have died before its flush.
  if (parent !== path && !isPlanted("no-directory-sync")) await files.syncDirectory(parent);
}

function parentOf(path: string): string {
  const slash = path.replace(/\/+$/, "").lastIndexOf("/");
  if (slash < 0) return ".";
  return slash === 0 ? "/" : path.slice(0, slash);
}
