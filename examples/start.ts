// `npm start [-- --example NAME]`: runs one of the examples; fraud-detection unless said otherwise.
import type { Example } from "./running/example.ts";
import { runExample } from "./running/run-example.ts";

const EXAMPLES: Readonly<Record<string, () => Promise<{ readonly example: Example }>>> = {
  "fraud-detection": () => import("./fraud-detection/example.ts"),
  "iot-monitoring": () => import("./iot-monitoring/example.ts"),
  "session-recommendations": () => import("./session-recommendations/example.ts"),
};

const args = process.argv.slice(2).flatMap((arg) => (arg.startsWith("--example=") ? ["--example", arg.slice("--example=".length)] : [arg]));
const at = args.indexOf("--example");
const name = at === -1 ? "fraud-detection" : (args[at + 1] ?? "");
if (at !== -1) args.splice(at, 2);
const load = Object.hasOwn(EXAMPLES, name) ? EXAMPLES[name] : undefined;
if (load === undefined) {
  console.error(`There is no example "${name}". Examples: ${Object.keys(EXAMPLES).join(", ")}.`);
  process.exit(2);
}
try {
  process.exit(await runExample((await load()).example, args));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
