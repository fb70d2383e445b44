// What a process has used, from /proc (Linux).
import { readdirSync, readFileSync } from "node:fs";

const TICKS_PER_S = 100;

/** Seconds of CPU of the whole process so far, user and system. */
export function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]!.split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_S;
}

/** Resident now, and the most it ever was. */
export function memoryMb(pid: number): { readonly rssMb: number; readonly peakRssMb: number } {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const mb = (name: string): number => Math.round((Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(status)?.[1] ?? 0) * 1024) / 1e6);
  return { rssMb: mb("VmRSS"), peakRssMb: mb("VmHWM") };
}

export function openFiles(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

export const round = (value: number): number => Math.round(value * 100) / 100;

export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0);
}
