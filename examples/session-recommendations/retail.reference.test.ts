// The example on a year of an online shop's invoices (a folder beside the clone); the figures were computed independently of this project.
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { replay } from "../running/replay-process.ts";
import type { ShopResult } from "./board.ts";

const input = fileURLToPath(new URL("../../../shared/data/retail/online-retail.csv.gz", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "retail-reference-"));
after(() => rmSync(folder, { recursive: true, force: true }));

test(
  "541,909 lines give their sessions, hours and duplicates, and recommendations that beat what is popular",
  { timeout: 900_000 },
  async () => {
    const data = join(folder, "whole");
    const { code, result, errors } = await replay<ShopResult>({ example: "session-recommendations", input, data });
    assert.equal(code, 0, errors);
    console.log(`replayed in ${result!.seconds} s: ${JSON.stringify(result!.trials)}`);
    assert.equal(result!.events, 541_909);
    assert.equal(result!.sessions, 19_969);
    assert.equal(result!.duplicates, 5_268);
    assert.deepEqual(result!.hours, { windows: 2_938, lines: 541_909, largestSum: 54_089.63 });
    const { count, model, popularity } = result!.trials;
    assert.ok(count > 15_000);
    assert.ok(model.hitRate > 1.3 * popularity.hitRate && model.mrr > 1.3 * popularity.mrr);

    const directory = join(data, "output", "sessions");
    const files = readdirSync(directory, { recursive: true, encoding: "utf8" }).filter((name) => /^month=.*\.csv$/.test(name));
    const rows = files.flatMap((name) => readFileSync(join(directory, name), "utf8").trim().split("\n").slice(1));
    assert.equal(rows.length, 19_969, "every session is in a file, once");
  },
);
