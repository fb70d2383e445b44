// The commands about groups, transactions and the settings of topics, as commander knows them.
import type { Command } from "commander";
import type { ConfigLsFlags, ConfigSetFlags } from "./commands/config.ts";
import type { GroupResetFlags } from "./commands/group-reset.ts";
import type { GroupFlags, GroupLagFlags, GroupRmFlags } from "./commands/group.ts";
import type { TopicConfigFlags } from "./commands/topic-config.ts";
import type { TopicTrimFlags } from "./commands/topic-trim.ts";
import type { TxnAbortFlags, TxnFlags, TxnLsFlags } from "./commands/txn.ts";
import type { Quiet, TerminalOf } from "./program-context.ts";
import { collect, kafka, wholeFrom } from "./shared-options.ts";

export function addTopicSettingCommands(topic: Command, terminal: TerminalOf): void {
  kafka(topic.command("config"))
    .description("a topic's settings; NAME=VALUE changes one, at once")
    .argument("<name>")
    .argument("[pairs...]", "such as retention.ms=86400000 cleanup.policy=compact")
    .option("-u, --unset <setting>", "take a setting back to its default (repeatable)", collect)
    .option("-a, --all", "settings that are defaults, too")
    .option("--dry-run", "only say what would be changed")
    .action(async (name: string, pairs: string[], flags: TopicConfigFlags & Quiet) =>
      (await import("./commands/topic-config.ts")).topicConfig(name, pairs, flags, terminal(flags)),
    );
  kafka(topic.command("trim"))
    .description("delete the records before an offset or a time")
    .argument("<name>")
    .requiredOption("-b, --before <where>", "OFFSET, @TIME (@-7d), -N (keep the last N of each partition), end")
    .option("-p, --partition <n>", "one partition only", wholeFrom(0))
    .option("-y, --yes", "do not ask")
    .option("--dry-run", "only say what would be deleted")
    .action(async (name: string, flags: TopicTrimFlags & Quiet) =>
      (await import("./commands/topic-trim.ts")).topicTrim(name, flags, terminal(flags)),
    );
}

export function addGroupCommands(program: Command, terminal: TerminalOf): void {
  const commands = () => import("./commands/group.ts");
  const group = program.command("group").description("consumer groups and how far behind they are");
  kafka(group.command("ls").alias("list"))
    .description("names, states, protocols")
    .action(async (flags: GroupFlags & Quiet) => (await commands()).groupLs(flags, terminal(flags)));
  kafka(group.command("describe"))
    .description("members, committed offsets and lag")
    .argument("<name>")
    .action(async (name: string, flags: GroupFlags & Quiet) => (await commands()).groupDescribe(name, flags, terminal(flags)));
  kafka(group.command("lag"))
    .description("committed offset, end and lag per partition")
    .argument("[name...]", "all groups unless named")
    .option("-w, --watch", "again and again until Ctrl-C")
    .option("-i, --interval <seconds>", "between two looks of --watch (2)", wholeFrom(1))
    .action(async (names: string[], flags: GroupLagFlags & Quiet) => (await commands()).groupLag(names, flags, terminal(flags)));
  kafka(group.command("reset"))
    .description("set the committed offsets of a group without members")
    .argument("<name>")
    .option("--to <where>", "start, end, OFFSET, @TIME (@-1h), -N (the last N of each partition), +N or by:-N (from where it is)")
    .option("--to-earliest", "as --to start; this and the next as Apache Kafka's tool has them")
    .option("--to-latest", "as --to end")
    .option("--to-current", "as --to +0")
    .option("--to-offset <offset>", "as --to OFFSET")
    .option("--shift-by <n>", "as --to by:N")
    .option("--to-datetime <time>", "as --to @TIME; UTC unless it has a zone")
    .option("--by-duration <duration>", "so long ago: P7D, PT1H30M")
    .option("--from-file <csv>", "lines of TOPIC,PARTITION,OFFSET")
    .option("-t, --topic <topic[:partition]>", "what the group has committed unless named (repeatable)", collect)
    .option("-y, --yes", "do not ask")
    .option("--dry-run", "only show what would be set")
    .action(async (name: string, flags: GroupResetFlags & Quiet) =>
      (await import("./commands/group-reset.ts")).groupReset(name, flags, terminal(flags)),
    );
  kafka(group.command("rm").alias("delete"))
    .description("delete groups with their committed offsets")
    .argument("<name...>")
    .option("-y, --yes", "do not ask")
    .option("--dry-run", "only say what would be deleted")
    .action(async (names: string[], flags: GroupRmFlags & Quiet) => (await commands()).groupRm(names, flags, terminal(flags)));
}

export function addTxnCommands(program: Command, terminal: TerminalOf): void {
  const commands = () => import("./commands/txn.ts");
  const txn = program.command("txn").description("transactions of producers and jobs");
  kafka(txn.command("ls").alias("list"))
    .description("open transactions with their job and age")
    .option("-a, --all", "ids without an open transaction, too")
    .action(async (flags: TxnLsFlags & Quiet) => (await commands()).txnLs(flags, terminal(flags)));
  kafka(txn.command("describe"))
    .description("state, producer, age and partitions of a transactional id")
    .argument("<id>")
    .action(async (id: string, flags: TxnFlags & Quiet) => (await commands()).txnDescribe(id, flags, terminal(flags)));
  kafka(txn.command("abort"))
    .description("abort the open transaction of a transactional id")
    .argument("<id>")
    .option("-y, --yes", "do not ask")
    .option("--dry-run", "only say what would be aborted")
    .action(async (id: string, flags: TxnAbortFlags & Quiet) => (await commands()).txnAbort(id, flags, terminal(flags)));
}

export function addConfigCommands(program: Command, terminal: TerminalOf): void {
  const commands = () => import("./commands/config.ts");
  const config = program.command("config").description("the broker's settings, by Kafka's own names");
  kafka(config.command("ls").alias("list"))
    .description("settings that are not defaults")
    .argument("[names...]", "only these")
    .option("-a, --all", "defaults, too")
    .action(async (names: string[], flags: ConfigLsFlags & Quiet) => (await commands()).configLs(names, flags, terminal(flags)));
  kafka(config.command("set"))
    .description("change settings while the broker runs")
    .argument("[pairs...]", "such as log.retention.ms=86400000")
    .option("-u, --unset <setting>", "take a setting back (repeatable)", collect)
    .option("--dry-run", "only say what would be changed")
    .action(async (pairs: string[], flags: ConfigSetFlags & Quiet) => (await commands()).configSet(pairs, flags, terminal(flags)));
}
