// The settings of a server and of the command line, and where each value came from: flag > environment > millrace.config.ts > default.
// Pure: flags, environment and the config module's default export are handed in.

export type SettingOrigin = "flag" | "environment" | "config" | "default";

export interface ResolvedSetting {
  readonly name: string;
  readonly value: string | number | undefined;
  readonly origin: SettingOrigin;
  /** "--data", "MILLRACE_DATA", "millrace.config.ts"; empty for a default. */
  readonly where: string;
  readonly secret: boolean;
}

/** What a millrace.config.ts may export as its default. */
export interface MillraceConfig {
  /** Data directory, relative to the working directory. */
  readonly dataDir?: string;
  readonly brokerPort?: number;
  readonly consolePort?: number;
  readonly registryPort?: number;
  /** "host:port,host:port" of an Apache Kafka to use instead of the embedded broker. */
  readonly brokers?: string;
  readonly durability?: "disk" | "page-cache";
  readonly parallelism?: number;
  /** Milliseconds between checkpoints. */
  readonly checkpointIntervalMs?: number;
  readonly logLevel?: "error" | "warn" | "info" | "debug";
  readonly logFormat?: "text" | "json";
  /** Settings of the embedded broker, by Kafka's own names. */
  readonly broker?: Readonly<Record<string, string>>;
}

export interface Settings {
  readonly dataDir: string;
  readonly brokerPort: number;
  readonly consolePort: number;
  readonly registryPort: number;
  readonly brokers: string | undefined;
  readonly durability: "disk" | "page-cache";
  readonly parallelism: number;
  readonly checkpointIntervalMs: number;
  readonly logLevel: "error" | "warn" | "info" | "debug";
  readonly logFormat: "text" | "json";
  /** The console's token; undefined: a new one at each start. */
  readonly token: string | undefined;
  /** Address of a running server, for the commands that ask one. */
  readonly url: string | undefined;
}

/** A setting has a value that it cannot have. */
export class SettingsError extends Error {
  override readonly name = "SettingsError";
  readonly code = "INVALID_SETTING";
}

interface Definition {
  readonly flag: string | undefined;
  readonly environment: string;
  readonly fallback: string | number | undefined;
  readonly secret?: boolean;
  /** Secrets stand in the environment or in a file, not in a config that is committed. */
  readonly inConfig: boolean;
  /** undefined: not a value of this setting. */
  readonly read: (value: unknown) => string | number | undefined;
  readonly expected: string;
}

const text = (value: unknown): string | undefined => (typeof value === "string" && value !== "" ? value : undefined);
const whole =
  (least: number, most: number) =>
  (value: unknown): number | undefined => {
    const number = typeof value === "string" && /^\d+$/.test(value) ? Number(value) : value;
    return typeof number === "number" && Number.isInteger(number) && number >= least && number <= most ? number : undefined;
  };
const oneOf =
  (...values: readonly string[]) =>
  (value: unknown): string | undefined =>
    values.find((allowed) => allowed === value);

