// The console's files, read once at the start from ui/ of the package (beside src/ and dist/).
import type { Files } from "../../env/files.ts";

export interface StaticFile {
  readonly type: string;
  readonly bytes: Uint8Array;
}

const TYPES: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  svg: "image/svg+xml",
};

/** By URL path, such as "/console.js". */
export async function readStaticFiles(files: Files, folder: string): Promise<ReadonlyMap<string, StaticFile>> {
  const found = new Map<string, StaticFile>();
  for (const name of await files.list(folder)) {
    const type = TYPES[name.slice(name.lastIndexOf(".") + 1)];
    if (type !== undefined) found.set(`/${name}`, { type, bytes: await files.readFile(`${folder}/${name}`) });
  }
  return found;
}
