// The commands, their arguments and options, as commander knows them. A command's own module is imported when it is used, so that
// --help answers at once.
import { Command, Option } from "commander";
import type { BrokerFlags } from "./commands/broker.ts";
import type { DevFlags } from "./commands/dev.ts";
import type { JobFlags, JobSavepointFlags, JobStopFlags, JobWhyFlags } from "./commands/job.ts";
import type { LogDumpFlags } from "./commands/log-dump.ts";
import type { LogRepairFlags } from "./commands/log-verify.ts";
import type { RegistryFlags } from "./commands/registry.ts";
import type { RunFlags } from "./commands/run.ts";
import type { TopicCreateFlags } from "./commands/topic-create.ts";
import type { TopicDescribeFlags } from "./commands/topic-describe.ts";
import type { TopicLsFlags } from "./commands/topic-ls.ts";
import type { TopicProduceFlags } from "./commands/topic-produce.ts";
import type { TopicRmFlags } from "./commands/topic-rm.ts";
import type { TopicTailFlags } from "./commands/topic-tail.ts";
import { EXIT } from "./exit-codes.ts";
import type { LogFlags } from "./log-target.ts";
import { addConfigCommands, addGroupCommands, addTopicSettingCommands, addTxnCommands } from "./kafka-commands.ts";
import type { ProgramContext, Quiet, TerminalOf } from "./program-context.ts";
import { addSchemaCommands } from "./schema-commands.ts";
import { collect, kafka, logging, output, running, server, wholeFrom } from "./shared-options.ts";

export function createProgram({ version, terminal }: ProgramContext): Command {
  const program = new Command("millrace")
    .description("Kafka's log and Flink's stream processor for TypeScript, in one process.")
    .version(version, "-V, --version", "print the version")
    .enablePositionalOptions() // behind a command, --version is that command's
    .helpOption("-h, --help", "print help for a command")
    .helpCommand("help [command]", "print help for a command")
    .configureHelp({ showGlobalOptions: false, sortSubcommands: false })
    .exitOverride()
    .configureOutput({ outputError: () => {} })
    .addHelpText("after", EXAMPLES);
  addServerCommands(program, terminal);
  addTopicCommands(program, terminal);
  addGroupCommands(program, terminal);
  addTxnCommands(program, terminal);
  addConfigCommands(program, terminal);
  addJobCommands(program, terminal);
  addLogCommands(program, terminal);
  addSchemaCommands(program, terminal);
  return program;
}

const EXAMPLES = `
Examples:
  millrace dev pipeline.ts                    broker, console and the pipeline; restarts when the file changes
  millrace topic create orders -p 4           on the broker that runs here
  millrace topic tail orders -o -10           the last ten records of each partition, then new ones
  millrace job stop fraud-detection           with a final checkpoint

Settings: flag > environment (MILLRACE_*, KAFKA_BROKERS) > millrace.config.ts > default; see --show-config.
Exit codes: ${EXIT.ok} ok, ${EXIT.failed} failed, ${EXIT.usage} usage, ${EXIT.notFound} not found, ${EXIT.unreachable} unreachable or timed out, ${EXIT.conflict} conflict, ${EXIT.jobFailed} job failed.`;

