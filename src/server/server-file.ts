// DATA/server.json (0600): how the other commands find a running server. Written when it is up, removed when it stops; a file whose
// process is gone is ignored.
import type { Files } from "../env/files.ts";

export interface ServerFile {
  readonly pid: number;
  readonly startedAt: number;
  /** "127.0.0.1:9092" */
  readonly brokers: string;
  /** "http://127.0.0.1:4400"; a broker alone has none. */
  readonly console?: string;
  /** "http://127.0.0.1:8081" */
  readonly registry?: string;
  readonly token?: string;
}

export function serverFilePath(dataDir: string): string {
  return `${dataDir}/server.json`;
}

export async function readServerFile(files: Files, dataDir: string): Promise<ServerFile | undefined> {
  const path = serverFilePath(dataDir);
  if ((await files.stat(path)) === undefined) return undefined;
  return JSON.parse(new TextDecoder().decode(await files.readFile(path))) as ServerFile;
}
