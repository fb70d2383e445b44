// kcat (librdkafka) against the broker. It is installed with apt-get when it is missing and we are root; without it the lane says what
// was not run, and fails if CI=true.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { tmpdir } from "node:os";
import { after, before, describe, it } from "node:test";
import { createClient, type KafkaClient } from "millrace/client";
import { createNodeEnv } from "../../env-node/node-env.ts";
import type { Broker } from "../broker.ts";
import { TestBroker } from "./test-broker.ts";

const STEP_TIMEOUT_MS = 30_000;

interface Result {
  readonly stdout: string;
  readonly stderr: string;
}

function kcat(broker: Broker, args: readonly string[], input = ""): Promise<Result> {
  return new Promise((resolve, reject) => {
    const child = spawn("kcat", ["-b", broker.bootstrapServers, ...args], { timeout: STEP_TIMEOUT_MS });
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
    child.on("error", reject);
    child.on("close", (code, signal) => {
      if (code === 0) resolve({ stdout, stderr });
      else reject(new Error(`kcat ${args.join(" ")} ended with ${code ?? signal}: ${stderr.trim()}`));
    });
    child.stdin.end(input);
  });
}

async function read(broker: Broker, topic: string, ...more: string[]): Promise<string[]> {
  const { stdout } = await kcat(broker, ["-C", "-t", topic, "-e", "-q", ...more]);
  return stdout.split("\n").slice(0, -1);
}

/** What does not compress. */
function noise(length: number): string {
  let state = 1;
  return Array.from({ length }, () => String.fromCharCode(33 + ((state = (state * 48_271) % 0x7fffffff) % 90))).join("");
}

async function readByClient(client: KafkaClient, topic: string, count: number): Promise<string[]> {
  const consumer = client.consumer();
  const values: string[] = [];
  await consumer.assign([{ topic, partition: 0, offset: "earliest" }]);
  for await (const batch of consumer) {
    for (const record of batch.records) values.push(new TextDecoder().decode(record.value!));
    if (values.length >= count) break;
  }
  await consumer.close();
  return values;
}

const numbers = (count: number): string[] => Array.from({ length: count }, (_, i) => String(i));
const lines = (values: readonly string[]): string => values.map((value) => `${value}\n`).join("");

const steps: readonly (readonly [string, (broker: Broker) => Promise<void>])[] = [
  [
    "lists an empty broker",
    async (broker) => {
      const { stdout } = await kcat(broker, ["-L"]);
      if (!stdout.includes("broker 0 at") || !stdout.includes("0 topics")) throw new Error(stdout);
    },
  ],
  [
    "produces keys, headers and nulls to a topic that did not exist, and consumes them",
    async (broker) => {
      await kcat(broker, ["-P", "-t", "plain", "-K", ":", "-H", "h=1", "-Z"], "k:v\nonly-key:\n");
      const { stdout } = await kcat(broker, ["-C", "-t", "plain", "-e", "-q", "-Z", "-f", "%o %k %s %h\n"]);
      same("records", stdout, "0 k v h=1\n1 only-key NULL h=1\n");
    },
  ],
  ...(["gzip", "snappy", "lz4", "zstd"] as const).map(
    (codec) =>
      [
        `produces and consumes ${codec} batches, our client too`,
        async (broker: Broker) => {
          const texts = [...numbers(5000), "x".repeat(300_000), noise(100_000)];
          await kcat(broker, ["-P", "-t", codec, "-z", codec], lines(texts));
          const client = createClient({ brokers: broker.bootstrapServers });
          try {
            const producer = client.producer({ compression: codec });
            const sent = texts.map((value) => producer.send({ topic: codec, value }));
            await Promise.all(sent);
            await producer.close();
            same("values read by kcat", await read(broker, codec), [...texts, ...texts]);
            same("values read by our client", await readByClient(client, codec, texts.length * 2), [...texts, ...texts]);
          } finally {
            await client.close();
          }
        },
      ] as const,
  ),
  [
    "produces with acks 0 and acks all",
    async (broker) => {
      for (const acks of ["0", "1", "all"]) await kcat(broker, ["-P", "-t", "acks", "-X", `acks=${acks}`], `${acks}\n`);
      same("values", await read(broker, "acks"), ["0", "1", "all"]);
    },
  ],
  [
    "produces idempotently in many batches",
    async (broker) => {
      await kcat(broker, ["-P", "-t", "idempotent", "-X", "enable.idempotence=true", "-X", "batch.num.messages=10"], lines(numbers(2000)));
      same("values", await read(broker, "idempotent"), numbers(2000));
    },
  ],
  [
    "commits transactions of one transactional id from several processes",
    async (broker) => {
      for (const value of ["a", "b", "c"]) await kcat(broker, ["-P", "-t", "transactions", "-X", "transactional.id=kcat"], `${value}\n`);
      same("values", await read(broker, "transactions", "-X", "isolation.level=read_committed"), ["a", "b", "c"]);
    },
  ],
  [
    "starts at offsets, from the end and at timestamps",
    async (broker) => {
      await kcat(broker, ["-P", "-t", "offsets"], lines(numbers(100)));
      same("from 90", await read(broker, "offsets", "-o", "90"), numbers(100).slice(90));
      same("last 5", await read(broker, "offsets", "-o", "-5"), numbers(100).slice(95));
      same("since the epoch", await read(broker, "offsets", "-o", "s@1"), numbers(100));
      const { stdout } = await kcat(broker, ["-Q", "-t", "offsets:0:-1", "-t", "offsets:0:1"]);
      if (!stdout.includes("offset 100") && !stdout.includes("offset 0")) throw new Error(stdout);
    },
  ],
  [
    "consumes in a group that goes on where it stopped",
    async (broker) => {
      const group = ["-G", "lane", "-q", "-X", "auto.offset.reset=earliest", "-e", "offsets"];
      const first = await kcat(broker, group);
      same("first time", first.stdout, lines(numbers(100)));
      await kcat(broker, ["-P", "-t", "offsets"], "more\n");
      same("second time", (await kcat(broker, group)).stdout, "more\n");
    },
  ],
];

function same(what: string, got: unknown, wanted: unknown): void {
  assert.deepEqual(got, wanted, what);
}

function hasKcat(): boolean {
  return spawnSync("kcat", ["-V"]).status === 0;
}

function install(): boolean {
  if (process.getuid?.() !== 0) return false;
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  for (const args of [["update"], ["install", "-y", "kcat"]]) {
    if (spawnSync("apt-get", args, { env, stdio: ["ignore", "ignore", "inherit"] }).status !== 0) return false;
  }
  return hasKcat();
}

const available = hasKcat() || install();
if (!available) process.stderr.write("Not run: kcat against the broker (kcat is not installed; apt-get install kcat)\n");

describe("kcat", { skip: !available && process.env["CI"] !== "true" }, () => {
  let test: TestBroker;
  before(async () => {
    assert.ok(available, "kcat is not installed, and CI=true asks for it");
    test = await TestBroker.start(createNodeEnv(), tmpdir());
  });
  after(() => test[Symbol.asyncDispose]());
  for (const [name, run] of steps) it(name, () => run(test.broker));
});
