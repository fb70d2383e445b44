// A disk of the broker that lies about one partition of the log topic: its flushes answer well and do nothing. When the power goes, what may
// be lost is computed from what the platter holds at that moment and goes into the history; checkers/lost-by-lies.ts takes it from there.
import type { SimFiles } from "../../src/testing/simulation/sim-files.ts";
import type { Loss } from "../checkers/history.ts";
import { LOG_TOPIC } from "./world.ts";

/** No transactions are written to it while the disk may lie: a marker that is lost keeps a transaction open for ever. */
export const LYING_PARTITION = 2;
const LYING_FILE = new RegExp(`/${LOG_TOPIC}-${LYING_PARTITION}/[0-9]{20}[.]log$`);
const LIES = 0.7;
const HEAD_BYTES = 12;

export function beginToLie(disk: SimFiles): () => void {
  disk.liesAbout = (path) => LYING_FILE.test(path);
  disk.lyingSync = LIES;
  return () => (disk.lyingSync = 0);
}

/** What a power cut in this moment may take. */
export function lossAt(disk: SimFiles): Loss | undefined {
  const offsets = disk.brokenPromises().flatMap(({ path, from, bytes }) => {
    const offset = LYING_FILE.test(path) ? firstOffsetBehind(bytes, from) : undefined;
    return offset === undefined ? [] : [offset];
  });
  return offsets.length === 0 ? undefined : { kind: "loss", partition: LYING_PARTITION, from: Math.min(...offsets) };
}

/** The offset of the first batch that reaches over a byte: int64 base offset, int32 length of what follows. */
function firstOffsetBehind(bytes: Uint8Array, byte: number): number | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0; at + HEAD_BYTES <= bytes.length;) {
    const end = at + HEAD_BYTES + view.getInt32(at + 8);
    if (end > byte) return Number(view.getBigInt64(at));
    if (end <= at) return undefined;
    at = end;
  }
  return undefined;
}
