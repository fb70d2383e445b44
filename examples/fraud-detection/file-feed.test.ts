import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { gzipSync } from "node:zlib";
import type { FeedRecord } from "../running/feed.ts";
import { FileFeed } from "./file-feed.ts";

const folder = mkdtempSync(join(tmpdir(), "file-feed-"));
after(() => rmSync(folder, { recursive: true }));

const CSV = `TRANSACTION_ID,TX_DATETIME,CUSTOMER_ID,TERMINAL_ID,TX_AMOUNT,TX_TIME_SECONDS,TX_TIME_DAYS,TX_FRAUD,TX_FRAUD_SCENARIO
0,2018-04-01 00:00:31,596,3156,57.16,31,0,1,1
1,2018-04-01 00:06:10,4961,3412,81.51,370,0,0,0
2,2018-04-08 00:00:31,2,1365,146.0,604831,7,0,0
`;

async function all(feed: FileFeed, from: number): Promise<FeedRecord[]> {
  const records: FeedRecord[] = [];
  await feed.seek(from);
  while (await feed.next(records));
  return records;
}

function file(name: string, bytes: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

const summary = (records: readonly FeedRecord[]): string[] =>
  records.map(({ topic, value }) => {
    const fields = JSON.parse(value) as { transactionId: string; kind?: string; at?: number; knownAt?: number };
    return `${topic} ${fields.kind ?? "tx"} ${fields.transactionId} ${new Date(fields.at ?? fields.knownAt!).toISOString()}`;
  });

test("rows become transactions, frauds become labels seven days later, before a transaction of the same time", async () => {
  const records = summary(await all(new FileFeed(file("a.csv", CSV)), 0));
  assert.deepEqual(
    records.filter((line) => !line.includes("complete")),
    [
      "transactions tx 0 2018-04-01T00:00:31.000Z",
      "transactions tx 1 2018-04-01T00:06:10.000Z",
      "labels fraud 0 2018-04-08T00:00:31.000Z",
      "transactions tx 2 2018-04-08T00:00:31.000Z",
    ],
  );
});

test("a gzip file, continued after a row, sends the rest, with the labels of what was sent before", async () => {
  const path = file("a.csv.gz", gzipSync(CSV));
  const whole = await all(new FileFeed(path), 0);
  const rest = await all(new FileFeed(path), 2);
  assert.deepEqual(rest, whole.slice(whole.length - rest.length));
  assert.deepEqual(
    summary(rest).filter((line) => !line.includes("complete")),
    ["labels fraud 0 2018-04-08T00:00:31.000Z", "transactions tx 2 2018-04-08T00:00:31.000Z"],
  );
});

test("a file without the columns, with a bad time, or that is not there, says so", async () => {
  await assert.rejects(all(new FileFeed(file("b.csv", "a,b\n1,2\n")), 0), /no column TRANSACTION_ID, TX_DATETIME/);
  await assert.rejects(
    all(new FileFeed(file("c.csv", CSV.replace("2018-04-01 00:06:10", "yesterday"))), 0),
    /c\.csv:3: "yesterday" is not a time/,
  );
  await assert.rejects(all(new FileFeed(file("d.csv", CSV)), 9), /fewer than the 9 rows/);
  await assert.rejects(all(new FileFeed(join(folder, "none.csv")), 0), /none\.csv/);
});
