// A generated transaction file of the size of a half year of a small bank: 5,000 customers, 10,000 terminals, about 0.8 % fraud.
import { closeSync, openSync, writeSync } from "node:fs";
import { uniform } from "../../examples/running/random.ts";

const START = Date.UTC(2026, 0, 1);
const SECONDS = 183 * 86_400;
const ROWS_PER_WRITE = 10_000;

/** Writes `rows` transactions in time order. */
export function writeTransactions(path: string, rows: number, seed: number): void {
  const file = openSync(path, "w");
  let text = "TRANSACTION_ID,TX_DATETIME,CUSTOMER_ID,TERMINAL_ID,TX_AMOUNT,TX_FRAUD\n";
  for (let i = 0; i < rows; i++) {
    const time = new Date(START + Math.floor((i / rows) * SECONDS) * 1000).toISOString().slice(0, 19).replace("T", " ");
    const customer = Math.floor(uniform(seed, 1, i) * 5000);
    const terminal = Math.floor(uniform(seed, 2, i) * 10_000);
    const compromised = terminal % 50 === Math.floor(i / (rows / 10)) && uniform(seed, 3, i) < 0.8;
    const large = uniform(seed, 4, i) < 0.002;
    const amount = (5 + 60 * uniform(seed, 5, i)) * (uniform(seed, 6, i) < 0.002 ? 5 : 1) + (large ? 250 : 0);
    text += `${i},${time},${customer},${terminal},${amount.toFixed(2)},${compromised || large ? 1 : 0}\n`;
    if (i % ROWS_PER_WRITE === 0) {
      writeSync(file, text);
      text = "";
    }
  }
  writeSync(file, text);
  closeSync(file);
}
