// Replays a shop's invoices: CSV, plain or gzip, in time order, with the columns InvoiceNo, StockCode, Description, Quantity, InvoiceDate
// (UTC), UnitPrice, CustomerID (may be empty) and Country.
import { CsvFeed } from "../running/csv-feed.ts";
import type { FeedRecord } from "../running/feed.ts";
import type { Line } from "./topics.ts";

const COLUMNS = ["InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country"] as const;

export class FileFeed extends CsvFeed<(typeof COLUMNS)[number]> {
  constructor(path: string) {
    super(path, COLUMNS);
  }

  protected override row(cells: string[], into: FeedRecord[]): void {
    const [invoice, product, description, quantity, date, price, customerId, country] = cells as [
      string,
      string,
      string,
      string,
      string,
      string,
      string,
      string,
    ];
    const at = this.rows.time(date);
    this.time = at;
    const line: Line = {
      invoice,
      product,
      description,
      quantity: this.#number(quantity),
      priceMills: Math.round(this.#number(price) * 1000),
      ...(customerId === "" ? {} : { customerId }),
      country,
      at,
    };
    into.push({ topic: "purchases", key: invoice, value: JSON.stringify(line) });
  }

  #number(text: string): number {
    const value = Number(text);
    if (text === "" || !Number.isFinite(value)) throw new Error(`${this.rows.path}:${this.rows.line}: "${text}" is not a number.`);
    return value;
  }
}
