// millrace schema …, as commander knows it.
import type { Command } from "commander";
import type { SchemaFlags } from "./commands/schema.ts";
import type { Quiet, TerminalOf } from "./program-context.ts";
import { collect, output } from "./shared-options.ts";

export function addSchemaCommands(program: Command, terminal: TerminalOf): void {
  const commands = () => import("./commands/schema.ts");
  const schema = program.command("schema").description("subjects and schemas of a registry");
  const asks = (command: Command): Command =>
    output(command)
      .option(
        "--registry <url>",
        "http://host:port, with user:password@ or :token@ if needed (SCHEMA_REGISTRY_URL, or the registry of the server of --data)",
      )
      .option("--data <dir>", "the data directory whose server is meant (.millrace)");
  asks(schema.command("ls").alias("list"))
    .description("subjects with their latest versions")
    .action(async (flags: SchemaFlags & Quiet) => (await commands()).schemaLs(flags, terminal(flags)));
  asks(schema.command("get"))
    .description("print a schema: of a subject, or by its id (as errors and dead letters say it)")
    .argument("[subject]")
    .option("--version <n>", "latest unless said otherwise")
    .option("--id <id>", "the number or the GUID of a schema, instead of a subject")
    .action(async (subject: string | undefined, flags: SchemaFlags & Quiet) =>
      (await commands()).schemaGet(subject, flags, terminal(flags)),
    );
  for (const [name, description, run] of [
    ["register", "register a file's schema and print its id", "schemaRegister"],
    ["check", "say whether a file's schema could be the next version", "schemaCheck"],
  ] as const)
    asks(schema.command(name))
      .description(description)
      .argument("<subject>")
      .argument("<file>")
      .option("--type <type>", "AVRO, PROTOBUF or JSON (by the file)")
      .option("--reference <name=subject:version>", "what the file refers to by a name; latest version unless said (repeatable)", collect)
      .action(async (subject: string, file: string, flags: SchemaFlags & Quiet) =>
        (await commands())[run](subject, file, flags, terminal(flags)),
      );
  for (const [name, what, description] of [
    ["compat", "config", "show or set the compatibility level of a subject, or of all"],
    ["mode", "mode", "show or set the mode of a subject, or of all"],
  ] as const)
    asks(schema.command(name))
      .description(description)
      .argument("[subject]", "all, if there is none")
      .argument("[value]", "to be set; alone, without a subject: for all")
      .action(async (subject: string | undefined, value: string | undefined, flags: SchemaFlags & Quiet) =>
        (await commands()).schemaSetting(what, subject, value, flags, terminal(flags)),
      );
  const making = () => import("./commands/schema-gen.ts");
  asks(schema.command("diff"))
    .description("what changed between two versions of a subject")
    .argument("<subject>")
    .argument("[from]", "the version before the latest unless said otherwise")
    .argument("[to]", "the latest unless said otherwise")
    .action(async (subject: string, from: string | undefined, to: string | undefined, flags: SchemaFlags & Quiet) =>
      (await making()).schemaDiff(subject, from, to, flags, terminal(flags)),
    );
  addGenCommands(schema, asks, terminal);
  asks(schema.command("rm").alias("delete"))
    .description("delete a subject, or one version of it")
    .argument("<subject>")
    .option("--version <n>", "this version only")
    .option("--permanent", "for good, not only hidden")
    .action(async (subject: string, flags: SchemaFlags & Quiet) => (await commands()).schemaRm(subject, flags, terminal(flags)));
}

function addGenCommands(schema: Command, asks: (command: Command) => Command, terminal: TerminalOf): void {
  const gen = schema.command("gen").description("types from schemas, schemas from types");
  for (const [name, description] of [
    ["ts", "print the type as TypeScript that makes it (t.record(…)), with its TypeScript type"],
    ["avro", "print the Avro schema"],
    ["proto", "print the Protobuf schema"],
    ["json-schema", "print the JSON Schema"],
  ] as const) {
    const command = asks(gen.command(name))
      .description(`${description} of a subject's values, or of what a module exports`)
      .argument("<subject|module>", "a subject of the registry, or a file that ends with .ts, .js, …")
      .argument("[name]", "of one export of the module, or of one message of a Protobuf schema (the first)")
      .option("--version <n>", "of the subject; latest unless said otherwise");
    if (name === "ts") command.option("--interface", "interfaces alone, without t");
    command.action(async (source: string, of: string | undefined, flags: SchemaFlags & Quiet & { readonly interface?: boolean }) =>
      (await import("./commands/schema-gen.ts")).schemaGen(name, source, of, flags, terminal(flags)),
    );
  }
}
