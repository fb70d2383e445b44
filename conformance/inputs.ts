// The two real inputs of the cases as records in file order, each with its position `i`.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { t } from "../src/stream/index.ts";
import type { Schema } from "../src/stream/index.ts";

export const Retail = t.record("Retail", {
  i: t.int(),
  invoice: t.string(),
  stock: t.string(),
  qty: t.int(),
  ts: t.timestamp(),
  mills: t.long(),
  customer: t.string(),
  country: t.string(),
  amount: t.long(),
});

export const Weblog = t.record("Weblog", {
  i: t.int(),
  ip: t.string(),
  ts: t.timestamp(),
  method: t.string(),
  path: t.string(),
  status: t.int(),
  bytes: t.long(),
});

/** What every record has; the other fields are found by name. */
export interface InputRecord {
  readonly i: number;
  readonly ts: number;
}

export interface Input {
  readonly schema: Schema<InputRecord>;
  readonly rows: readonly InputRecord[];
}

export class Inputs {
  readonly #folders: readonly string[];
  readonly #read = new Map<string, Input>();

  /** Folders that may hold retail/ and weblog/, best first. */
  constructor(folders: readonly string[]) {
    this.#folders = folders;
  }

  get(name: string): Input {
    const known = this.#read.get(name) ?? this.#load(name);
    this.#read.set(name, known);
    return known;
  }

  #load(name: string): Input {
    if (name === "retail") return { schema: Retail as Schema<InputRecord>, rows: readRetail(this.#text("retail/online-retail.csv.gz")) };
    if (name === "weblog") return { schema: Weblog as Schema<InputRecord>, rows: readWeblog(this.#text("weblog/apache_logs.gz")) };
    throw new Error(`input "${name}"`);
  }

  #text(file: string): string {
    const path = this.#folders.map((folder) => join(folder, file)).find((candidate) => existsSync(candidate));
    if (path === undefined) throw new Error(`The input ${file} is in none of ${this.#folders.join(", ")}.`);
    return gunzipSync(readFileSync(path)).toString("utf8");
  }
}

function readRetail(text: string): InputRecord[] {
  const lines = text.split(/\r?\n/);
  const rows: InputRecord[] = [];
  for (const line of lines.slice(1)) {
    if (line === "") continue;
    const [invoice, stock, , quantity, date, price, customer, country] = csvFields(line) as [string, string, string, ...string[]];
    const qty = Number(quantity);
    const mills = Math.round(Number(price) * 1000);
    const row = {
      i: rows.length,
      invoice,
      stock,
      qty,
      ts: Date.parse(`${date!.replace(" ", "T")}Z`),
      mills,
      customer: customer!,
      country: country!,
      amount: qty * mills,
    };
    rows.push(row);
  }
  return rows;
}

/** One line of CSV: fields may be in quotes, a quote inside is doubled. */
function csvFields(line: string): string[] {
  if (!line.includes('"')) return line.split(",");
  const fields: string[] = [];
  for (const [, quoted, plain] of line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)) {
    fields.push(quoted === undefined ? plain! : quoted.replaceAll('""', '"'));
  }
  return fields;
}

const LOG_LINE = /^(\S+) \S+ \S+ \[(\d+)\/(\w+)\/(\d+):(\d+):(\d+):(\d+) \+0000\] "(\S+) (\S+)[^"]*" (\d+) (\S+)/;
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

function readWeblog(text: string): InputRecord[] {
  const lines = text.split("\n").filter((line) => line !== "");
  return lines.map((line, i) => {
    const match = LOG_LINE.exec(line);
    if (match === null) throw new Error(`Line ${i + 1} of the weblog cannot be read: ${line.slice(0, 200)}`);
    const [, ip, day, month, year, hour, minute, second, method, path, status, bytes] = match as unknown as readonly string[];
    const ts = Date.UTC(Number(year), MONTHS.indexOf(month!), Number(day), Number(hour), Number(minute), Number(second));
    const row = { i, ip: ip!, ts, method: method!, path: path!, status: Number(status), bytes: bytes === "-" ? 0 : Number(bytes) };
    return row as InputRecord;
  });
}
