import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { cli } from "./fixtures/cli-process.ts";

let directory = "";
before(() => {
  directory = mkdtempSync(join(tmpdir(), "millrace-usage-"));
});
after(() => rmSync(directory, { recursive: true, force: true }));

/** Runs in the empty directory: exit code and the one sentence on stderr. */
async function mistake(...args: string[]): Promise<{ exitCode: number | null; stderr: string }> {
  const { exitCode, stdout, stderr } = await cli(args, { cwd: directory });
  assert.equal(stdout, "");
  assert.equal(stderr.trim().split("\n").length, 1, stderr);
  return { exitCode, stderr: stderr.trim() };
}

function file(name: string, text: string): string {
  writeFileSync(join(directory, name), text);
  return name;
}

test("--version and --help answer on standard output with exit code 0", async () => {
  const [version, help] = await Promise.all([cli(["--version"]), cli(["topic", "tail", "--help"])]);
  assert.match(version.stdout, /^\d+\.\d+\.\d+\n$/);
  assert.equal(version.exitCode, 0);
  assert.equal(help.exitCode, 0);
  assert.match(help.stdout, /--offset <where>/);
});

test("a wrong command line is exit code 2 and one sentence", async () => {
  const [command, value] = await Promise.all([mistake("tpoic"), mistake("dev", "--broker-port", "http")]);
  assert.deepEqual(command, { exitCode: 2, stderr: 'millrace: There is no command "tpoic". Did you mean: millrace topic?' });
  assert.equal(value.exitCode, 2);
  assert.equal(value.stderr, 'millrace: --broker-port "http": expected a port number from 0 (any free one) to 65535.');
});

test("an unreachable broker is exit code 4 at once, with what to type", async () => {
  const all = await Promise.all([["topic", "ls"], ["registry"], ["dev"]].map((words) => mistake(...words, "--brokers", "127.0.0.1:1")));
  for (const { exitCode, stderr } of all) {
    assert.equal(exitCode, 4);
    assert.match(stderr, /No Kafka broker answers at 127\.0\.0\.1:1 \(ECONNREFUSED\)\. Start one with: millrace dev/);
  }
});

test("without a running server, job commands say how to start or find one", async () => {
  const { exitCode, stderr } = await mistake("job", "ls");
  assert.equal(exitCode, 4);
  assert.match(stderr, /No server runs on the data directory \.millrace\. Start one with: millrace dev/);
});

test("a pipeline file that is not there, is no pipeline, or does not parse is one sentence with file and line", async () => {
  const [missing, syntax, other, throws] = await Promise.all([
    mistake("dev", "nope.ts"),
    mistake("run", file("syntax.ts", "const a = 1;\nconst b = ;\n")),
    mistake("run", file("other.ts", "export const a = 1;\n")),
    mistake("dev", file("throws.ts", 'throw new Error("no key");\n')),
  ]);
  assert.equal(missing.exitCode, 3);
  assert.equal(missing.stderr, "millrace: There is no file nope.ts. Give the path of a module that exports a pipeline as its default.");
  assert.equal(syntax.exitCode, 1);
  assert.match(syntax.stderr, /^millrace: syntax\.ts:2: /);
  assert.equal(other.exitCode, 1);
  assert.match(other.stderr, /^millrace: other\.ts does not export a pipeline as its default\. Write: export default pipeline/);
  assert.match(throws.stderr, /^millrace: throws\.ts:1: Error: no key/);
});

test("a port in use is a conflict that names the option", async () => {
  const holder = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => holder.once("listening", resolve));
  const port = String((holder.address() as AddressInfo).port);
  try {
    const [broker, alone, console] = await Promise.all([
      mistake("dev", "--data", "held-1", "--broker-port", port, "--console-port", "0", "--registry-port", "0"),
      mistake("broker", "--data", "held-2", "--port", port),
      mistake("dev", "--data", "held-3", "--broker-port", "0", "--console-port", port, "--registry-port", "0"),
    ]);
    assert.equal(broker.exitCode, 5);
    assert.match(broker.stderr, /broker's port \d+ is in use by another program.*--broker-port N \(0 = any free one\)/);
    assert.equal(alone.exitCode, 5);
    assert.match(alone.stderr, /: --port N/);
    assert.equal(console.exitCode, 5);
    assert.match(console.stderr, /console's port \d+ is in use.*--console-port N/);
  } finally {
    holder.close();
  }
});

test("a data directory that is a file or cannot be written is named, with another way", async (t) => {
  const { exitCode, stderr } = await mistake(
    "dev",
    "--data",
    `${file("plain", "")}/data`,
    "--broker-port",
    "0",
    "--console-port",
    "0",
    "--registry-port",
    "0",
  );
  assert.equal(exitCode, 1);
  assert.match(stderr, /data directory plain\/data is, or lies below, a file.*--data DIR/);
  if (process.getuid?.() === 0) return t.diagnostic("as root every directory can be written: not tried");
  const locked = mkdtempSync(join(directory, "locked-"));
  chmodSync(locked, 0o555);
  assert.match((await mistake("dev", "--data", `${locked}/data`, "--broker-port", "0")).stderr, /cannot be written \(EACCES\)/);
});

test("--show-config prints every setting with its origin, and secrets as ***", async () => {
  file("millrace.config.mjs", 'export default { consolePort: 4401, broker: { "num.partitions": "4" } };\n');
  const { exitCode, stdout } = await cli(["dev", "--broker-port", "0", "--show-config"], {
    cwd: directory,
    environment: { KAFKA_BROKERS: "kafka:9092", MILLRACE_TOKEN: "0123456789abcdef" },
  });
  rmSync(join(directory, "millrace.config.mjs"));
  assert.equal(exitCode, 0);
  const lines = stdout.split("\n");
  for (const line of [
    "brokerPort\t0\tflag --broker-port",
    "consolePort\t4401\tmillrace.config.ts",
    "brokers\tkafka:9092\tenvironment KAFKA_BROKERS",
    "durability\tdisk\tdefault",
    "token\t***\tenvironment MILLRACE_TOKEN",
    "broker.num.partitions\t4\tmillrace.config.ts",
  ])
    assert.ok(lines.includes(line), `${line}\nis missing in\n${stdout}`);
});

test("a config file with an unknown setting is a usage error that names the nearest", async () => {
  file("millrace.config.mjs", "export default { brokrPort: 1 };\n");
  const { exitCode, stderr } = await mistake("dev");
  rmSync(join(directory, "millrace.config.mjs"));
  assert.equal(exitCode, 2);
  assert.match(stderr, /millrace\.config\.mjs: there is no setting "brokrPort"\. Did you mean "brokerPort"\?/);
});
