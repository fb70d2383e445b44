// The rows of a CSV file, plain or gzip, by the names of its first line; cells may be quoted, but not hold line breaks.
import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { createGunzip } from "node:zlib";

export class CsvRows<Column extends string> {
  readonly path: string;
  readonly #columns: readonly Column[];
  #lines: AsyncIterator<string> | undefined;
  #at: number[] = [];
  /** Number of the line that next() returned last; 1 is the header. */
  line = 0;

  constructor(path: string, columns: readonly Column[]) {
    this.path = path;
    this.#columns = columns;
  }

  /** Opens the file anew, in front of its first row. Throws if a column is missing. */
  async open(): Promise<void> {
    const file = createReadStream(this.path);
    const input = this.path.endsWith(".gz") ? file.pipe(createGunzip()) : file;
    const lines = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
    file.on("error", (error) => input.destroy(error));
    this.#lines = lines[Symbol.asyncIterator]();
    const header = cellsOf((await this.#lines.next()).value ?? "");
    this.#at = this.#columns.map((name) => header.indexOf(name));
    const missing = this.#columns.filter((_, i) => this.#at[i] === -1);
    if (missing.length > 0)
      throw new Error(`${this.path} has no column ${missing.join(", ")}. Its first line must name the columns ${this.#columns.join(",")}.`);
    this.line = 1;
  }

  /** The cells of the next row in the order of the columns; undefined at the end. */
  async next(): Promise<string[] | undefined> {
    const { value, done } = await this.#lines!.next();
    if (done === true) return undefined;
    this.line++;
    const cells = cellsOf(value);
    return this.#at.map((at) => cells[at] ?? "");
  }

  /** Epoch ms of a UTC time like 2018-04-01 00:00:31. */
  time(text: string): number {
    const at = Date.parse(`${text.replace(" ", "T")}Z`);
    if (Number.isNaN(at)) throw new Error(`${this.path}:${this.line}: "${text}" is not a time like 2018-04-01 00:00:31.`);
    return at;
  }
}

function cellsOf(line: string): string[] {
  if (!line.includes('"')) return line.split(",");
  const cells: string[] = [];
  const cell = /(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g;
  for (const [, quoted, plain] of line.matchAll(cell)) cells.push(quoted === undefined ? plain! : quoted.replaceAll('""', '"'));
  return cells;
}