function addServerCommands(program: Command, terminal: TerminalOf): void {
  logging(
    server(program.command("dev"))
      .description(
        "broker, schema registry, console and pipelines in one process; restarts a pipeline from a checkpoint when its file changes",
      )
      .argument("[pipeline...]", "modules whose default export is a pipeline")
      .option("--ephemeral", "keep nothing: data goes to a temporary directory")
      .option("--broker-port <n>", "Kafka port; 0 = any free one (9092)")
      .option("--console-port <n>", "console and HTTP API; 0 = any free one (4400)")
      .option("--registry-port <n>", "schema registry; 0 = any free one (8081)")
      .option("--auth-file <file>", "users of the schema registry; without it everybody may do everything (MILLRACE_AUTH_FILE)")
      .option("--brokers <list>", "use this Kafka instead of an embedded broker")
      .option("-p, --parallelism <n>", "subtasks per operator (1)")
      .option("--checkpoint-interval <ms>", "milliseconds between checkpoints (1000)")
      .option("--from <where>", "latest, none, or the directory of a checkpoint or savepoint"),
  ).action(async (files: string[], flags: DevFlags & Quiet) => (await import("./commands/dev.ts")).dev(files, flags, terminal(flags)));

  logging(
    server(program.command("broker"))
      .description("the Kafka-compatible broker alone")
      .option("--port <n>", "0 = any free one (9092)")
      .option("--config <file>", "a server.properties")
      .option("--listener <address>", "where to listen: HOST:PORT, or several NAME://HOST:PORT (127.0.0.1; repeatable)", collect)
      .option("--advertised-listener <address>", "what clients are told to connect to, by the listener's name (repeatable)", collect)
      .option("--metrics-port <n>", "GET /metrics for Prometheus, on the first listener's host; 0 = any free one", wholeFrom(0))
      .option("--insecure", "allow a listener that other machines reach, without encryption and authentication"),
  ).action(async (flags: BrokerFlags & Quiet) => (await import("./commands/broker.ts")).broker(flags, terminal(flags)));

  logging(
    output(program.command("registry"))
      .description("the schema registry alone, on a Kafka that runs already or with a broker of its own")
      .option("--auth-file <file>", "users, their secrets and roles; without it everybody may do everything (MILLRACE_AUTH_FILE)")
      .option("--port <n>", "0 = any free one (8081)")
      .option("--brokers <list>", "host:port,… of the Kafka that keeps the schemas (KAFKA_BROKERS); without it a broker on --data")
      .option("--data <dir>", "where that broker keeps everything (.millrace)")
      .option("--broker-port <n>", "Kafka port of that broker; 0 = any free one (9092)")
      .option("--show-config", "print the settings and where they come from"),
  ).action(async (flags: RegistryFlags & Quiet) => (await import("./commands/registry.ts")).registry(flags, terminal(flags)));

  logging(
    output(program.command("run"))
      .description("one pipeline on a Kafka that runs already")
      .argument("<pipeline>", "a module whose default export is a pipeline")
      .option("-p, --parallelism <n>", "subtasks per operator (1)")
      .option("--from <where>", "latest, none, or the directory of a checkpoint or savepoint", "latest")
      .addOption(
        new Option("--restart <strategy>", "what follows a failure").choices(["exponential-delay", "none"]).default("exponential-delay"),
      )
      .option("--once", "read to the end of what is there now, then finish")
      .option("--brokers <list>", "host:port,… (KAFKA_BROKERS, the server of --data, or 127.0.0.1:9092)")
      .option("--data <dir>", "checkpoints (.millrace)")
      .option("--checkpoint-interval <ms>", "milliseconds between checkpoints (1000)")
      .option("--show-config", "print the settings and where they come from"),
  ).action(async (file: string, flags: RunFlags & Quiet) => (await import("./commands/run.ts")).run(file, flags, terminal(flags)));
}

function addTopicCommands(program: Command, terminal: TerminalOf): void {
  const topic = program.command("topic").description("topics and their records");
  kafka(topic.command("ls").alias("list"))
    .description("names, partitions and offsets")
    .option("-a, --all", "internal topics, too")
    .action(async (flags: TopicLsFlags & Quiet) => (await import("./commands/topic-ls.ts")).topicLs(flags, terminal(flags)));
  kafka(topic.command("create"))
    .description("create a topic")
    .argument("<name>")
    .option("-p, --partitions <n>", "the broker's num.partitions unless said otherwise", wholeFrom(1))
    .option("-c, --config <name=value>", "a setting of the topic, such as retention.ms=-1 (repeatable)", collect)
    .option("--if-not-exists", "succeed if it is there already")
    .action(async (name: string, flags: TopicCreateFlags & Quiet) =>
      (await import("./commands/topic-create.ts")).topicCreate(name, flags, terminal(flags)),
    );
  kafka(topic.command("describe"))
    .description("partitions, offsets and settings")
    .argument("<name>")
    .option("--all-configs", "settings that are defaults, too")
    .action(async (name: string, flags: TopicDescribeFlags & Quiet) =>
      (await import("./commands/topic-describe.ts")).topicDescribe(name, flags, terminal(flags)),
    );
  kafka(topic.command("produce"))
    .description("each line of standard input becomes a record")
    .argument("<name>")
    .option("-K, --key-delimiter <text>", "what stands between key and value of a line")
    .option("-p, --partition <n>", "by key unless said otherwise", wholeFrom(0))
    .option("-H, --header <name=value>", "a header of every record (repeatable)", collect)
    .addOption(new Option("-z, --compression <kind>", "compress batches").choices(["none", "gzip", "snappy", "lz4", "zstd"]))
    .action(async (name: string, flags: TopicProduceFlags & Quiet) =>
      (await import("./commands/topic-produce.ts")).topicProduce(name, flags, terminal(flags)),
    );
  kafka(topic.command("tail").alias("consume"))
    .description("print records as they come")
    .argument("<name>")
    .option(
      "-o, --offset <where>",
      "start, end, OFFSET, -N (the last N of each partition; -10), +N, @TIME (@-10m), FROM:TO, :end, @TIME:TIME or stored (with -g); e@TIME: where to end (repeatable)",
      collect,
    )
    .option("-g, --group <name>", "with -o stored: whose committed offsets")
    .option("-n, --count <n>", "end after this many records", wholeFrom(1))
    .option("-e, --exit", "end at the end of the topic")
    .option("-p, --partition <n>", "one partition only", wholeFrom(0))
    .option("-f, --format <format>", "such as '%t %p %o %k %v\\n'; also %T time, %h headers, %K %S sizes, %R size as int32")
    .option("--uncommitted", "records of open and aborted transactions, too")
    .option("--jsonl", "a JSON document per line")
    .action(async (name: string, flags: TopicTailFlags & Quiet) =>
      (await import("./commands/topic-tail.ts")).topicTail(name, flags, terminal(flags)),
    );
  kafka(topic.command("rm").alias("delete"))
    .description("delete topics with all their records")
    .argument("<name...>")
    .option("-y, --yes", "do not ask")
    .option("--dry-run", "only say what would be deleted")
    .action(async (names: string[], flags: TopicRmFlags & Quiet) =>
      (await import("./commands/topic-rm.ts")).topicRm(names, flags, terminal(flags)),
    );
  addTopicSettingCommands(topic, terminal);
}

