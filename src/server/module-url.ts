// A pipeline's module as the user names it (a path relative to the working directory, or a URL) to the URL that threads import.
import { resolve } from "node:path";

export function moduleUrlOf(module: URL | string): string {
  if (module instanceof URL) return module.href;
  if (/^(?:file|data|node|https?):/.test(module)) return module;
  const path = resolve(module);
  return `file://${path.split("/").map(encodeURIComponent).join("/")}`;
}
