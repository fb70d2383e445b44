// The package's version, as package.json beside src/ and dist/ says it.
import type { Files } from "../env/files.ts";

const MANIFEST = decodeURIComponent(new URL("../../package.json", import.meta.url).pathname);

export async function packageVersion(files: Files): Promise<string> {
  return (JSON.parse(new TextDecoder().decode(await files.readFile(MANIFEST))) as { version: string }).version;
}
