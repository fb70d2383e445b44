// 100,000 subjects in the topic: how long a start takes, and registrations that wait for fdatasync, of one caller and of several at once. Broker,
// registry and callers are processes of their own. What other work takes from the machine does not count: a start is held to its CPU time,
// registry and broker together; of registrations all rounds count in which others took less than a tenth of the machine and none of the flushes
// made beside them found the disk slow. Where there is none, half of the registrations are held to the bound, by the share of the machine that
// was there for them and what the disk took.
import assert from "node:assert/strict";
import { request, Agent } from "node:http";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { open } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { createClient } from "millrace/client";
import { CliProcess } from "../../src/cli/fixtures/cli-process.ts";
import { runningRegistry } from "./running.ts";

const SUBJECTS = 100_000;
const START_BOUND_MS = 5000;
const P99_BOUND_MS = 20;
/** Each caller registers again as soon as it is answered; `perS`: no faster than so many of all callers in a second. */
const LOADS: readonly Load[] = [{ callers: 1 }, { callers: 8 }, { callers: 32, perS: 1000 }];
/** As fast as two processors go, broker, registry and callers together: what a request waits for is its turn. Told, not judged. */
const SATURATION: Load = { callers: 32 };
const ROUNDS = 3;
/** Of all processors, by processes that are not this test's. */
const OTHERS_SHARE = 0.1;
/** A disk that nobody else writes to takes less for a page, every time, also beside the registrations. */
const PROMPT_DISK_MS = 10;
const PROBE_PAUSE_MS = 5;
const SETTLE = 200;
const REGISTRATIONS = 1000;

interface Load {
  readonly callers: number;
  readonly perS?: number;
}

/** What a page took to reach the disk meanwhile, in ms. */
interface Flushes {
  readonly p50: number;
  readonly longest: number;
}

interface Round {
  readonly load: Load;
  /** Of each registration, in ms. */
  readonly times: readonly number[];
  readonly others: number;
  readonly disk: Flushes;
}

test(`${SUBJECTS} subjects: start under ${START_BOUND_MS} ms of CPU, registration p99 under ${P99_BOUND_MS} ms for ${LOADS.map(nameOf).join(", ")}`, async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "millrace-registry-scale-"));
  const broker = new CliProcess(["broker", "--port", "0", "--data", directory, "--json"]);
  try {
    const { bootstrapServers } = JSON.parse((await broker.until("stdout", /^.*\n/))[0]) as { bootstrapServers: string };
    await fill(bootstrapServers);
    const before = cpuMsOf(broker.child.pid!);
    const began = performance.now();
    const registry = await runningRegistry(bootstrapServers); // a process: its loading counts
    const startMs = performance.now() - began;
    const startCpuMs = cpuMsOf(broker.child.pid!) - before + cpuMsOf(registry.pid);
    const lines = [`start ${startMs.toFixed(0)} ms, ${startCpuMs.toFixed(0)} ms of CPU`];
    const pids = [broker.child.pid!, registry.pid, process.pid];
    const all: Round[] = [];
    for (let round = 0; round < ROUNDS; round++)
      for (const load of [...LOADS, SATURATION]) {
        const share = othersSince(pids);
        const flushes = flushesSince(join(directory, "probe"));
        const times = await registrations(registry.url, load, `r${round}`);
        const [others, disk] = [share(), await flushes()];
        all.push({ load, times, others, disk });
        const beside = `others took ${(100 * others).toFixed(0)} % of the machine, the longest fdatasync beside it ${disk.longest.toFixed(1)} ms`;
        lines.push(
          `${nameOf(load)}: p50 ${percentile(times, 0.5).toFixed(1)} ms, p99 ${percentile(times, 0.99).toFixed(1)} ms (${beside})`,
        );
      }
    await registry.stop();
    for (const line of lines) t.diagnostic(line);
    assert.ok(startCpuMs < START_BOUND_MS, lines[0]);
    for (const load of LOADS) assertPrompt(all.filter((round) => round.load === load), lines.join("; ")); // prettier-ignore
  } finally {
    broker.signal("SIGTERM");
    await broker.ended;
    rmSync(directory, { recursive: true, force: true });
  }
});

/** All rounds count in which machine and disk were there for them, together; if there was none, half of the registrations of each. */
function assertPrompt(rounds: readonly Round[], figures: string): void {
  const quiet = rounds.filter(({ others, disk }) => others < OTHERS_SHARE && disk.longest < PROMPT_DISK_MS).flatMap(({ times }) => times);
  if (quiet.length > 0) assert.ok(percentile(quiet, 0.99) < P99_BOUND_MS, figures);
  else
    for (const { times, others, disk } of rounds) assert.ok(percentile(times, 0.5) < P99_BOUND_MS / (1 - others) + 2 * disk.p50, figures);
}

function nameOf({ callers, perS }: Load): string {
  return `${callers} caller${callers > 1 ? "s" : ""}${perS === undefined ? "" : ` at ${perS} a second`}`;
}

function percentile(times: readonly number[], part: number): number {
  return times.toSorted((a, b) => a - b)[Math.floor(times.length * part)]!;
}

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

/** In ms; the first ones of a connection do not count. */
async function registrations(url: string, { callers, perS }: Load, round: string): Promise<number[]> {
  const start = performance.now();
  const agent = new Agent({ keepAlive: true, maxSockets: callers });
  const times: number[] = [];
  let next = 0;
  const caller = async (): Promise<void> => {
    while (next < REGISTRATIONS + SETTLE) {
      const index = next++;
      if (perS !== undefined) await delay(Math.max(0, start + (index / perS) * 1000 - performance.now()));
      const name = `New_${round}_${callers}_${perS ?? "all"}_${index}`;
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
  return times;
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

/** Answers the share of all processors that went to other processes than these since. */
function othersSince(pids: readonly number[]): () => number {
  const ours = (): number => pids.reduce((sum, pid) => sum + cpuMsOf(pid), 0);
  const before = { busy: busyMs(), ours: ours(), at: performance.now() };
  return () => (busyMs() - before.busy - (ours() - before.ours)) / (performance.now() - before.at) / availableParallelism();
}

/** Of all processors since the machine started: neither idle nor waiting for a disk. */
function busyMs(): number {
  const [user, nice, system, , , irq, softIrq, steal] = readFileSync("/proc/stat", "utf8").split("\n")[0]!.split(/ +/).slice(1).map(Number);
  return 10 * (user! + nice! + system! + irq! + softIrq! + steal!);
}

/** Writes and flushes pages to a file of its own, now and then, until it is asked. */
function flushesSince(path: string): () => Promise<Flushes> {
  const times: number[] = [];
  let ended = false;
  const probes = (async (): Promise<void> => {
    const file = await open(path, "w");
    while (!ended) {
      const began = performance.now();
      await file.write(new Uint8Array(4096));
      await file.datasync();
      times.push(performance.now() - began);
      await delay(PROBE_PAUSE_MS);
    }
    await file.close();
  })();
  return async () => {
    ended = true;
    await probes;
    return { p50: percentile(times, 0.5), longest: Math.max(...times) };
  };
}
