// Fault points are off unless a simulation switches them on, and off again afterwards; each is in the product, once at least.
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { afterEach, test } from "node:test";
import { buggify, buggifyPause, FAULT_POINTS, switchFaultPoints } from "./fault-points.ts";

afterEach(() => switchFaultPoints(undefined));

test("nothing strikes and nothing waits unless a plan says so", async () => {
  assert.equal(buggify("flush-late"), false);
  assert.equal(buggifyPause("flush-late"), undefined);
  const paused: string[] = [];
  switchFaultPoints({ strikes: (point) => point === "flush-late", pause: async (point) => void paused.push(point) });
  assert.equal(buggify("flush-late"), true);
  assert.equal(buggify("marker-late"), false);
  await buggifyPause("flush-late");
  assert.equal(buggifyPause("marker-late"), undefined);
  assert.deepEqual(paused, ["flush-late"]);
});

test("every point that is named is somewhere in the product", () => {
  const root = new URL("..", import.meta.url);
  const sources = readdirSync(root, { recursive: true, encoding: "utf8" }).filter(
    (name) => name.endsWith(".ts") && !name.endsWith(".test.ts"),
  );
  const text = sources.filter((name) => !name.endsWith("fault-points.ts")).map((name) => readFileSync(new URL(name, root), "utf8"));
  const missing = Object.keys(FAULT_POINTS).filter((point) => !text.some((each) => each.includes(`("${point}")`)));
  assert.deepEqual(missing, []);
});
