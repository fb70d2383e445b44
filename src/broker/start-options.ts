// The options of startBroker; and their check, for those whom no compiler tells: what is misspelt or of another kind is refused by name, not ignored.
import type { Logger } from "../env/logger.ts";
import { BrokerOptionsError, type BrokerOptions } from "./broker.ts";

export interface StartBrokerOptions extends Omit<BrokerOptions, "dataDir"> {
  /** Where everything is kept; or `memory`. */
  readonly dataDir?: string;
  /** Nothing is kept: a directory of its own in the machine's memory file system (or its temporary one), gone at close(). */
  readonly memory?: boolean;
  readonly logger?: Logger;
}

type Kind = (value: unknown) => boolean;

const isText: Kind = (value) => typeof value === "string" && value !== "";
const isFlag: Kind = (value) => typeof value === "boolean";
const isWhole: Kind = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
const isPort: Kind = (value) => isWhole(value) && (value as number) <= 65_535;
const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);
const isAddress: Kind = (value) => isObject(value) && isText(value["host"]) && isPort(value["port"]);

const OPTIONS: { readonly [N in keyof Required<StartBrokerOptions>]: readonly [kind: Kind, expected: string] } = {
  dataDir: [isText, "a directory"],
  memory: [isFlag, "true or false"],
  host: [isText, "an address such as 127.0.0.1"],
  port: [isPort, "a whole number from 0 (any free one) to 65535"],
  advertised: [isAddress, '{ host, port }, such as { host: "10.0.0.7", port: 9092 }'],
  listeners: [(value) => Array.isArray(value) && value.every(isAddress), "a list of { host, port }"],
  durability: [(value) => value === "disk" || value === "page-cache", '"disk" or "page-cache"'],
  settings: [(value) => isObject(value) && Object.values(value).every((each) => typeof each === "string"), 'texts by name, such as { "num.partitions": "3" }'], // prettier-ignore
  nodeId: [isWhole, "a whole number from 0"],
  oldTransactionMs: [isWhole, "milliseconds from 0"],
  insecure: [isFlag, "true or false"],
  logger: [(value) => isObject(value) && typeof value["log"] === "function", "{ log(level, event, fields) }"],
};

/** Throws a BrokerOptionsError. */
export function checkOptions(options: unknown): void {
  if (!isObject(options)) throw new BrokerOptionsError("startBroker needs options: { memory: true, port: 0 } is enough for a test.");
  for (const [name, value] of Object.entries(options)) {
    const option = OPTIONS[name as keyof StartBrokerOptions];
    if (option === undefined) throw new BrokerOptionsError(`There is no option "${name}"; there are ${Object.keys(OPTIONS).join(", ")}.`);
    const [kind, expected] = option;
    if (value !== undefined && !kind(value)) throw new BrokerOptionsError(`${name} is ${told(value)}; expected ${expected}.`);
  }
}

function told(value: unknown): string {
  return typeof value === "function" ? "a function" : (JSON.stringify(value) ?? String(value));
}
