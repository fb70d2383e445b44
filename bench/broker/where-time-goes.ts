// Where a case's time goes, and what its limit is: CPU of the broker by thread, of everything else, and what was idle.
import type { Durability, Figures } from "./compare-case.ts";
import { cpuSeconds, machineSeconds, round, workOfThreads } from "./process-figures.ts";

/** From this share on something counts as fully used. */
const FULL = 0.9;

export interface Where {
  readonly seconds: number;
  readonly brokerCpuS: number;
  /** Of Node's threads: JavaScript with checksums and copies; the system on the main thread (sockets); the pool (write, fdatasync); collector and compiler. */
  readonly cpu?: { readonly scripts: number; readonly sockets: number; readonly files: number; readonly collector: number };
  /** CPU of everything else on the machine: the client. */
  readonly othersCpuS: number;
  readonly idle: number;
  readonly limit: string;
}

export async function whereTheTimeWent(
  pid: number,
  isNode: boolean,
  durability: Durability,
  work: () => Promise<Figures>,
): Promise<Where & { readonly figures: Figures }> {
  const [machine, threads, cpu, begin] = [machineSeconds(), workOfThreads(pid), cpuSeconds(pid), performance.now()];
  const figures = await work();
  const seconds = (performance.now() - begin) / 1000;
  const brokerCpuS = cpuSeconds(pid) - cpu;
  const now = workOfThreads(pid);
  const { busy, all } = machineSeconds();
  const othersCpuS = Math.max(0, busy - machine.busy - brokerCpuS);
  const idle = all > machine.all ? 1 - (busy - machine.busy) / (all - machine.all) : 0;
  const scripts = now.mainUserS - threads.mainUserS;
  const sockets = now.mainSystemS - threads.mainSystemS;
  const split = { scripts, sockets, files: now.filesS - threads.filesS, collector: now.collectorS - threads.collectorS };
  const limit = limitOf({ idle, mainThread: isNode ? (scripts + sockets) / seconds : 0, others: othersCpuS / seconds, durability });
  return {
    figures,
    seconds: round(seconds),
    brokerCpuS: round(brokerCpuS),
    ...(isNode ? { cpu: mapRounded(split) } : {}),
    othersCpuS: round(othersCpuS),
    idle: round(idle),
    limit,
  };
}

interface Use {
  readonly idle: number;
  readonly mainThread: number;
  readonly others: number;
  readonly durability: Durability;
}

function limitOf({ idle, mainThread, others, durability }: Use): string {
  if (mainThread >= FULL) return "the broker's main thread";
  if (idle <= 1 - FULL) return "all processors are busy";
  if (others >= FULL) return "the client's thread";
  return durability === "disk" ? "waiting: flushes, round trips" : "waiting: round trips";
}

function mapRounded<K extends string>(values: Record<K, number>): Record<K, number> {
  return Object.fromEntries(Object.entries<number>(values).map(([name, value]) => [name, round(value)])) as Record<K, number>;
}
