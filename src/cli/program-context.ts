// What every command is given besides its arguments: the version and the terminal that it writes to.
import type { Terminal } from "./terminal.ts";

export interface ProgramContext {
  readonly version: string;
  /** Given `quiet`, since it is an option of every command. */
  readonly terminal: (options: Quiet) => Terminal;
}

export type TerminalOf = ProgramContext["terminal"];

export interface Quiet {
  readonly quiet?: boolean;
}
