// The configs of a group by Kafka's names (resource type 32, KIP-848 and its successors), and which broker setting stands behind each.
// Those of share and streams groups, which are not served, are kept and answered.
import { invalidValue, parseNumber, type ConfigDefinition, type ConfigType } from "./config-value.ts";
import { settingDefinition, type Settings } from "./settings.ts";

export interface GroupConfigDefinition extends ConfigDefinition {
  /** The broker setting that holds for groups without a value of their own; undefined: there is none. */
  readonly synonym: string | undefined;
}

function config(name: string, type: ConfigType, value: string, doc: string, limits: Partial<ConfigDefinition> = {}): GroupConfigDefinition {
  return { name, type, default: value, doc, synonym: `group.${name}`, ...limits };
}

/** With the limits of Apache Kafka's defaults. */
const KEPT = "Kept and answered; there are no groups of this kind here.";
const kept = (name: string, value: string, limits: Partial<ConfigDefinition> = {}) => config(name, "int", value, KEPT, limits);
const RESET = /^(earliest|latest|by_duration:P.+)$/i;

export const GROUP_CONFIGS: readonly GroupConfigDefinition[] = [
  config("consumer.session.timeout.ms", "int", "45000", "A member of the group that is silent for this long is removed.", { min: 1 }),
  config("consumer.heartbeat.interval.ms", "int", "5000", "How often the group's members are told to send heartbeats.", { min: 1 }),
  config("consumer.assignment.interval.ms", "int", "0", "The least time between two assignments of the group.", { min: 0 }),
  kept("share.session.timeout.ms", "45000", { min: 45000, max: 60000 }),
  kept("share.heartbeat.interval.ms", "5000", { min: 5000, max: 15000 }),
  kept("share.record.lock.duration.ms", "30000", { min: 15000, max: 60000 }),
  kept("share.delivery.count.limit", "5", { min: 2, max: 10 }),
  kept("share.partition.max.record.locks", "2000", { min: 100, max: 4000 }),
  { ...config("share.auto.offset.reset", "string", "latest", KEPT), synonym: undefined },
  {
    ...config("share.isolation.level", "string", "read_uncommitted", KEPT, { values: ["read_committed", "read_uncommitted"] }),
    synonym: undefined,
  },
  { ...config("share.renew.acknowledge.enable", "boolean", "true", KEPT), synonym: undefined },
  kept("share.assignment.interval.ms", "1000", { min: 0, max: 15000 }),
  kept("streams.session.timeout.ms", "45000", { min: 45000, max: 60000 }),
  kept("streams.heartbeat.interval.ms", "5000", { min: 5000, max: 15000 }),
  kept("streams.num.standby.replicas", "0", { min: 0, max: 2 }),
  kept("streams.initial.rebalance.delay.ms", "3000", { min: 0 }),
  kept("streams.assignment.interval.ms", "1000", { min: 0, max: 15000 }),
];

const BY_NAME = new Map(GROUP_CONFIGS.map((definition) => [definition.name, definition]));

export function groupConfigDefinition(name: string): GroupConfigDefinition | undefined {
  return BY_NAME.get(name);
}

/** Those that the broker's settings bound. */
const BOUNDED = ["consumer.session.timeout.ms", "consumer.heartbeat.interval.ms", "consumer.assignment.interval.ms"];

/** "group.consumer.min.session.timeout.ms" and so on. */
function boundOf(name: string, which: "min" | "max"): string {
  return `group.${name.replace("consumer.", `consumer.${which}.`)}`;
}

/** What a group has that sets none of its own. */
export function groupDefault(definition: GroupConfigDefinition, settings: Settings): string {
  const { synonym } = definition;
  return synonym !== undefined && settingDefinition(synonym) !== undefined ? settings.text(synonym) : (definition.default ?? "");
}

export function effectiveGroupConfig(name: string, own: Readonly<Record<string, string>>, settings: Settings): string {
  const definition = BY_NAME.get(name);
  if (definition === undefined) throw new Error(`There is no group config ${name}`);
  return own[name] ?? groupDefault(definition, settings);
}

/** A number that holds: a group's own value inside of what the broker's settings allow now. */
export function effectiveGroupNumber(name: string, own: Readonly<Record<string, string>> | undefined, settings: Settings): number {
  const value = parseNumber(effectiveGroupConfig(name, own ?? {}, settings));
  if (own?.[name] === undefined || !BOUNDED.includes(name)) return value;
  return Math.min(Math.max(value, settings.number(boundOf(name, "min"))), settings.number(boundOf(name, "max")));
}

/** Why the configs cannot be a group's, in a whole sentence; undefined if they can. */
export function invalidGroupConfig(own: Readonly<Record<string, string>>, settings: Settings): string | undefined {
  for (const [name, value] of Object.entries(own)) {
    const definition = BY_NAME.get(name);
    if (definition === undefined) return `Unknown group config name: ${name}`;
    const problem =
      invalidValue(definition, value) ?? (name === "share.auto.offset.reset" && !RESET.test(value) ? "no strategy" : undefined);
    if (problem !== undefined) return `Invalid value ${value} for configuration ${name}: ${problem}`;
  }
  for (const name of BOUNDED) {
    if (own[name] === undefined) continue;
    const value = parseNumber(own[name]);
    const [min, max] = [boundOf(name, "min"), boundOf(name, "max")];
    if (value < settings.number(min)) return `${name} must be greater than or equal to ${min}`;
    if (value > settings.number(max)) return `${name} must be less than or equal to ${max}`;
  }
  for (const kind of ["consumer", "share", "streams"]) {
    const [session, heartbeat] = [`${kind}.session.timeout.ms`, `${kind}.heartbeat.interval.ms`];
    const number = (name: string): number => parseNumber(effectiveGroupConfig(name, own, settings));
    const isAsked = own[session] !== undefined || own[heartbeat] !== undefined;
    if (isAsked && number(session) <= number(heartbeat)) return `${session} must be greater than ${heartbeat}`;
  }
  return undefined;
}
