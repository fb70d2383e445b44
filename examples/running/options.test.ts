// What `npm start` says of options that cannot be.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Example } from "./example.ts";
import { readOptions } from "./options.ts";

const example = { name: "an-example", live: { rate: 500, speed: 3600, what: "readings" } } as unknown as Example;
const refused: readonly [args: readonly string[], says: RegExp][] = [
  [["--rat", "5"], /^There is no option --rat: did you mean --rate\?$/],
  [["--sede=5"], /^There is no option --sede=5: did you mean --seed\?$/],
  [["--console-prt", "1"], /did you mean --console-port\?$/],
  [["-x"], /^There is no option -x: see --help\.$/],
  [["--rate"], /--rate <value>.* argument missing/],
  [["--rate", "fast"], /^--rate fast: expected a number of at least 1\.$/],
  [["file.csv"], /Unexpected argument 'file\.csv'/],
  [["--input", "none.csv"], /^--input none\.csv: there is no such file\.$/],
  [["--once"], /^--once needs a file that ends: add --input FILE\.$/],
  [["--speed", "max"], /^--speed max needs a file: add --input FILE, or give a number\.$/],
];

for (const [args, says] of refused)
  test(`refused: npm start -- ${args.join(" ")}`, () => assert.throws(() => readOptions(example, args), { message: says }));

test("options that there are", () => {
  const options = readOptions(example, ["--rate", "20", "--seed=7", "--json", "--data", "here", "--console-port", "0"]);
  assert.deepEqual(options.source, { kind: "live", seed: 7, rate: 20, speed: 3600 });
  assert.deepEqual([options.json, options.data, options.consolePort], [true, "here", 0]);
});
