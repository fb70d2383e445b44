import assert from "node:assert/strict";
import { test } from "node:test";
import { CommanderError, type Command } from "commander";
import { createProgram } from "./program.ts";
import type { Terminal } from "./terminal.ts";
import { explainUsage } from "./usage-error.ts";

/** The sentence for a wrong command line; nothing is run, because parsing fails. */
async function explained(...args: string[]): Promise<string | undefined> {
  const program = createProgram({ version: "1.2.3", terminal: () => ({}) as Terminal });
  silence(program);
  try {
    await program.parseAsync(args, { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError) return explainUsage(error, program, args);
    throw error;
  }
  return assert.fail("the command line was accepted");
}

function silence(command: Command): void {
  command.configureOutput({ writeOut: () => {}, writeErr: () => {}, outputError: () => {} });
  for (const each of command.commands) silence(each);
}

test("a misspelt command or subcommand names the nearest", async () => {
  assert.equal(await explained("tpoic"), 'There is no command "tpoic". Did you mean: millrace topic?');
  assert.equal(await explained("topic", "creat", "x"), 'There is no command "creat". Did you mean: millrace topic create?');
  assert.equal(await explained("job", "lst"), 'There is no command "lst". Did you mean: millrace job ls?');
});

test("a word that is near to nothing gets the list", async () => {
  assert.equal(
    await explained("frobnicate"),
    'There is no command "frobnicate": dev, broker, registry, run, topic, group, txn, config, job, log, schema. See: millrace --help',
  );
});

test("a noun alone says what it needs", async () => {
  assert.equal(
    await explained("topic"),
    "millrace topic needs a command: ls, create, describe, produce, tail, rm, config, trim. See: millrace topic --help",
  );
});

test("a misspelt option names the nearest of its command", async () => {
  assert.equal(await explained("dev", "--brokr-port", "1"), "millrace dev has no option --brokr-port. Did you mean --broker-port?");
  assert.equal(
    await explained("job", "ls", "--nothing-like-it"),
    "millrace job ls has no option --nothing-like-it. See: millrace job ls --help",
  );
});

test("a missing argument and an impossible value are sentences with the way to the help", async () => {
  assert.equal(await explained("topic", "tail"), "Missing required argument 'name'. See: millrace topic tail --help");
  assert.match((await explained("topic", "create", "x", "-p", "0"))!, /argument '0' is invalid\. Expected a whole number from 1\. See: /);
  assert.match(
    (await explained("run", "x.ts", "--restart", "maybe"))!,
    /Allowed choices are exponential-delay, none\. See: millrace run --help$/,
  );
});

test("help and version are no mistakes", async () => {
  assert.equal(await explained("--version"), undefined);
  assert.equal(await explained("topic", "tail", "--help"), undefined);
});
