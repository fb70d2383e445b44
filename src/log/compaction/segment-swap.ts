// Puts a compacted segment in the place of the segments it was made of, all or nothing whatever a crash leaves behind.
// First the new files stand aside (.cleaned), flushed; then a small file says what they replace (.swap, written atomically): from that moment
// the compaction counts, and whoever finds the file finishes what it says; then the renames, the removals, and the file goes.
import { crc32c } from "../../bytes/crc32c.ts";
import type { Files } from "../../env/files.ts";
import { writeFileAtomically } from "../atomic-file.ts";
import { logError } from "../log-error.ts";
import {
  ABORTED_INDEX_SUFFIX,
  CLEANED_SUFFIX,
  LOG_SUFFIX,
  OFFSET_INDEX_SUFFIX,
  offsetFileName,
  offsetOfFileName,
  SWAP_SUFFIX,
  TIME_INDEX_SUFFIX,
} from "../segment-files.ts";

/** `bases[0]` is the first offset of the new segment and of the first one it replaces; the others' files go. */
export interface SegmentSwap {
  readonly bases: readonly number[];
}

const SUFFIXES = [OFFSET_INDEX_SUFFIX, TIME_INDEX_SUFFIX, ABORTED_INDEX_SUFFIX, LOG_SUFFIX];
const encoder = new TextEncoder();
const decoder = new TextDecoder();

export function encodeSwap(swap: SegmentSwap): Uint8Array {
  const body = JSON.stringify({ version: 1, bases: swap.bases });
  return encoder.encode(`${body}\n${crc32c(encoder.encode(body))}\n`);
}

/** undefined if the bytes are no swap file. */
export function decodeSwap(bytes: Uint8Array): SegmentSwap | undefined {
  const [body, crc] = decoder.decode(bytes).split("\n");
  if (body === undefined || crc !== String(crc32c(encoder.encode(body)))) return undefined;
  const { bases } = JSON.parse(body) as SegmentSwap;
  return { bases };
}

/** From here on the compaction counts. The .cleaned files must be flushed. */
export async function decideSwap(files: Files, directory: string, swap: SegmentSwap): Promise<void> {
  await files.syncDirectory(directory);
  await writeFileAtomically(files, directory, offsetFileName(swap.bases[0]!, SWAP_SUFFIX), encodeSwap(swap));
}

/** The new files take their names; the old ones of the same names are gone. May be repeated. */
export async function renameCleaned(files: Files, directory: string, swap: SegmentSwap): Promise<void> {
  for (const suffix of SUFFIXES) {
    const path = `${directory}/${offsetFileName(swap.bases[0]!, suffix)}`;
    if ((await files.stat(path + CLEANED_SUFFIX)) !== undefined) await files.rename(path + CLEANED_SUFFIX, path);
  }
}

/** Removes what was replaced, and then the word that it is to be. May be repeated. */
export async function finishSwap(files: Files, directory: string, swap: SegmentSwap): Promise<void> {
  for (const base of swap.bases.slice(1)) {
    for (const suffix of SUFFIXES) {
      const path = `${directory}/${offsetFileName(base, suffix)}`;
      if ((await files.stat(path)) !== undefined) await files.remove(path);
    }
  }
  await files.syncDirectory(directory);
  await files.remove(`${directory}/${offsetFileName(swap.bases[0]!, SWAP_SUFFIX)}`);
  // Were this lost, a later compaction's files could be taken for this one's.
  await files.syncDirectory(directory);
}

export async function removeCleaned(files: Files, directory: string): Promise<void> {
  for (const name of await files.list(directory)) if (name.endsWith(CLEANED_SUFFIX)) await files.remove(`${directory}/${name}`);
}

/** After a crash: finishes a swap that was decided, undoes one that was not. Before anything else looks at the segments. */
export async function recoverSwap(files: Files, directory: string, names: readonly string[]): Promise<void> {
  const swaps = names.filter((name) => offsetOfFileName(name, SWAP_SUFFIX) >= 0);
  for (const name of swaps) {
    const swap = decodeSwap(await files.readFile(`${directory}/${name}`));
    // Written atomically: a damaged one can only be damage of the disk, and nothing tells what was decided.
    if (swap === undefined) {
      const message = `${directory}/${name} cannot be read: whether the compaction it belongs to was finished is unknown. Restore the file.`;
      throw logError("KAFKA_STORAGE_ERROR", message);
    }
    await renameCleaned(files, directory, swap);
    await finishSwap(files, directory, swap);
  }
  if (names.some((name) => name.endsWith(CLEANED_SUFFIX))) await removeCleaned(files, directory);
}
