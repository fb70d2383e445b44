// What a user types wrongly, and what the system refuses, when a broker is started: the sentences of real processes.
import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { cli } from "./fixtures/cli-process.ts";

const directory = mkdtempSync(join(tmpdir(), "millrace-start-"));
after(() => rmSync(directory, { recursive: true, force: true }));

function file(name: string, text: string): string {
  writeFileSync(join(directory, name), text);
  return name;
}

async function refused(args: readonly string[], exitCode: number, expected: RegExp): Promise<void> {
  const result = await cli(["broker", "--port", "0", ...args], { cwd: directory });
  assert.match(result.stderr, expected, args.join(" "));
  assert.equal(result.exitCode, exitCode, args.join(" "));
  assert.equal(result.stderr.trimEnd().split("\n").length, 1, result.stderr);
}

test("places that cannot be", async () => {
  mkdirSync(join(directory, "half"));
  file("half/log", "");
  mkdirSync(join(directory, "kafka/orders-0"), { recursive: true });
  file("kafka/meta.properties", "version=1\nnode.id=0\n");
  await Promise.all([
    refused(["--data", "half"], 1, /data directory half .* file.*\(half\/log\)\. Remove that file, or use another directory: --data DIR/),
    refused(["--config", file("empty", "log.dirs=\n")], 2, /empty: log\.dirs is empty\. Name a directory/),
    refused(["--data", "kafka"], 2, /kafka is a log directory of Apache Kafka .*Use another directory with --data DIR;/),
    refused(["--config", file("as-kafka", "log.dirs=kafka\n")], 2, /kafka is a log directory of Apache Kafka/),
    refused(["--config", "none"], 3, /--config none: there is no file .*\/none\./),
    process.platform === "linux" && existsSync("/proc/self")
      ? refused(["--data", "/proc/x"], 1, /data directory \/proc\/x cannot be (made|written).*or use another directory: --data DIR/)
      : undefined,
  ]);
  assert.deepEqual(readdirSync(join(directory, "kafka")).sort(), ["meta.properties", "orders-0"]);
});

test("listeners and settings that cannot be", async () => {
  const holder = createServer();
  await new Promise<void>((resolve) => holder.listen(0, "127.0.0.1", resolve));
  const { port } = holder.address() as AddressInfo;
  try {
    await Promise.all([
      refused(["--listener", "A://127.0.0.1:0", "--listener", `B://127.0.0.1:${port}`], 5, new RegExp(`port ${port} is in use.*--listener NAME`)), // prettier-ignore
      refused(["--listener", "0.0.0.0:0"], 2, /serve everybody.*Listen on 127\.0\.0\.1, or allow it explicitly with --insecure\./),
      refused(["--config", file("told", "listeners=OUT://127.0.0.1:0\nadvertised.listeners=IN://h:1\n")], 2, /told: advertised\.listeners: no listener is named IN; there is OUT/), // prettier-ignore
      refused(["--config", file("wrong", "num.partitions=abc\n")], 2, /wrong: num\.partitions=abc: expected a whole number/),
    ]);
  } finally {
    holder.close();
  }
});
