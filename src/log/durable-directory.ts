// Makes a directory that survives a power cut: every entry on the way is flushed in its parent, also those that are there already, since
// an earlier process may have made them and died before its flush.
import { isPlanted } from "../env/planted-faults.ts";
import type { Files } from "../env/files.ts";
import { codeOf } from "./log-error.ts";

/** Directories above the data directory may not be ours to flush. */
const NOT_OURS: ReadonlySet<string> = new Set(["EACCES", "EPERM", "EROFS"]);

export async function makeDirectoryDurably(files: Files, path: string): Promise<void> {
  await files.makeDirectory(path);
  if (isPlanted("no-directory-sync")) return;
  for (let at = path; parentOf(at) !== at; at = parentOf(at)) {
    try {
      await files.syncDirectory(parentOf(at));
    } catch (error) {
      if (!NOT_OURS.has(codeOf(error))) throw error;
      return;
    }
  }
}

function parentOf(path: string): string {
  const slash = path.replace(/\/+$/, "").lastIndexOf("/");
  if (slash < 0) return ".";
  return slash === 0 ? "/" : path.slice(0, slash);
}
