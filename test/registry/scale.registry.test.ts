// 100,000 subjects in the topic: how long a start takes, and a registration that waits for fdatasync. What other work takes from the
// machine does not count: a start is held to its CPU time, registry and broker together, and a registration is given what the disk takes, and
// what a read of the same registry takes at each of its hops beyond a quiet one.
import assert from "node:assert/strict";
import { request, Agent } from "node:http";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { startBroker } from "millrace/broker";
import { createClient } from "millrace/client";
import { runningRegistry } from "./running.ts";

const SUBJECTS = 100_000;
const START_BOUND_MS = 5000;
const P99_BOUND_MS = 20;
/** Flushes of the disk that a slow registration may wait for: the one on its way, and its own. */
const FLUSHES = 2;
/** Between processes: to the registry, to the broker, its answer, the topic's record, the registry's answer. */
const HOPS = 5;
/** A slow read on a machine that does nothing else: only what is above it is others' work. */
const QUIET_READ_MS = 4;
const SETTLE = 200;
const REGISTRATIONS = 1000;

test(`${SUBJECTS} subjects: start under ${START_BOUND_MS} ms of CPU, registration p99 under ${P99_BOUND_MS} ms and ${FLUSHES} flushes`, async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "millrace-registry-scale-"));
  const broker = await startBroker({ port: 0, dataDir: directory, logger: { log() {} } });
  try {
    await fill(broker.bootstrapServers);
    const cpu = process.cpuUsage();
    const began = performance.now();
    const registry = await runningRegistry(broker.bootstrapServers); // a process: its loading counts
    const startMs = performance.now() - began;
    const { user, system } = process.cpuUsage(cpu);
    const startCpuMs = (user + system) / 1000 + cpuMsOf(registry.pid);
    const disk = await fdatasyncP99(directory);
    const lines = [`start ${startMs.toFixed(0)} ms, ${startCpuMs.toFixed(0)} ms of CPU; fdatasync p99 ${disk.toFixed(1)} ms`];
    const p99 = new Map<number, number>();
    const reads = await p99OfReads(registry.url);
    lines.push(`reads: p99 ${reads.toFixed(1)} ms`);
    for (const callers of [1, 8, 32]) {
      const times = await registrations(registry.url, callers);
      const at = (share: number): number => times[Math.floor(times.length * share)]!;
      p99.set(callers, at(0.99));
      lines.push(`${callers} callers: p50 ${at(0.5).toFixed(1)} ms, p99 ${at(0.99).toFixed(1)} ms`);
    }
    await registry.stop();
    for (const line of lines) t.diagnostic(line);
    assert.ok(startCpuMs < START_BOUND_MS, lines[0]);
    const others = HOPS * Math.max(0, reads - QUIET_READ_MS);
    assert.ok(p99.get(1)! < P99_BOUND_MS + FLUSHES * disk + others, lines.join("; "));
  } finally {
    await broker.close();
    rmSync(directory, { recursive: true, force: true });
  }
});

async function fill(brokers: string): Promise<void> {
  const client = createClient({ brokers });
  await client.admin().createTopics([{ name: "_schemas", partitions: 1, config: { "cleanup.policy": "compact" } }]);
  const producer = client.producer();
  let sent: Promise<unknown>[] = [];
  for (let id = 1; id <= SUBJECTS; id++) {
    const subject = `orders-${id}-value`;
    const fields = ["id", "customer", "amount"].map((name) => ({ name, type: "string" }));
    const schema = JSON.stringify({ type: "record", name: `Order${id}`, namespace: "shop", fields });
    const key = JSON.stringify({ keytype: "SCHEMA", subject, version: 1, magic: 1 });
    sent.push(
      producer.send({ topic: "_schemas", partition: 0, key, value: JSON.stringify({ subject, version: 1, id, schema, deleted: false }) }),
    );
    if (sent.length === 5000) await Promise.all(sent.splice(0));
  }
  await Promise.all(sent);
  sent = [];
  await producer.close();
  await client.close();
}

/** Sorted, in ms; the first ones of a connection do not count. */
async function registrations(url: string, callers: number): Promise<number[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: callers });
  const times: number[] = [];
  let next = 0;
  const caller = async (): Promise<void> => {
    while (next < REGISTRATIONS + SETTLE) {
      const index = next++;
      const name = `New${callers}_${index}`;
      const began = performance.now();
      assert.equal(
        await post(
          agent,
          `${url}/subjects/${name}/versions`,
          JSON.stringify({ schema: `{"type":"enum","name":"${name}","symbols":["A"]}` }),
        ),
        200,
      );
      if (index >= SETTLE) times.push(performance.now() - began);
    }
  };
  await Promise.all(Array.from({ length: callers }, caller));
  agent.destroy();
  return times.sort((a, b) => a - b);
}

/** One caller; no disk, one process: little else than what the machine is kept busy with by others. */
async function p99OfReads(url: string): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < REGISTRATIONS; i++) {
    const began = performance.now();
    assert.equal((await fetch(`${url}/schemas/ids/${i + 1}`)).status, 200);
    if (i >= SETTLE) times.push(performance.now() - began);
  }
  return times.sort((a, b) => a - b)[Math.floor(times.length * 0.99)]!;
}

function post(agent: Agent, url: string, body: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
    const sent = request(url, { method: "POST", agent, headers }, (response) => {
      response.resume();
      response.on("end", () => resolve(response.statusCode));
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

/** Of all threads of a process since its start. */
function cpuMsOf(pid: number): number {
  // proc(5): utime and stime are the 14th and 15th field, in ticks of 10 ms; the second one, in brackets, may hold blanks.
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)!.split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

/** Of 200 writes of a page. */
async function fdatasyncP99(directory: string): Promise<number> {
  const file = await open(join(directory, "probe"), "w");
  const times: number[] = [];
  for (let i = 0; i < 200; i++) {
    const began = performance.now();
    await file.write(new Uint8Array(4096));
    await file.datasync();
    times.push(performance.now() - began);
  }
  await file.close();
  return times.sort((a, b) => a - b)[198]!;
}
