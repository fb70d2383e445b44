// Who a process is, so that its pid alone never stands for it: pids are reused. Linux: /proc (start time in ticks since boot, boot id,
// pid namespace). Elsewhere: `ps` (start time to the second).
import { execFile } from "node:child_process";
import { readFileSync, readlinkSync } from "node:fs";

export interface ProcessIdentity {
  readonly pid: number;
  /** When the process started, in the system's own words with letters, digits and hyphens only: compared for equality. */
  readonly startTime: string;
  /** Linux: changes with every boot. Empty elsewhere (the start time has a date there). */
  readonly bootId: string;
  /** Linux: the namespace that `pid` is a number of. Empty elsewhere. */
  readonly pidNamespace: string;
}

export async function ownIdentity(): Promise<ProcessIdentity> {
  const startTime = await startTimeOf(process.pid);
  if (startTime === undefined) throw new Error(`The start time of this process (${process.pid}) cannot be read from /proc or ps.`);
  return { pid: process.pid, startTime, bootId: tryRead("/proc/sys/kernel/random/boot_id").trim(), pidNamespace: ownPidNamespace() };
}

/** "unknown": a process with that pid exists in some namespace that cannot be seen from here, or its start time is hidden. */
export async function isAlive(identity: ProcessIdentity, self: ProcessIdentity): Promise<"alive" | "dead" | "unknown"> {
  if (identity.bootId !== self.bootId) return "dead";
  if (identity.pidNamespace !== self.pidNamespace) return "unknown";
  try {
    process.kill(identity.pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return "dead";
  }
  const startTime = await startTimeOf(identity.pid);
  if (startTime === undefined) return "unknown";
  return startTime === identity.startTime ? "alive" : "dead";
}

/** undefined: cannot be read. "zombie" is a process that has ended and waits for its parent. */
function startTimeOf(pid: number): Promise<string | undefined> {
  if (process.platform === "linux") return Promise.resolve(linuxStartTime(tryRead(`/proc/${pid}/stat`)));
  return new Promise((resolve) => {
    execFile("ps", ["-o", "lstart=", "-p", String(pid)], { env: { LC_ALL: "C", TZ: "UTC" } }, (error, stdout) => {
      resolve(error !== null || stdout.trim() === "" ? undefined : stdout.trim().replaceAll(/[^0-9A-Za-z]+/g, "-"));
    });
  });
}

/** From the line of /proc/PID/stat, see proc(5): the name in parentheses may contain anything. */
export function linuxStartTime(line: string): string | undefined {
  const fields = line.slice(line.lastIndexOf(")") + 2).split(" ");
  if (line === "" || fields.length < 20) return undefined;
  return fields[0] === "Z" || fields[0] === "X" ? "zombie" : fields[19];
}

function ownPidNamespace(): string {
  try {
    return readlinkSync("/proc/self/ns/pid").replaceAll(/[^0-9]/g, "");
  } catch {
    return "";
  }
}

function tryRead(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
