// `millrace broker` as a process on a given directory, as a user starts it: built if dist/ is there and not older than src/, else from source,
// which costs about twice the CPU until it listens.
import { spawn, type ChildProcess } from "node:child_process";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const BIN = fileURLToPath(new URL("../../bin/millrace.cjs", import.meta.url));
const BUILT = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const SOURCES = fileURLToPath(new URL("../../src", import.meta.url));
const SOURCE = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));

export const IS_BUILT = isBuilt();

function isBuilt(): boolean {
  const built = statSync(BUILT, { throwIfNoEntry: false });
  if (built === undefined) return false;
  const files = readdirSync(SOURCES, { recursive: true, encoding: "utf8" }).filter(
    (name) => name.endsWith(".ts") && !name.endsWith(".test.ts"),
  );
  return files.every((name) => statSync(join(SOURCES, name)).mtimeMs <= built.mtimeMs);
}

export interface BrokerProcess {
  readonly brokers: string;
  readonly pid: number;
  /** performance.now() of the spawn, and when it said that it listens. */
  readonly spawnedAt: number;
  readonly listeningAt: number;
  end(signal: "SIGTERM" | "SIGKILL"): Promise<void>;
}

export async function startBrokerProcess(dataDir: string, flags: readonly string[] = []): Promise<BrokerProcess> {
  const program = IS_BUILT ? [BIN] : ["--conditions=source", SOURCE];
  const spawnedAt = performance.now();
  const args = [...program, "broker", "--port", "0", "--data", dataDir, "--json", ...flags];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "ignore"] });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const brokers = await listening(child);
  const listeningAt = performance.now();
  return {
    brokers,
    pid: child.pid!,
    spawnedAt,
    listeningAt,
    end: (signal) => {
      child.kill(signal);
      return ended;
    },
  };
}

function listening(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let output = "";
    child.once("exit", (code) => reject(new Error(`millrace broker ended with code ${code} before it listened`)));
    child.stdout!.on("data", (bytes) => {
      output += String(bytes);
      const started = /"bootstrapServers":"([^"]+)"/.exec(output);
      if (started !== null) resolve(started[1]!);
    });
  });
}
