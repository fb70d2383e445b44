// The same ground for every run: nothing of an earlier one is left to be written, and the memory that the run's records will fill was in use a
// moment ago. In a virtual machine the first write to a page that the guest had given back costs ten times a second one (500 MB: 1.2 s of
// CPU against 0.1 s): else a run is as fast as the one before it was large, and whoever comes second uses the pages that the first has freed.
import { spawnSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Work } from "./compare-case.ts";

const CHUNK = Buffer.alloc(1 << 20, 1);
/** Beside the records: the heap of the client's process, and what of the broker's grows. */
const PROCESSES_BYTES = 400e6;
const MOST_BYTES = 1.2e9;

export function evenGround({ kind, records, valueBytes }: Work): void {
  spawnSync("sync");
  const written = kind === "consume" ? 0 : records * (valueBytes + 12);
  touchMemory(Math.min(MOST_BYTES, PROCESSES_BYTES + written));
}

/** Memory that the system hands out next: a file's pages, freed with the file. */
function touchMemory(bytes: number): void {
  const folder = mkdtempSync(join(tmpdir(), "millrace-even-ground-"));
  const fd = openSync(join(folder, "pages"), "w");
  for (let at = 0; at < bytes; at += CHUNK.length) writeSync(fd, CHUNK);
  closeSync(fd);
  rmSync(folder, { recursive: true });
}
