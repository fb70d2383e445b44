// `npm start [-- --example NAME]`: runs one of the examples; fraud-detection unless said otherwise.
const EXAMPLES: Readonly<Record<string, () => Promise<{ main(args: readonly string[]): Promise<number> }>>> = {
  "fraud-detection": () => import("./fraud-detection/main.ts"),
};

const args = process.argv.slice(2);
const at = args.indexOf("--example");
const name = at === -1 ? "fraud-detection" : (args[at + 1] ?? "");
if (at !== -1) args.splice(at, 2);
const example = EXAMPLES[name];
if (example === undefined) {
  console.error(`There is no example "${name}". Examples: ${Object.keys(EXAMPLES).join(", ")}.`);
  process.exit(2);
}
try {
  process.exit(await (await example()).main(args));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
