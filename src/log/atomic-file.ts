// Replaces a small file as a whole: written aside, flushed, renamed over the old one, directory flushed. After a crash either the old
// or the new content is there, and once it resolves the new one is.
import { isPlanted } from "../env/planted-faults.ts";
import type { Files } from "../env/files.ts";
import { TEMPORARY_SUFFIX } from "./segment-files.ts";

export async function writeFileAtomically(files: Files, directory: string, name: string, bytes: Uint8Array): Promise<void> {
  const path = `${directory}/${name}`;
  const temporary = path + TEMPORARY_SUFFIX;
  const handle = await files.open(temporary, "w+");
  try {
    await handle.write([bytes], 0);
    await handle.datasync();
  } finally {
    await handle.close();
  }
  await files.rename(temporary, path);
  if (!isPlanted("no-directory-sync")) await files.syncDirectory(directory);
}
