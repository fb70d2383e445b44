// A function of the user's that does not return: producers are acknowledged, the console answers, `job why` says what is known, and
// Ctrl-C still ends with a final checkpoint and exit code 0 once the function has returned.
import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { createClient } from "../client/index.ts";
import { cli, CliProcess } from "./fixtures/cli-process.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const directory = mkdtempSync(join(tmpdir(), "millrace-spin-"));
const data = join(directory, "data");
const flag = (name: string): string => join(directory, name);
after(() => rmSync(directory, { recursive: true, force: true }));

/** Spins from the record "spin" on, until the file "release" is there. */
const PIPELINE = `
import { existsSync, writeFileSync } from "node:fs";
import { pipeline, t } from "millrace";
import { kafkaSink, kafkaSource, topic } from "millrace/connectors/kafka";
const Word = t.record("Word", { word: t.string() });
export default pipeline("spins", (p) => {
  p.from("words", kafkaSource(topic("words", Word), { startAt: "earliest" }))
    .map((each) => {
      if (each.word !== "spin") return each;
      writeFileSync(${JSON.stringify(flag("spinning"))}, "");
      while (!existsSync(${JSON.stringify(flag("release"))}));
      return each;
    })
    .returns(Word)
    .to("out", kafkaSink(topic("out", Word), { delivery: "exactly-once" }));
});
`;

test("a lambda that spins stops neither acknowledgements nor the console, and Ctrl-C waits for it", async () => {
  mkdirSync(join(directory, "node_modules"));
  symlinkSync(ROOT, join(directory, "node_modules", "millrace"));
  writeFileSync(join(directory, "package.json"), '{ "type": "module" }\n');
  writeFileSync(join(directory, "spins.ts"), PIPELINE);
  const ports = ["--broker-port", "0", "--console-port", "0", "--registry-port", "0"];
  const dev = new CliProcess(["dev", join(directory, "spins.ts"), ...ports, "--data", data, "--json"]);
  const { bootstrapServers, console: page } = JSON.parse((await dev.until("stdout", /^.*\n/))[0]) as Record<string, string>;
  const client = createClient({ brokers: bootstrapServers! });
  try {
    const producer = client.producer();
    const send = (word: string) => producer.send({ topic: "words", value: JSON.stringify({ word }) });
    await send("spin");
    while (!existsSync(flag("spinning"))) await new Promise((resolve) => setTimeout(resolve, 5));
    for (let n = 0; n < 50; n++) await send(`word-${n}`);
    const url = new URL(page!);
    const headers = { authorization: `Bearer ${url.searchParams.get("token")}` };
    assert.equal((await fetch(new URL("/api/status", url), { headers })).status, 200);
    const why = await cli(["job", "why", "--key", "spin", "--data", data]);
    assert.match(why.stdout, /did not answer the question about the key within two seconds|has not reported yet/, why.stderr);
  } finally {
    await client.close();
  }
  dev.signal("SIGINT");
  await dev.until("stderr", /Stopping: a final checkpoint/);
  writeFileSync(flag("release"), "");
  const { exitCode, stderr } = await dev.ended;
  assert.equal(exitCode, 0, stderr);
});