function addJobCommands(program: Command, terminal: TerminalOf): void {
  const commands = () => import("./commands/job.ts");
  const job = program.command("job").description("jobs of a running server");
  running(job.command("ls").alias("list"))
    .description("names, states, rates")
    .action(async (flags: JobFlags & Quiet) => (await commands()).jobLs(flags, terminal(flags)));
  running(job.command("show"))
    .description("operators with their rates and watermarks")
    .argument("[name]")
    .action(async (name: string | undefined, flags: JobFlags & Quiet) => (await commands()).jobShow(name, flags, terminal(flags)));
  running(job.command("why"))
    .description("why nothing comes out: what holds records back, with its number and what to do")
    .argument("[name]", "the job; not needed when there is one only")
    .option("--stream <name>", "an operator or a sink: only what holds this one back")
    .option("--key <key>", "a key, as JSON or plain text: what operators keep of it")
    .action(async (name: string | undefined, flags: JobWhyFlags & Quiet) => (await commands()).jobWhy(name, flags, terminal(flags)));
  running(job.command("stop"))
    .description("end with a final checkpoint")
    .argument("<name>")
    .option("--savepoint [dir]", "keep the final checkpoint as a savepoint, and print where")
    .option("--drain", "read to the end of what is there and fire all windows first")
    .action(async (name: string, flags: JobStopFlags & Quiet) => (await commands()).jobStop(name, flags, terminal(flags)));
  running(job.command("cancel"))
    .description("end at once; what came after the last checkpoint is discarded (of a failed job: what it had prepared is ended)")
    .argument("<name>")
    .action(async (name: string, flags: JobFlags & Quiet) => (await commands()).jobCancel(name, flags, terminal(flags)));
  running(job.command("savepoint"))
    .description("take a savepoint and print where it is")
    .argument("<name>")
    .option("--to <dir>", "where to put it")
    .action(async (name: string, flags: JobSavepointFlags & Quiet) => (await commands()).jobSavepoint(name, flags, terminal(flags)));
}

function addLogCommands(program: Command, terminal: TerminalOf): void {
  const data = (command: Command): Command => output(command).option("--data <dir>", "the data directory (.millrace)");
  const log = program.command("log").description("the files of a data directory, without a broker");
  data(log.command("dump"))
    .description("batches and records as they are stored")
    .argument("<which>", "a topic, a partition (orders-0), or the path of a partition's directory")
    .option("-o, --offset <n>", "begin with the batch that holds this offset", wholeFrom(0))
    .option("-n, --count <n>", "end after this many batches", wholeFrom(1))
    .option("-r, --records", "the records of each batch, too")
    .option("--jsonl", "a JSON document per batch and line")
    .action(async (which: string, flags: LogDumpFlags & Quiet) =>
      (await import("./commands/log-dump.ts")).logDump(which, flags, terminal(flags)),
    );
  data(log.command("verify"))
    .description("read everything and say what is damaged")
    .argument("[which]", "a topic, a partition (orders-0), or the path of a partition's directory; everything unless said otherwise")
    .action(async (which: string | undefined, flags: LogFlags & Quiet) =>
      (await import("./commands/log-verify.ts")).logVerify(which, flags, terminal(flags)),
    );
  data(log.command("repair"))
    .description("cut damaged batches out, keeping the original beside; remove what the broker makes anew")
    .argument("[which]", "a topic, a partition (orders-0), or the path of a partition's directory; everything unless said otherwise")
    .option("--dry-run", "only say what would be done")
    .action(async (which: string | undefined, flags: LogRepairFlags & Quiet) =>
      (await import("./commands/log-verify.ts")).logRepair(which, flags, terminal(flags)),
    );
}
