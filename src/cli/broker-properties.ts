// What a server.properties says about places (listeners, log.dirs) becomes options of the broker; everything else are its settings, or
// names that say nothing here.
import { settingDefinition, SETTINGS } from "../broker/settings.ts";
import { parseListener, type NamedAddress } from "./broker-listeners.ts";
import { CliError } from "./cli-error.ts";
import { EXIT } from "./exit-codes.ts";
import { meansNothingHere } from "./foreign-settings.ts";
import { nearest } from "../stream/nearest.ts";

export interface FileOptions {
  readonly listeners?: readonly NamedAddress[];
  readonly advertised?: readonly NamedAddress[];
  readonly dataDir?: string;
  readonly settings: Readonly<Record<string, string>>;
  /** One sentence each, for the user: what of the file has no effect. */
  readonly notes: readonly string[];
}

/** Names that only say how the others are to be read. */
const READ: readonly string[] = ["listener.security.protocol.map", "controller.listener.names", "inter.broker.listener.name"];

/** Throws a CliError (usage). */
export function brokerOptionsOf(properties: Readonly<Record<string, string>>, file: string): FileOptions {
  const { listeners, "advertised.listeners": advertised, "log.dirs": logDirs, "log.dir": logDir, ...rest } = properties;
  const directories = (logDirs ?? logDir)?.split(",").map((each) => each.trim()); // blanks behind a value are a part of it in such a file
  const dataDir = directories?.[0];
  if (dataDir === "") throw new CliError(EXIT.usage, `${file}: log.dirs is empty. Name a directory, or leave the line out.`);
  if (directories !== undefined && directories.length > 1)
    throw new CliError(EXIT.usage, `${file}: log.dirs names several directories; the broker has one. Name one.`);
  const names = Object.keys(rest).filter((name) => !READ.includes(name));
  return {
    ...(listeners === undefined ? {} : { listeners: clientListeners(listeners, `${file}: listeners`, rest) }),
    ...(advertised === undefined ? {} : { advertised: clientListeners(advertised, `${file}: advertised.listeners`, rest) }),
    ...(dataDir === undefined ? {} : { dataDir }),
    settings: Object.fromEntries(Object.entries(rest).filter(([name]) => settingDefinition(name) !== undefined)),
    notes: notesOn(names, file),
  };
}

function notesOn(names: readonly string[], file: string): string[] {
  const others = names.filter((name) => settingDefinition(name) === undefined);
  const foreign = others.filter(meansNothingHere);
  const known = SETTINGS.map(({ name }) => name);
  const notes = others
    .filter((name) => !meansNothingHere(name))
    .map((name) => {
      const meant = nearest(name, known);
      return `${file}: there is no setting ${name}.${meant === undefined ? "" : ` Did you mean "${meant}"?`}`;
    });
  if (foreign.length > 0) notes.push(`${file}: these settings of Apache Kafka mean nothing here: ${foreign.join(", ")}.`);
  return notes;
}

/** A controller's listener is left out: this broker needs no controller. */
function clientListeners(text: string, where: string, properties: Readonly<Record<string, string>>): NamedAddress[] {
  const controllers = new Set(namesIn(properties["controller.listener.names"] ?? "CONTROLLER"));
  const protocols: Record<string, string> = {};
  for (const pair of (properties["listener.security.protocol.map"] ?? "").split(",")) {
    const [name, protocol] = pair.split(":");
    if (protocol !== undefined) protocols[name!.trim().toUpperCase()] = protocol.trim().toUpperCase();
  }
  const nameOf = (each: string): string => /^\s*([^:]*):\/\//.exec(each)?.[1]?.toUpperCase() ?? "";
  const own = text.split(",").filter((each) => each.trim() !== "" && !controllers.has(nameOf(each)));
  if (own.length === 0) throw new CliError(EXIT.usage, `${where}=${text}: there is none for clients, such as PLAINTEXT://127.0.0.1:9092.`);
  return own.map((each) => parseListener(each, where, protocols));
}

function namesIn(list: string): string[] {
  return list.split(",").map((name) => name.trim().toUpperCase());
}
