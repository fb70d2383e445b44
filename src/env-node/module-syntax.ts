// `npm init` writes "type": "commonjs" into new packages. Node then takes every .ts and .js file there for CommonJS and stops at the first import;
// without the line it would look. Here it looks all the same: a file with import or export statements is a module.
import { readFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { fileURLToPath } from "node:url";

const STATEMENT = /^\s*(?:import\b(?!\s*[(.])|export\b)/m;
const COMMON_JS = /\bmodule\.exports\b|^\s*exports\./m;
let isOn = false;

/** For the files that this thread loads from now on, but for those of packages. */
export function takeImportsForModules(): void {
  if (isOn) return;
  isOn = true;
  registerHooks({
    load(url, context, next) {
      const { format } = context;
      if (format !== "commonjs" && format !== "commonjs-typescript") return next(url, context);
      return next(url, isModule(url) ? { ...context, format: format.replace("commonjs", "module") } : context);
    },
  });
}

function isModule(url: string): boolean {
  if (!url.startsWith("file:") || url.includes("/node_modules/")) return false;
  const text = readFileSync(fileURLToPath(url), "utf8");
  return STATEMENT.test(text) && !COMMON_JS.test(text);
}
