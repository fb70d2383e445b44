// The logger of a process: one line per event on standard error, as text or JSON, each event rate-limited by its name so that a
// failing peer cannot flood the disk. What was left out is counted and said with the event's next line.
import type { Logger, LogLevel } from "../env/logger.ts";

export interface LoggerOptions {
  /** "info" unless set. */
  readonly logLevel?: LogLevel;
  /** "text" unless set. */
  readonly logFormat?: "text" | "json";
}

const LEVELS: readonly LogLevel[] = ["error", "warn", "info", "debug"];
const LINES_PER_WINDOW = 50;
const WINDOW_MS = 10_000;
/** Event names are constants of the program; more than this many share one budget. */
const MAX_EVENTS = 512;

interface Budget {
  windowStart: number;
  lines: number;
  suppressed: number;
}

export function createNodeLogger(options: LoggerOptions = {}): Logger {
  return createLogger(
    options,
    (line) => process.stderr.write(line),
    () => Date.now(),
  );
}

/** The same with its outlets, for tests. */
export function createLogger(options: LoggerOptions, write: (line: string) => void, now: () => number): Logger {
  const threshold = LEVELS.indexOf(options.logLevel ?? "info");
  const format = options.logFormat === "json" ? jsonLine : textLine;
  const budgets = new Map<string, Budget>();
  return {
    log(level, event, fields = {}) {
      if (LEVELS.indexOf(level) > threshold) return;
      const time = now();
      const budget = budgetOf(budgets, event);
      if (time - budget.windowStart >= WINDOW_MS) {
        budget.windowStart = time;
        budget.lines = 0;
      }
      if (budget.lines >= LINES_PER_WINDOW) {
        budget.suppressed++;
        return;
      }
      budget.lines++;
      const all = budget.suppressed === 0 ? fields : { ...fields, suppressed: budget.suppressed };
      budget.suppressed = 0;
      write(format(new Date(time).toISOString(), level, event, all));
    },
  };
}

function budgetOf(budgets: Map<string, Budget>, event: string): Budget {
  const name = budgets.size < MAX_EVENTS || budgets.has(event) ? event : "(others)";
  let budget = budgets.get(name);
  if (budget === undefined) budgets.set(name, (budget = { windowStart: Number.NEGATIVE_INFINITY, lines: 0, suppressed: 0 }));
  return budget;
}

function textLine(time: string, level: LogLevel, event: string, fields: Readonly<Record<string, unknown>>): string {
  let line = `${time} ${level.toUpperCase().padEnd(5)} ${event}`;
  for (const [name, value] of Object.entries(fields)) if (value !== undefined) line += ` ${name}=${textOf(value)}`;
  return `${line}\n`;
}

/** Never a line break or a control character: a field cannot forge a line. */
function textOf(value: unknown): string {
  if (value instanceof Error) {
    const code = codeOf(value);
    return JSON.stringify(code === undefined || value.message.startsWith(`${code}:`) ? value.message : `${code}: ${value.message}`);
  }
  if (typeof value === "string") return /^[\w.:/@%+-]+$/.test(value) ? value : JSON.stringify(value);
  if (typeof value === "object" && value !== null) return JSON.stringify(value, plain);
  return String(value);
}

function jsonLine(time: string, level: LogLevel, event: string, fields: Readonly<Record<string, unknown>>): string {
  return `${JSON.stringify({ ...fields, time, level, event }, plain)}\n`;
}

function plain(_name: string, value: unknown): unknown {
  if (typeof value === "bigint") return String(value);
  if (value instanceof Error) return { name: value.name, code: codeOf(value), message: value.message, stack: value.stack };
  return value;
}

function codeOf(error: Error): string | undefined {
  const { code } = error as { code?: unknown };
  return typeof code === "string" ? code : undefined;
}
