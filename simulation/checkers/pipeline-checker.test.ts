// The pipeline checker accepts what a correct pipeline writes and names every planted fault.
import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "./correct-history.ts";
import { checkPipeline, PIPELINE_RULES } from "./pipeline-checker.ts";
import type { InputRecord, PipelineOutput } from "./pipeline-rows.ts";
import { recompute } from "./recompute.ts";

const RULES = { windowMs: 500, timerMs: 250, sessionGapMs: 60, pairMs: 100 };

type Draft = { -readonly [N in keyof PipelineOutput]: PipelineOutput[N][number][] };
interface Outputs {
  committed: Draft;
  everything: Draft;
}

function makeInput(seed: number): InputRecord[] {
  const random = seededRandom(seed);
  return Array.from({ length: 400 }, (_, id) => {
    const account = Math.floor(random() * 10);
    return { partition: account % 2, offset: id, id, key: `a${account}`, amount: Math.floor(random() * 100), at: 1_000_000 + id * 10 };
  });
}

function copy(output: PipelineOutput): Draft {
  return { sums: [...output.sums], windows: [...output.windows], timers: [...output.timers], extras: [...output.extras] };
}

function swapTwoAnswers({ extras }: Draft): void {
  const first = extras.findIndex(({ kind }) => kind === "answer");
  const second = extras.findIndex(({ kind, key }, at) => at > first && kind === "answer" && key === extras[first]!.key);
  [extras[first], extras[second]] = [extras[second]!, extras[first]!];
}

function swapTwoOfOneKey({ sums }: Draft): void {
  const later = sums.findIndex((row, at) => at > 60 && row.key === sums[50]!.key);
  [sums[50], sums[later]] = [sums[later]!, sums[50]!];
}

const PLANTED: Readonly<Record<(typeof PIPELINE_RULES)[number], (outputs: Outputs) => void>> = {
  "missing-row": ({ committed }) => committed.sums.splice(100, 1),
  "duplicate-row": ({ committed }) => committed.sums.push(committed.sums[10]!),
  "wrong-row": ({ committed }) => (committed.sums[20] = { ...committed.sums[20]!, sum: committed.sums[20]!.sum + 1 }),
  "unknown-row": ({ committed }) => committed.sums.push({ key: "a1", id: 90_000, count: 1, sum: 1, hash: 1 }),
  "out-of-order-row": ({ committed }) => swapTwoOfOneKey(committed),
  "missing-window": ({ committed }) => committed.windows.pop(),
  "duplicate-window": ({ committed }) => committed.windows.push(committed.windows[3]!),
  "wrong-window": ({ committed }) => (committed.windows[4] = { ...committed.windows[4]!, count: 0 }),
  "unknown-window": ({ committed }) => committed.windows.push({ key: "a1", start: 7, count: 1, sum: 1 }),
  "missing-timer": ({ committed }) => committed.timers.pop(),
  "duplicate-timer": ({ committed }) => committed.timers.push(committed.timers[3]!),
  "unknown-timer": ({ committed }) => committed.timers.push({ key: "a1", at: 7 }),
  "missing-extra": ({ committed }) => committed.extras.pop(),
  "duplicate-extra": ({ committed }) => committed.extras.push(committed.extras[3]!),
  "wrong-extra": ({ committed }) => (committed.extras[4] = { ...committed.extras[4]!, sum: committed.extras[4]!.sum + 1 }),
  "unknown-extra": ({ committed }) => committed.extras.push({ kind: "pair", key: "a1", a: 1, b: 1, sum: 1 }),
  "out-of-order-extra": ({ committed }) => swapTwoAnswers(committed),
  "uncommitted-garbage": ({ everything }) => (everything.sums[5] = { ...everything.sums[5]!, hash: 1 }),
  "committed-not-stored": ({ everything }) => everything.windows.pop(),
};

test("it accepts what a correct pipeline writes, aborted rows of a first attempt included", () => {
  for (let seed = 1; seed <= 10; seed++) {
    const input = makeInput(seed);
    const output = recompute(input, RULES);
    const everything = copy(output);
    everything.sums.unshift(...output.sums.slice(40, 60));
    const anomalies = checkPipeline(input, output, everything, RULES);
    assert.ok(anomalies.isEmpty, String(anomalies));
  }
});

for (const rule of PIPELINE_RULES)
  test(`it catches a planted ${rule}`, () => {
    const input = makeInput(1);
    const output = recompute(input, RULES);
    const outputs = { committed: copy(output), everything: copy(output) };
    PLANTED[rule](outputs);
    const anomalies = checkPipeline(input, outputs.committed, outputs.everything, RULES);
    assert.ok(anomalies.found.has(rule), `found only: ${anomalies.names.join(", ")}`);
  });

test("what it recomputes of sessions, joins and calls is what a reader of four records expects", () => {
  const input = [
    { id: 0, at: 1000, amount: 1 },
    { id: 1, at: 1060, amount: 2 },
    { id: 2, at: 1200, amount: 4 },
    { id: 3, at: 1190, amount: 8 },
  ].map((record) => ({ partition: 0, offset: record.id, key: "k", ...record }));
  const { extras } = recompute(input, RULES);
  assert.deepEqual(
    extras.map(({ kind, a, b, sum }) => [kind, a, b, sum]),
    [
      ["session", 1000, 1120, 3],
      ["session", 1190, 1260, 12],
      ["pair", 0, 1, 3],
      ["pair", 2, 3, 12],
      ["version", 0, -1, 1],
      ["version", 2, 3, 12],
      ["answer", 0, 0, 2],
      ["answer", 3, 0, 16],
    ],
  );
});
