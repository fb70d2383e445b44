// Why a broker did not start, in the words of who started it: the option, or the line of the file, that is to be changed.
import { BrokerOptionsError, type BrokerOptions } from "../broker/broker.ts";
import { SettingError } from "../broker/settings.ts";
import { explainDataDirectory, explainListen, isListenError } from "../server/server-error.ts";
import { CliError } from "./cli-error.ts";
import { EXIT } from "./exit-codes.ts";

/** Where settings come from; the first that has a name is stronger. */
export interface SettingOrigin {
  /** What stands before the name: "--set ", "server.properties: ". */
  readonly prefix: string;
  readonly settings: Readonly<Record<string, string>>;
}

/** What the options of startBroker are called on the command line. */
const FLAGS: readonly (readonly [option: string, flag: string])[] = [
  ["(dataDir)", "with --data DIR"],
  ["(insecure)", "with --insecure"],
  ["(advertised)", "with --advertised-listener HOST:PORT"],
];

/** The error in a sentence that says what, where and what to type; or itself. */
export function explainBrokerStart(error: unknown, options: BrokerOptions, origins: readonly SettingOrigin[]): unknown {
  if (error instanceof SettingError) return settingError(error, origins);
  if (error instanceof BrokerOptionsError) {
    const message = FLAGS.reduce((text, [option, flag]) => text.replace(option, flag), error.message);
    return new CliError(EXIT.usage, message, { cause: error });
  }
  if (isListenError(error)) return explainListen(error, "broker", options.listeners?.[0]?.port ?? 0, portFlag(options));
  return explainDataDirectory(error, options.dataDir);
}

function settingError({ setting, problem }: SettingError, origins: readonly SettingOrigin[]): CliError {
  const origin = origins.find(({ settings }) => Object.hasOwn(settings, setting));
  return new CliError(EXIT.usage, `${origin?.prefix ?? ""}${setting}=${origin?.settings[setting] ?? ""}: ${problem}.`);
}

/** With several listeners, or named ones, the port is a part of theirs. */
function portFlag({ listeners = [] }: BrokerOptions): string {
  const isPlain = listeners.length === 1 && listeners[0]!.name === "PLAINTEXT";
  return isPlain ? "--port N (0 = any free one)" : "--listener NAME://HOST:PORT (0 = any free one)";
}
