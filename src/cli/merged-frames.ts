// Stack traces of a merged file (tools/merge-broker.ts) name the files that were merged. The map is read when the first trace is asked for:
// a process that starts in order never pays for it, neither in time nor in memory.
import { existsSync, readFileSync } from "node:fs";
import { SourceMap } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";

/** `address`: import.meta.url of the merged file. Without a map beside it (in the repository) nothing is done. */
export function nameMergedFrames(address: string): void {
  const mapPath = `${fileURLToPath(address)}.map`;
  if (!existsSync(mapPath)) return;
  let map: SourceMap | undefined;
  Error.prepareStackTrace = (error, frames) => {
    try {
      map ??= new SourceMap(JSON.parse(readFileSync(mapPath, "utf8")));
    } catch {
      // Deleted meanwhile: the merged file's own lines.
    }
    return [headOf(error), ...frames.map((frame) => `    at ${named(String(frame), address, map)}`)].join("\n");
  };

  function named(frame: string, merged: string, map: SourceMap | undefined): string {
    const begin = frame.indexOf(`${merged}:`);
    const [, line, column] = /^:(\d+):(\d+)/.exec(frame.slice(begin + merged.length)) ?? [];
    if (begin < 0 || map === undefined) return frame;
    const origin = map.findOrigin(Number(line), Number(column));
    if (!("fileName" in origin)) return frame;
    const { href } = new URL(origin.fileName, pathToFileURL(mapPath));
    return `${frame.slice(0, begin)}${href}:${origin.lineNumber}:${origin.columnNumber}${frame.endsWith(")") ? ")" : ""}`;
  }
}

/** As Node says it. */
function headOf(error: Error): string {
  try {
    return Error.prototype.toString.call(error);
  } catch {
    return "Error";
  }
}
