// Options that several commands share.
import { type Command, InvalidArgumentError } from "commander";

export function output(command: Command): Command {
  return command.option("--json", "one JSON document on standard output").option("-q, --quiet", "no progress on standard error");
}

export function server(command: Command): Command {
  return output(command)
    .option("--data <dir>", "where everything is kept (.millrace)")
    .option("--durability <kind>", "disk: acknowledged records survive a power cut; page-cache: the process only (disk)")
    .option("--set <name=value>", "a broker setting by Kafka's own name, such as num.partitions=4 (repeatable)", collect)
    .option("--show-config", "print the settings and where they come from");
}

export function logging(command: Command): Command {
  return command.option("--log-level <level>", "error, warn, info or debug (info)").option("--log-format <format>", "text or json (text)");
}

export function kafka(command: Command): Command {
  return output(command)
    .option("--brokers <list>", "host:port,… (KAFKA_BROKERS, the server of --data, or 127.0.0.1:9092)")
    .option("--data <dir>", "the data directory whose server is meant (.millrace)")
    .option("--log-level <level>", "error, warn, info or debug (error)");
}

export function running(command: Command): Command {
  return output(command)
    .option("--data <dir>", "the data directory whose server is meant (.millrace)")
    .option("--url <address>", "the console's address with its token (MILLRACE_URL)");
}

export function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

export function wholeFrom(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d{1,9}$/.test(text) || value < least) throw new InvalidArgumentError(`Expected a whole number from ${least}.`);
    return value;
  };
}
