// A server with a registry, and Confluent's Java serialisers beside it (java/Exchange.java): what one of the two wrote, the other reads.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Pipeline } from "millrace";
import { createClient, type KafkaClient } from "millrace/client";
import { startServer, type Server } from "millrace/server";
import { compiled } from "./prerequisites.ts";

export type ExchangeFormat = "AvroExchange" | "ProtobufExchange" | "JsonSchemaExchange";

/** A key or a value as Java's deserialiser gave it: a text, or a record's name and JSON. */
export type JavaPart = string | { readonly name: string; readonly row: Readonly<Record<string, unknown>> };

export interface JavaRecord {
  readonly key: JavaPart;
  readonly value: JavaPart;
}

/** The names of a record's headers, and their bytes as hexadecimal digits. */
export type HeaderBytes = Readonly<Record<string, string>>;

export class ConfluentExchange {
  readonly server: Server;
  readonly client: KafkaClient;
  readonly #directory: string;
  readonly #classPaths = new Map<string, string>();

  private constructor(directory: string, server: Server) {
    this.#directory = directory;
    this.server = server;
    this.client = createClient({ brokers: server.bootstrapServers });
  }

  static async start(): Promise<ConfluentExchange> {
    const directory = mkdtempSync(join(tmpdir(), "millrace-exchange-"));
    const ports = { brokerPort: 0, consolePort: 0, registryPort: 0 };
    return new ConfluentExchange(directory, await startServer({ dataDir: join(directory, "data"), ...ports, logger: { log() {} } }));
  }

  async close(): Promise<void> {
    await this.client.close();
    await this.server.close();
    rmSync(this.#directory, { recursive: true, force: true });
  }

  async created(names: readonly string[], partitions = 1): Promise<void> {
    await this.client.admin().createTopics(names.map((name) => ({ name, partitions })));
  }

  /** Asks the registry. */
  async ask(path: string, body?: object): Promise<Record<string, unknown>> {
    const headers = { "content-type": "application/vnd.schemaregistry.v1+json" };
    const init = body === undefined ? {} : { method: "POST", headers, body: JSON.stringify(body) };
    const answer = await fetch(this.server.registryUrl! + path, init);
    assert.equal(answer.status, 200, `${path}: ${await answer.clone().text()}`);
    return (await answer.json()) as Record<string, unknown>;
  }

  async run(pipeline: Pipeline, parallelism = 1): Promise<void> {
    const { state, ...rest } = await (await this.server.run(pipeline, { once: true, parallelism })).finished;
    assert.equal(state, "finished", JSON.stringify(rest));
  }

  /** With the serialisers of one class path. */
  java(format: ExchangeFormat, jars: string): JavaExchange {
    const known = this.#classPaths.get(format + jars);
    const source = fileURLToPath(new URL(`java/${format}.java`, import.meta.url));
    const classPath = known ?? compiled(source, jars, mkdtempSync(join(this.#directory, format)));
    this.#classPaths.set(format + jars, classPath);
    return new JavaExchange(this, format, classPath);
  }

  /** The headers of a topic's first `count` records. */
  async headers(topic: string, count: number): Promise<HeaderBytes[]> {
    const [described] = await this.client.admin().describeTopics([topic]);
    const consumer = this.client.consumer();
    await consumer.assign(described!.partitions.map(({ partition }) => ({ topic, partition, offset: "earliest" as const })));
    const found: HeaderBytes[] = [];
    for await (const batch of consumer) {
      for (const { headers } of batch.records)
        found.push(Object.fromEntries(headers.map(({ key, value }) => [key, Buffer.from(value!).toString("hex")])));
      if (found.length >= count) break;
    }
    await consumer.close();
    return found;
  }
}

export class JavaExchange {
  readonly #exchange: ConfluentExchange;
  readonly #main: string;
  readonly #classPath: string;

  constructor(exchange: ConfluentExchange, main: string, classPath: string) {
    this.#exchange = exchange;
    this.#main = main;
    this.#classPath = classPath;
  }

  /** Writes lines "KEY<tab>VALUE" (of texts and javaPart()); answers "sent" or "refused" for each. */
  async answers(topic: string, lines: readonly string[], settings: readonly string[] = []): Promise<string[]> {
    return (await this.#run(["produce", topic], settings, lines)).stdout;
  }

  /** As answers(), where nothing may be refused. */
  async produce(topic: string, lines: readonly string[], settings: readonly string[] = []): Promise<void> {
    const { stdout, stderr } = await this.#run(["produce", topic], settings, lines);
    assert.ok(stdout.length === lines.length && stdout.every((each) => each === "sent"), stderr);
  }

  async consume(topic: string, count: number, settings: readonly string[] = []): Promise<JavaRecord[]> {
    const { stdout } = await this.#run(["consume", topic, `${count}`], settings, []);
    assert.equal(stdout.length, count);
    return stdout.map((line) => {
      const [key, value] = line.split("\t") as [string, string];
      return { key: readPart(key), value: readPart(value) };
    });
  }

  /** Serialises again what it deserialised of the topic's first `count` records. */
  async copy(topics: readonly { readonly from: string; readonly to: string; readonly count: number }[]): Promise<void> {
    const lines = topics.map(({ from, to, count }) => `${from}\t${to}\t${count}`);
    const { stdout } = await this.#run(["copy"], [], lines);
    assert.equal(stdout.length, topics.reduce((sum, { count }) => sum + count, 0)); // prettier-ignore
  }

  async #run(
    args: readonly string[],
    settings: readonly string[],
    lines: readonly string[],
  ): Promise<{ stdout: string[]; stderr: string }> {
    const { bootstrapServers, registryUrl } = this.#exchange.server;
    const all = [...args, `bootstrap.servers=${bootstrapServers}`, `schema.registry.url=${registryUrl}`, ...settings];
    const options = ["-Xmx256m", "-XX:TieredStopAtLevel=1", "-Dfile.encoding=UTF-8", "-cp", this.#classPath, this.#main];
    return await outputOf("java", [...options, ...all], lines.map((line) => `${line}\n`).join(""));
  }
}

/** Runs a program while the server in this process goes on. Answers the lines of its output. */
export async function outputOf(program: string, args: readonly string[], input = ""): Promise<{ stdout: string[]; stderr: string }> {
  const child = spawn(program, args, { timeout: 90_000 });
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  child.stdin.end(input);
  const status = await new Promise((resolve, reject) => child.on("error", reject).on("close", resolve));
  assert.equal(status, 0, stderr);
  return { stdout: stdout.split("\n").filter((line) => line !== ""), stderr };
}

/** A key or value with a schema: its text, and names and texts of what it refers to. `name`: a Protobuf message's. */
export function javaPart(schema: string, row: unknown, name = "record", references: readonly string[] = []): string {
  return `${name} ${Buffer.from([schema, ...references].join("\0")).toString("base64")} ${JSON.stringify(row)}`;
}

function readPart(text: string): JavaPart {
  const at = text.indexOf(" ");
  return at < 0 ? text : { name: text.slice(0, at), row: JSON.parse(text.slice(at + 1)) as Record<string, unknown> };
}
