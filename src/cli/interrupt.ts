// Ctrl-C and SIGTERM: the first asks for a clean end, the second ends at once (130, 143).
import { EXIT } from "./exit-codes.ts";
import type { Terminal } from "./terminal.ts";

export interface Interrupt {
  /** Resolves at the first signal. */
  readonly requested: Promise<void>;
  readonly signal: AbortSignal;
}

/** `notice` is said at the first signal, if anybody watches. */
export function onInterrupt(terminal: Terminal, notice?: string): Interrupt {
  const controller = new AbortController();
  const requested = new Promise<void>((resolve) => controller.signal.addEventListener("abort", () => resolve(), { once: true }));
  const receive = (code: number): void => {
    if (controller.signal.aborted) process.exit(code);
    if (terminal.noteIsTerminal) terminal.note(""); // below the ^C
    if (notice !== undefined && !terminal.quiet) terminal.note(notice);
    controller.abort();
  };
  process.on("SIGINT", () => receive(EXIT.interrupted));
  process.on("SIGTERM", () => receive(EXIT.terminated));
  return { requested, signal: controller.signal };
}
