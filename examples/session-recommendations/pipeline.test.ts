// Sessions, duplicates, hourly sums and recommendations, on the real pipeline in virtual time.
import assert from "node:assert/strict";
import { test } from "node:test";
import { testPipeline } from "millrace/testing";
import pipeline from "./pipeline.ts";
import type { HourlySales, Line, Recommendation, Session, Trial } from "./topics.ts";

const MINUTE = 60_000;
const START = Date.UTC(2026, 0, 5, 9);

function line(minute: number, customerId: string | undefined, product: string, quantity = 1): Line {
  const at = START + minute * MINUTE;
  const customer = customerId === undefined ? {} : { customerId };
  return {
    invoice: `i-${customerId}-${minute}`,
    product,
    description: product,
    quantity,
    priceMills: 2_500,
    ...customer,
    country: "UK",
    at,
  };
}

test("sessions end after 30 quiet minutes; a line exactly 30 minutes later still belongs to them; unknown customers have none", async () => {
  const purchases = [line(0, "a", "tea"), line(10, undefined, "jam"), line(30, "a", "pot"), line(61, "a", "cup"), line(61, "b", "cup", -1)];
  const result = await testPipeline(pipeline, { purchases }, { parallelism: [1, 3], crashAt: 0.6, shuffleWithin: "1m" });
  const sessions = (result.output("sessions") as Session[]).map(({ customerId, from, until, lines, mills, products }) => [
    customerId,
    (from - START) / MINUTE,
    (until - START) / MINUTE,
    lines,
    mills,
    products.join(" "),
  ]);
  assert.deepEqual(sessions.toSorted(), [
    ["a", 0, 60, 2, 5_000, "tea pot"],
    ["a", 61, 91, 1, 2_500, "cup"],
    ["b", 61, 91, 1, -2_500, ""],
  ]);
});

test("equal lines are dropped from sessions and told; hourly sums hold all lines", async () => {
  const purchases = [line(0, "a", "tea"), line(0, "a", "tea"), line(1, "a", "pot"), line(0, "a", "tea")];
  const result = await testPipeline(pipeline, { purchases }, { parallelism: [1, 2] });
  assert.equal((result.output("sessions") as Session[])[0]!.lines, 2);
  assert.equal(result.output("duplicates").length, 2);
  assert.deepEqual(
    (result.output("hourly-sales") as HourlySales[]).map(({ lines, mills }) => [lines, mills]),
    [[4, 10_000]],
  );
});

test("what is bought together is recommended, and a session is foretold from those before it only", async () => {
  const purchases: Line[] = [];
  for (let n = 0; n < 12; n++) {
    const minute = n * 120;
    const basket = n % 3 === 2 ? ["hat", "scarf"] : n % 3 === 1 ? ["tea", "pot"] : ["tea", "pot", "cup"];
    for (const product of basket) purchases.push(line(minute, `c-${n}`, product));
  }
  purchases.push(line(1_600, "new", "tea"), line(1_601, "new", "pot"));
  const result = await testPipeline(pipeline, { purchases });
  const trials = result.output("trials") as Trial[];
  assert.equal(trials.length, 13);
  assert.equal(trials[0]!.rank, 0, "nothing is known before the first session");
  assert.equal(trials.at(-1)!.rank, 1, "who buys tea buys a pot");
  const last = (result.output("recommendations") as Recommendation[]).find(({ customerId }) => customerId === "new")!;
  assert.equal(last.products[0], "cup");
  assert.ok(!last.products.includes("tea") && !last.products.includes("pot"), "nothing that is in the basket");
});
