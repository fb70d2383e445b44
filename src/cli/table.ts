// Rows for people and for programs: aligned columns on a terminal, tab-separated values in a pipe, one JSON document on request.
import { escapeText, visibleText } from "./escape-text.ts";
import type { Terminal } from "./terminal.ts";

export type Cell = string | number | boolean | null | undefined;

export interface Column<Row> {
  readonly title: string;
  readonly cell: (row: Row) => Cell;
  readonly align?: "left" | "right";
}

const GAP = "  ";

/** With a header line; "–" for what is missing. Control characters are shown, never sent to the terminal. */
export function formatTable<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string {
  const texts = rows.map((row) => columns.map(({ cell }) => visibleText(cellText(cell(row), "–"))));
  const titles = columns.map(({ title }) => title.toUpperCase());
  const widths = titles.map((title, i) => Math.max(title.length, ...texts.map((cells) => lengthOf(cells[i]!))));
  const line = (cells: readonly string[]): string =>
    cells
      .map((text, i) => {
        const padding = " ".repeat(widths[i]! - lengthOf(text));
        return columns[i]!.align === "right" ? padding + text : text + padding;
      })
      .join(GAP)
      .trimEnd();
  return [titles, ...texts].map((cells) => `${line(cells)}\n`).join("");
}

/** No header; a tab, line break or backslash inside a value is escaped, so that a line is always a row. */
export function formatTsv<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string {
  return rows.map((row) => `${columns.map(({ cell }) => escapeText(cellText(cell(row), ""))).join("\t")}\n`).join("");
}

export async function printRows<Row>(
  terminal: Terminal,
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  options: { readonly json?: boolean | undefined },
): Promise<void> {
  if (options.json === true) await terminal.out(`${JSON.stringify(rows)}\n`);
  else await terminal.out((terminal.isTerminal ? formatTable : formatTsv)(columns, rows));
}

function cellText(cell: Cell, missing: string): string {
  return cell === null || cell === undefined ? missing : String(cell);
}

function lengthOf(text: string): number {
  return [...text].length;
}
