// What a process and the machine have used, from /proc (Linux).
import { readdirSync, readFileSync, writeFileSync } from "node:fs";

const TICKS_PER_S = 100;

/** Seconds of CPU of the whole process so far, user and system. */
export function cpuSeconds(pid: number): number {
  const { user, system } = times(`/proc/${pid}/stat`);
  return user + system;
}

interface Times {
  readonly user: number;
  readonly system: number;
}

function times(path: string): Times {
  const fields = readFileSync(path, "utf8").split(") ").at(-1)!.split(" ");
  return { user: Number(fields[11]) / TICKS_PER_S, system: Number(fields[12]) / TICKS_PER_S };
}

/** Where a Node process's CPU seconds went: its own thread in our code and in the system (sockets), file operations, the collector. */
export interface WorkOfThreads {
  readonly mainUserS: number;
  readonly mainSystemS: number;
  readonly filesS: number;
  readonly collectorS: number;
}

export function workOfThreads(pid: number): WorkOfThreads {
  let [mainUserS, mainSystemS, filesS, collectorS] = [0, 0, 0, 0];
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    try {
      const { user, system } = times(`/proc/${pid}/task/${thread}/stat`);
      const name = readFileSync(`/proc/${pid}/task/${thread}/comm`, "utf8");
      if (Number(thread) === pid) [mainUserS, mainSystemS] = [user, system];
      else if (name.startsWith("V8") || name.startsWith("Delayed")) collectorS += user + system;
      else filesS += user + system;
    } catch {
      continue; // it ended meanwhile
    }
  }
  return { mainUserS, mainSystemS, filesS, collectorS };
}

/** Seconds that all processors together were busy, and their number times the time. */
export function machineSeconds(): { readonly busy: number; readonly all: number } {
  const [user, nice, system, idle, wait, ...others] = readFileSync("/proc/stat", "utf8").split("\n")[0]!.split(/\s+/).slice(1, 9).map(Number) as [number, number, number, number, number, ...number[]]; // prettier-ignore
  const busy = user + nice + system + others.reduce((sum, each) => sum + each, 0);
  return { busy: busy / TICKS_PER_S, all: (busy + idle + wait) / TICKS_PER_S };
}

/** Resident now, and the most it was since the process began or forgetPeak(). */
export function memoryMb(pid: number): { readonly rssMb: number; readonly peakRssMb: number } {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const mb = (name: string): number => Math.round((Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(status)?.[1] ?? 0) * 1024) / 1e6);
  return { rssMb: mb("VmRSS"), peakRssMb: mb("VmHWM") };
}

export function forgetPeak(pid: number): void {
  writeFileSync(`/proc/${pid}/clear_refs`, "5");
}

export function openFiles(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

export const round = (value: number): number => Math.round(value * 100) / 100;

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}

export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0);
}
