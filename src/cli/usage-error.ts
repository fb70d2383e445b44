// What commander says about a wrong command line, as one sentence with what to type next.
import type { Command, CommanderError } from "commander";
import { nearest } from "../stream/nearest.ts";

/** undefined: help or version was asked for, and printed. */
export function explainUsage(error: CommanderError, program: Command, args: readonly string[]): string | undefined {
  if (error.exitCode === 0) return undefined;
  const command = commandOf(program, args);
  const path = pathOf(command);
  const help = `See: ${path} --help`;
  const text = error.message.replace(/^error: /, "").replace(/\n\(Did you mean.*$/s, "");
  if (error.code === "commander.unknownCommand" || error.code === "commander.help") {
    const names = command.commands.map((each) => each.name());
    const word = /unknown command '(.*)'/s.exec(text)?.[1];
    if (word === undefined) return `${path} needs a command: ${names.join(", ")}. ${help}`;
    const meant = nearest(word, [...names, ...command.commands.flatMap((each) => each.aliases())]);
    return meant === undefined
      ? `There is no command "${word}": ${names.join(", ")}. ${help}`
      : `There is no command "${word}". Did you mean: ${path} ${meant}?`;
  }
  if (error.code === "commander.unknownOption") {
    const word = /unknown option '(.*)'/s.exec(text)?.[1] ?? "";
    const meant = nearest(
      word,
      command.options.flatMap(({ long }) => (long === undefined || long === null ? [] : [long])),
    );
    return `${path} has no option ${word}. ${meant === undefined ? help : `Did you mean ${meant}?`}`;
  }
  const sentence = text.charAt(0).toUpperCase() + text.slice(1);
  return `${/[.?!]$/.test(sentence) ? sentence : `${sentence}.`} ${help}`;
}

/** The command that the words lead to. */
function commandOf(program: Command, args: readonly string[]): Command {
  let command = program;
  for (const arg of args) {
    const next = command.commands.find((each) => each.name() === arg || each.aliases().includes(arg));
    if (next === undefined) break;
    command = next;
  }
  return command;
}

function pathOf(command: Command): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;
}