const DEFINITIONS: Readonly<Record<keyof Settings, Definition>> = {
  dataDir: setting("--data", "MILLRACE_DATA", ".millrace", text, "a directory"),
  brokerPort: setting("--broker-port", "MILLRACE_BROKER_PORT", 9092, whole(0, 65_535), "a port number from 0 (any free one) to 65535"),
  consolePort: setting("--console-port", "MILLRACE_CONSOLE_PORT", 4400, whole(0, 65_535), "a port number from 0 (any free one) to 65535"),
  registryPort: setting(
    "--registry-port",
    "MILLRACE_REGISTRY_PORT",
    8081,
    whole(0, 65_535),
    "a port number from 0 (any free one) to 65535",
  ),
  brokers: setting("--brokers", "KAFKA_BROKERS", undefined, text, "host:port, or several separated by commas"),
  durability: setting("--durability", "MILLRACE_DURABILITY", "disk", oneOf("disk", "page-cache"), "disk or page-cache"),
  parallelism: setting("--parallelism", "MILLRACE_PARALLELISM", 1, whole(1, 32_768), "a whole number from 1"),
  checkpointIntervalMs: setting(
    "--checkpoint-interval",
    "MILLRACE_CHECKPOINT_INTERVAL",
    1000,
    whole(10, 86_400_000),
    "milliseconds, from 10 to 86400000",
  ),
  logLevel: setting("--log-level", "MILLRACE_LOG_LEVEL", "info", oneOf("error", "warn", "info", "debug"), "error, warn, info or debug"),
  logFormat: setting("--log-format", "MILLRACE_LOG_FORMAT", "text", oneOf("text", "json"), "text or json"),
  token: {
    flag: undefined,
    environment: "MILLRACE_TOKEN",
    fallback: undefined,
    secret: true,
    inConfig: false,
    read: (value) => (typeof value === "string" && /^[\w-]{16,200}$/.test(value) ? value : undefined),
    expected: "16 to 200 letters, digits, - or _",
  },
  url: { ...setting("--url", "MILLRACE_URL", undefined, text, "the console's address, such as http://127.0.0.1:4400"), inConfig: false },
};

/** Environment variables whose value may stand in a file that NAME_FILE names. */
export const SECRET_VARIABLES: readonly string[] = Object.values(DEFINITIONS)
  .filter((definition) => definition.secret === true)
  .map((definition) => definition.environment);

/** Names that a millrace.config.ts may use. */
export const CONFIG_NAMES: readonly string[] = [
  ...Object.entries(DEFINITIONS)
    .filter(([, definition]) => definition.inConfig)
    .map(([name]) => name),
  "broker",
];

export interface SettingSources {
  /** By setting name; undefined: not given. */
  readonly flags: Readonly<Partial<Record<keyof Settings, unknown>>>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly config?: MillraceConfig | undefined;
  /** The flag's name where a command calls it otherwise, such as --port for brokerPort. */
  readonly flagNames?: Readonly<Partial<Record<keyof Settings, string>>>;
}

/** Throws SettingsError: which value, where it stands, and what was expected. */
export function resolveSettings(sources: SettingSources): { readonly values: Settings; readonly settings: readonly ResolvedSetting[] } {
  const settings = (Object.keys(DEFINITIONS) as (keyof Settings)[]).map((name) => resolveOne(name, DEFINITIONS[name], sources));
  return { values: Object.fromEntries(settings.map(({ name, value }) => [name, value])) as unknown as Settings, settings };
}

function resolveOne(name: keyof Settings, definition: Definition, sources: SettingSources): ResolvedSetting {
  const { flags, environment, config } = sources;
  const secret = definition.secret === true;
  const fail = (where: string, value: unknown): never => {
    throw new SettingsError(`${where}${secret ? "" : ` ${JSON.stringify(value)}`}: expected ${definition.expected}.`);
  };
  const flag = sources.flagNames?.[name] ?? definition.flag;
  const given = flags[name];
  if (given !== undefined && flag !== undefined)
    return { name, value: definition.read(given) ?? fail(flag, given), origin: "flag", where: flag, secret };
  const variable = environment[definition.environment];
  if (variable !== undefined && variable !== "") {
    const value = definition.read(variable) ?? fail(definition.environment, variable);
    return { name, value, origin: "environment", where: definition.environment, secret };
  }
  const configured = definition.inConfig ? (config as Readonly<Record<string, unknown>> | undefined)?.[name] : undefined;
  if (configured !== undefined) {
    const value = definition.read(configured) ?? fail(`millrace.config.ts: ${name}`, configured);
    return { name, value, origin: "config", where: "millrace.config.ts", secret };
  }
  return { name, value: definition.fallback, origin: "default", where: "", secret };
}

function setting(
  flag: string,
  environment: string,
  fallback: string | number | undefined,
  read: Definition["read"],
  expected: string,
): Definition {
  return { flag, environment, fallback, read, expected, inConfig: true };
}
