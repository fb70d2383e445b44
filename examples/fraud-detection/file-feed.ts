// Replays a file of transactions: CSV, plain or gzip, with the columns TRANSACTION_ID, TX_DATETIME (UTC), CUSTOMER_ID, TERMINAL_ID,
// TX_AMOUNT and TX_FRAUD, in time order. A fraud's label becomes known seven days after its transaction.
import { CsvFeed } from "../running/csv-feed.ts";
import type { FeedRecord } from "../running/feed.ts";
import type { Label } from "./topics.ts";

const DAY = 86_400_000;
const LABEL_DELAY = 7 * DAY;
const COMPLETE_EVERY = 300_000;
const COLUMNS = ["TRANSACTION_ID", "TX_DATETIME", "CUSTOMER_ID", "TERMINAL_ID", "TX_AMOUNT", "TX_FRAUD"] as const;

export class FileFeed extends CsvFeed<(typeof COLUMNS)[number]> {
  /** Labels that are not yet known at the current row, in time order. */
  #labels: Label[] = [];
  #mark = 0;

  constructor(path: string) {
    super(path, COLUMNS);
  }

  protected override restart(): void {
    this.#labels = [];
    this.#mark = 0;
  }

  protected override row(cells: string[], into: FeedRecord[]): void {
    const [transactionId, datetime, customerId, terminalId, amount, fraud] = cells as [string, string, string, string, string, string];
    const at = this.rows.time(datetime);
    this.time = at;
    this.#labelsUntil(at, into);
    into.push({
      topic: "transactions",
      key: customerId,
      value: JSON.stringify({ transactionId, customerId, terminalId, amount: Number(amount), at }),
    });
    if (fraud === "1") this.#labels.push({ kind: "fraud", transactionId, terminalId, transactionAt: at, knownAt: at + LABEL_DELAY });
  }

  protected override end(into: FeedRecord[]): void {
    this.#labelsUntil(Number.POSITIVE_INFINITY, into);
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
