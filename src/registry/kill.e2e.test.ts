// kill -9 in the middle of registrations, again and again: what was answered is there with its id, and no id has two schemas.
import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { startBroker } from "../broker/index.ts";
import { startRegistry } from "./index.ts";

const PROCESS = fileURLToPath(new URL("e2e/registry-process.ts", import.meta.url));
/** MILLRACE_ROUNDS: more by hand. */
const ROUNDS = Number(process.env["MILLRACE_ROUNDS"] ?? 3);
const ANSWERS_BEFORE_KILL = 25;
const CALLERS = 8;

async function start(brokers: string): Promise<{ readonly child: ChildProcess; readonly url: string }> {
  const child = spawn(process.execPath, ["--conditions=source", PROCESS, brokers], { stdio: ["ignore", "pipe", "inherit"] });
  const [output] = (await once(child.stdout!, "data")) as [Buffer];
  return { child, url: output.toString().trim() };
}

test("answered registrations survive kill -9, and no id is given twice", async () => {
  const directory = await mkdtemp(join(tmpdir(), "millrace-registry-kill-"));
  const broker = await startBroker({ port: 0, dataDir: directory, logger: { log() {} } });
  const answered = new Map<string, number>();
  try {
    for (let round = 0; round < ROUNDS; round++) {
      const { child, url } = await start(broker.bootstrapServers);
      const exited = once(child, "exit");
      let answers = 0;
      const caller = async (index: number): Promise<void> => {
        for (let i = 0; ; i++) {
          const name = `r${round}_${index}_${i}`;
          const schema = JSON.stringify({ type: "enum", name, symbols: ["A"] });
          const response = await fetch(`${url}/subjects/${name}/versions`, { method: "POST", body: JSON.stringify({ schema }) });
          const { id } = (await response.json()) as { id: number };
          answered.set(name, id);
          if (++answers === ANSWERS_BEFORE_KILL) child.kill("SIGKILL");
        }
      };
      await Promise.allSettled(Array.from({ length: CALLERS }, (_, index) => caller(index)));
      await exited;
      assert.ok(answers >= ANSWERS_BEFORE_KILL);
    }
    const registry = await startRegistry({ bootstrapServers: broker.bootstrapServers, port: 0, logger: { log() {} } });
    const all = (await (await fetch(`${registry.url}/schemas`)).json()) as { subject: string; id: number }[];
    await registry.close();
    const byId = new Map(all.map(({ id, subject }) => [id, subject]));
    assert.equal(byId.size, all.length, "an id has two schemas");
    for (const [name, id] of answered) assert.equal(byId.get(id), name);
  } finally {
    await broker.close();
    await rm(directory, { recursive: true, force: true });
  }
});
