// Replays a file of transactions: CSV, plain or gzip, with the columns TRANSACTION_ID, TX_DATETIME (UTC), CUSTOMER_ID, TERMINAL_ID,
// TX_AMOUNT and TX_FRAUD, in time order. A fraud's label becomes known seven days after its transaction. A position is a row.
import { createReadStream } from "node:fs";
import { createInterface, type Interface } from "node:readline";
import { basename } from "node:path";
import { createGunzip } from "node:zlib";
import type { Feed, FeedRecord } from "../running/feed.ts";
import type { Label } from "./topics.ts";

const DAY = 86_400_000;
const LABEL_DELAY = 7 * DAY;
const COMPLETE_EVERY = 300_000;
const COLUMNS = ["TRANSACTION_ID", "TX_DATETIME", "CUSTOMER_ID", "TERMINAL_ID", "TX_AMOUNT", "TX_FRAUD"] as const;

export class FileFeed implements Feed {
  readonly name: string;
  readonly #path: string;
  #rows: AsyncIterator<string> | undefined;
  #columns: number[] = [];
  #line = 0;
  /** Labels that are not yet known at the current row, in time order. */
  #labels: Label[] = [];
  #mark = 0;
  time = Number.NaN;

  constructor(path: string) {
    this.#path = path;
    this.name = `file ${basename(path)}`;
  }

  async seek(position: number): Promise<void> {
    const file = createReadStream(this.#path);
    const input = this.#path.endsWith(".gz") ? file.pipe(createGunzip()) : file;
    const lines: Interface = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
    file.on("error", (error) => input.destroy(error));
    this.#rows = lines[Symbol.asyncIterator]();
    const header = (await this.#rows.next()).value?.split(",") ?? [];
    this.#columns = COLUMNS.map((name) => header.indexOf(name));
    const missing = COLUMNS.filter((_, i) => this.#columns[i] === -1);
    if (missing.length > 0)
      throw new Error(`${this.#path} has no column ${missing.join(", ")}. Its first line must name the columns ${COLUMNS.join(",")}.`);
    this.#line = 1;
    this.#labels = [];
    this.#mark = 0;
    const skipped: FeedRecord[] = [];
    for (let row = 0; row < position; row++) {
      skipped.length = 0;
      if (!(await this.next(skipped))) throw new Error(`${this.#path} has fewer than the ${position} rows that were already sent from it.`);
    }
  }

  async next(into: FeedRecord[]): Promise<boolean> {
    const { value: line, done } = await this.#rows!.next();
    if (done === true) {
      this.#labelsUntil(Number.POSITIVE_INFINITY, into);
      return false;
    }
    this.#line++;
    const cells = line.split(",");
    const [transactionId, datetime, customerId, terminalId, amount, fraud] = this.#columns.map((column) => cells[column] ?? "") as [
      string,
      string,
      string,
      string,
      string,
      string,
    ];
    const at = Date.parse(`${datetime.replace(" ", "T")}Z`);
    if (Number.isNaN(at)) throw new Error(`${this.#path}:${this.#line}: "${datetime}" is not a time like 2018-04-01 00:00:31.`);
    this.time = at;
    this.#labelsUntil(at, into);
    into.push({
      topic: "transactions",
      key: customerId,
      value: JSON.stringify({ transactionId, customerId, terminalId, amount: Number(amount), at }),
    });
    if (fraud === "1") this.#labels.push({ kind: "fraud", transactionId, terminalId, transactionAt: at, knownAt: at + LABEL_DELAY });
    return true;
  }

  #labelsUntil(at: number, into: FeedRecord[]): void {
    while (this.#labels.length > 0 && this.#labels[0]!.knownAt <= at) push(into, this.#labels.shift()!);
    const mark = Math.floor(at / COMPLETE_EVERY) * COMPLETE_EVERY;
    if (!Number.isFinite(at) || mark <= this.#mark) return;
    this.#mark = mark;
    push(into, { kind: "complete", transactionId: "", terminalId: "", transactionAt: mark, knownAt: mark });
  }
}

function push(into: FeedRecord[], label: Label): void {
  into.push({ topic: "labels", key: label.terminalId, value: JSON.stringify(label) });
}
