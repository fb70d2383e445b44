// Publishes how to reach the HTTP server and its token: DATA/server.json, readable by its owner only from the first moment on
// (Files knows no modes, therefore here). Replaced as a whole; removed by the process that wrote it.
import { renameSync, rmSync, writeFileSync } from "node:fs";
import { serverFilePath, type ServerFile } from "../server-file.ts";

/** Returns the way to remove it. */
export function writeServerFile(dataDir: string, content: Omit<ServerFile, "pid">): () => void {
  const path = serverFilePath(dataDir);
  const temporary = `${path}.${process.pid}.tmp`;
  rmSync(temporary, { force: true });
  writeFileSync(temporary, `${JSON.stringify({ pid: process.pid, ...content }, undefined, 2)}\n`, { mode: 0o600, flag: "wx" });
  renameSync(temporary, path);
  return () => rmSync(path, { force: true });
}
