// millrace broker --metrics-port: Prometheus' page of a broker without a console.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { CliProcess, cli } from "./fixtures/cli-process.ts";

const directory = mkdtempSync(join(tmpdir(), "millrace-metrics-"));
let broker: CliProcess;
let metrics: string;

before(async () => {
  broker = new CliProcess(["broker", "--port", "0", "--metrics-port", "0", "--data", join(directory, "data"), "--json"]);
  metrics = (JSON.parse((await broker.until("stdout", /^\{.*\}$/m))[0]) as { metrics: string }).metrics;
});
after(async () => {
  broker.signal("SIGTERM");
  await broker.ended;
  rmSync(directory, { recursive: true, force: true });
});

function get(path: string, host?: string): Promise<{ status: number; type: string; text: string }> {
  return new Promise((resolve, reject) => {
    const asked = request(metrics, { path, ...(host === undefined ? {} : { headers: { host } }) }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (part: string) => (text += part));
      response.on("end", () => resolve({ status: response.statusCode!, type: response.headers["content-type"]!, text }));
    });
    asked.on("error", reject).end();
  });
}

test("the page has Kafka's names and what the process costs, line by line as Prometheus reads it", async () => {
  const { status, type, text } = await get("/metrics");
  assert.equal(status, 200);
  assert.match(type, /^text\/plain; version=0\.0\.4/);
  const names = new Set<string>();
  for (const line of text.trimEnd().split("\n")) {
    assert.match(line, /^(# HELP [a-z_]+ \S.*|# TYPE [a-z_]+ (counter|gauge|summary)|[a-z_]+(\{[^{}]*\})? -?[\d.e+-]+)$/, line);
    if (!line.startsWith("#")) names.add(line.split(/[{ ]/)[0]!);
  }
  const asked = [
    "kafka_server_brokertopicmetrics_messagesin_total",
    "kafka_server_replicamanager_underreplicatedpartitions",
    "kafka_controller_kafkacontroller_activecontrollercount",
    "kafka_controller_kafkacontroller_offlinepartitionscount",
    "kafka_server_kafkarequesthandlerpool_requesthandleravgidle_percent",
    "kafka_network_socketserver_networkprocessoravgidle_percent",
    "process_cpu_seconds_total",
    "process_resident_memory_bytes",
  ];
  for (const name of asked) assert.ok(names.has(name), name);
});

test("nothing else is there, and a web page's own name for the address is refused", async () => {
  assert.equal((await get("/")).status, 404);
  assert.equal((await get("/metrics", "evil.example:80")).status, 403);
  assert.equal((await get("/metrics", `localhost:${new URL(metrics).port}`)).status, 200);
});

test("a target that is no URL is not found, and the broker goes on", async () => {
  for (const path of ["//", "//[", "http://[/metrics", "*"]) assert.equal((await get(path)).status, 404, path);
  assert.equal((await get("/metrics?match=all")).status, 200);
});

test("a port in use is a conflict that names the option", async () => {
  const { port } = new URL(metrics);
  const second = await cli(["broker", "--port", "0", "--metrics-port", port, "--data", join(directory, "other")]);
  assert.equal(second.exitCode, 5);
  assert.match(second.stderr, new RegExp(`--metrics-port ${port} cannot be listened on \\(EADDRINUSE\\)`));
});
