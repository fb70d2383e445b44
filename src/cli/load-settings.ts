// Gathers what settings are made of: the flags, the environment (secrets also from the files that NAME_FILE names), and the default
// export of a millrace.config.ts (or .mts, .js, .mjs) in the working directory.
import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { takeImportsForModules } from "../env-node/module-syntax.ts";
import {
  CONFIG_NAMES,
  resolveSettings,
  SECRET_VARIABLES,
  type MillraceConfig,
  type ResolvedSetting,
  type Settings,
  type SettingSources,
} from "../server/settings.ts";
import { CliError } from "./cli-error.ts";
import { EXIT } from "./exit-codes.ts";
import { explainModuleError } from "./module-error.ts";
import { nearest } from "../stream/nearest.ts";
import type { Terminal } from "./terminal.ts";

const CONFIG_FILES = ["millrace.config.ts", "millrace.config.mts", "millrace.config.js", "millrace.config.mjs"];

export interface LoadedSettings {
  readonly values: Settings;
  readonly settings: readonly ResolvedSetting[];
  /** Broker settings of the config file. */
  readonly broker: Readonly<Record<string, string>>;
}

export async function loadSettings(
  terminal: Terminal,
  flags: SettingSources["flags"],
  flagNames: SettingSources["flagNames"] = {},
): Promise<LoadedSettings> {
  const config = await loadConfig(terminal.workingDirectory);
  const resolved = resolveSettings({ flags, environment: withSecretFiles(terminal.environment), config, flagNames });
  return { ...resolved, broker: config?.broker ?? {} };
}

async function loadConfig(directory: string): Promise<MillraceConfig | undefined> {
  const name = CONFIG_FILES.find((file) => existsSync(resolve(directory, file)));
  if (name === undefined) return undefined;
  const path = resolve(directory, name);
  let module: { readonly default?: unknown };
  try {
    takeImportsForModules();
    module = (await import(pathToFileURL(path).href)) as typeof module;
  } catch (error) {
    throw explainModuleError(error, path);
  }
  const config = module.default;
  if (typeof config !== "object" || config === null)
    throw new CliError(EXIT.usage, `${name} has no default export that is an object; write: export default { dataDir: "data" }`);
  const unknown = Object.keys(config).find((key) => !CONFIG_NAMES.includes(key));
  if (unknown !== undefined) {
    const meant = nearest(unknown, CONFIG_NAMES);
    const hint = meant === undefined ? `Known: ${CONFIG_NAMES.join(", ")}.` : `Did you mean "${meant}"?`;
    throw new CliError(EXIT.usage, `${name}: there is no setting "${unknown}". ${hint}`);
  }
  return config;
}

function withSecretFiles(environment: Terminal["environment"]): Terminal["environment"] {
  const result = { ...environment };
  for (const name of SECRET_VARIABLES) {
    const path = environment[`${name}_FILE`];
    if (path === undefined || path === "" || (result[name] ?? "") !== "") continue;
    try {
      result[name] = readFileSync(path, "utf8").trim();
    } catch (error) {
      throw new CliError(EXIT.usage, `${name}_FILE: ${path} cannot be read (${(error as NodeJS.ErrnoException).code ?? String(error)}).`);
    }
  }
  return result;
}
