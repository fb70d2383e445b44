// A feed that replays a CSV file; a position is a row.
import { basename } from "node:path";
import { CsvRows } from "./csv-rows.ts";
import type { Feed, FeedRecord } from "./feed.ts";

export abstract class CsvFeed<Column extends string> implements Feed {
  readonly name: string;
  protected readonly rows: CsvRows<Column>;
  time = Number.NaN;

  constructor(path: string, columns: readonly Column[]) {
    this.rows = new CsvRows(path, columns);
    this.name = `file ${basename(path)}`;
  }

  async seek(position: number): Promise<void> {
    await this.rows.open();
    this.restart();
    const skipped: FeedRecord[] = [];
    for (let row = 0; row < position; row++) {
      skipped.length = 0;
      if (!(await this.next(skipped)))
        throw new Error(`${this.rows.path} has fewer than the ${position} rows that were already sent from it.`);
    }
  }

  async next(into: FeedRecord[]): Promise<boolean> {
    const cells = await this.rows.next();
    if (cells === undefined) this.end(into);
    else this.row(cells, into);
    return cells !== undefined;
  }

  /** In front of the first row. */
  protected restart(): void {}
  /** Sets `time`, and appends what the row is worth. */
  protected abstract row(cells: string[], into: FeedRecord[]): void;
  /** Behind the last row. */
  protected end(_into: FeedRecord[]): void {}
}
