// Java programs of this folder: compiled once per run against Apache Kafka's jars into a temporary directory, and run as processes.
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { kafkaJars } from "./kafka-jars.ts";

const SOURCES = fileURLToPath(new URL("java", import.meta.url));
const LOG4J =
  "status=error\nappender.o.type=Console\nappender.o.name=o\nappender.o.target=SYSTEM_ERR\nappender.o.layout.type=PatternLayout\nappender.o.layout.pattern=%p %m (%c{1})%n\nrootLogger.level=warn\nrootLogger.appenderRef.o.ref=o\n";
const OPTIONS = ["-Xmx320m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"];

export interface JavaProcess {
  readonly child: ChildProcess;
  /** What it printed so far: lines of stdout, and the last 8,000 characters of stderr. */
  readonly lines: string[];
  stderr(): string;
  /** Resolves to the first line that the pattern matches, also a past one; rejects when the process ends without or the time is over. */
  line(pattern: RegExp, timeoutMs: number): Promise<string>;
  /** The exit code, or the signal's name. */
  readonly ended: Promise<number | string>;
}

export interface Java {
  run(mainClass: string, args: readonly string[], options?: readonly string[]): JavaProcess;
  /** A directory that dispose() removes, for configuration files and state. */
  readonly directory: string;
  dispose(): void;
}

/** Compiles every program of ./java. */
export function compileJava(): Java {
  const jars = kafkaJars();
  const directory = mkdtempSync(join(tmpdir(), "kafka-java-"));
  const files = readdirSync(SOURCES)
    .filter((name) => name.endsWith(".java"))
    .map((name) => join(SOURCES, name));
  const classes = join(directory, "classes");
  const compiled = spawnSync("javac", ["-nowarn", "-encoding", "UTF-8", "-d", classes, "-cp", `${jars}/*`, ...files], { encoding: "utf8" });
  if (compiled.status !== 0) throw new Error(`The Java programs do not compile:\n${compiled.stderr}`);
  const log4j = join(directory, "log4j2.properties");
  writeFileSync(log4j, LOG4J);
  const common = [...OPTIONS, `-Dlog4j2.configurationFile=${log4j}`, "-cp", `${classes}:${jars}/*`];
  return {
    directory,
    run: (mainClass, args, options = []) => watched(spawn("java", [...common, ...options, mainClass, ...args], { cwd: directory })),
    dispose: () => rmSync(directory, { recursive: true, force: true }),
  };
}

function watched(child: ChildProcess): JavaProcess {
  const lines: string[] = [];
  const waiting = new Set<() => void>();
  let rest = "";
  let stderr = "";
  const wakeAll = (): void => waiting.forEach((wake) => wake());
  child.stdin?.end();
  child.stderr!.on("data", (bytes) => (stderr = (stderr + String(bytes)).slice(-8000)));
  child.stdout!.setEncoding("utf8").on("data", (text: string) => {
    const parts = (rest + text).split("\n");
    rest = parts.pop()!;
    lines.push(...parts);
    wakeAll();
  });
  let over: number | string | undefined;
  const ended = new Promise<number | string>((resolve) =>
    child.once("close", (code, signal) => {
      resolve((over = code ?? signal ?? "?"));
      wakeAll();
    }),
  );
  const line = async (pattern: RegExp, timeoutMs: number): Promise<string> => {
    const deadline = performance.now() + timeoutMs;
    for (let seen = 0; ;) {
      for (; seen < lines.length; seen++) if (pattern.test(lines[seen]!)) return lines[seen]!;
      const left = deadline - performance.now();
      if (over !== undefined || left <= 0) {
        const why = over === undefined ? `printed no ${pattern} within ${timeoutMs} ms` : `ended (${over}) without printing ${pattern}`;
        throw new Error(`The Java program ${why}:\n${lines.slice(-10).join("\n")}\n${stderr}`);
      }
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        const wake = (): void => {
          waiting.delete(wake);
          clearTimeout(timer);
          resolve();
        };
        waiting.add(wake);
      });
    }
  };
  return { child, lines, stderr: () => stderr, line, ended };
}
