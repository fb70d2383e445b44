// Replaces a small file as a whole: written aside, flushed, renamed over the old one, directory flushed. After a crash either the old
// or the new content is there, and once it resolves the new one is. Where it rejects for want of room, the old one is: a directory that
// cannot be flushed is EIO whatever the system calls it, for nobody knows which of the two a power cut would leave.
import { buggifyPause } from "../env/fault-points.ts";
import { isPlanted } from "../env/planted-faults.ts";
import type { Files } from "../env/files.ts";
import { messageOf } from "./log-error.ts";
import { TEMPORARY_SUFFIX } from "./segment-files.ts";

/** Of the usual file systems, in bytes. */
export const MAX_FILE_NAME_LENGTH = 255;

/** `name`: two that are replaced at the same time differ in what the temporary name keeps of them, all but their last four characters. */
export async function writeFileAtomically(files: Files, directory: string, name: string, bytes: Uint8Array): Promise<void> {
  const path = `${directory}/${name}`;
  const temporary = `${directory}/${name.slice(0, MAX_FILE_NAME_LENGTH - TEMPORARY_SUFFIX.length)}${TEMPORARY_SUFFIX}`;
  const handle = await files.open(temporary, "w+");
  try {
    await handle.write([bytes], 0);
    await handle.datasync();
  } finally {
    await handle.close();
  }
  const pause = buggifyPause("atomic-file-late");
  if (pause !== undefined) await pause;
  await files.rename(temporary, path);
  if (isPlanted("no-directory-sync")) return;
  try {
    await files.syncDirectory(directory);
  } catch (error) {
    throw Object.assign(new Error(`EIO: ${path} was replaced, but ${messageOf(error)}`, { cause: error }), { code: "EIO" });
  }
}
