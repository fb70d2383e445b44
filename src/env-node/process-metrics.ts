// What the process costs, for Prometheus, under the names that its clients in all languages use; and under Apache Kafka's names how idle the
// one thread is that does what its network and request threads do, and what the process reads from disks and writes to them.
import { readdirSync, readFileSync } from "node:fs";
import { performance, type EventLoopUtilization } from "node:perf_hooks";

/** Name, type, and what it is; in the order of the page. */
export const PROCESS_METRICS = {
  process_cpu_seconds_total: ["counter", "CPU time of all threads"],
  process_resident_memory_bytes: ["gauge", "memory"],
  process_start_time_seconds: ["gauge", "since 1970"],
  process_open_fds: ["gauge", "open files and sockets (Linux)"],
  kafka_server_kafkaserver_linux_disk_read_bytes: ["gauge", "read from disks since the start (Linux)"],
  kafka_server_kafkaserver_linux_disk_write_bytes: ["gauge", "written to disks since the start (Linux)"],
  kafka_network_socketserver_networkprocessoravgidle_percent: [
    "gauge",
    "idle share of the broker's one thread since the last look, 0 to 1",
  ],
  kafka_network_processor_idle_percent: ["gauge", "the same"],
  kafka_server_kafkarequesthandlerpool_requesthandleravgidle_percent: ["gauge", "the same"],
} as const satisfies Readonly<Record<string, readonly ["counter" | "gauge", string]>>;

type ProcessMetric = keyof typeof PROCESS_METRICS;

/** Of the whole process; the idle share is since the last call of the same reader. */
export function processMetrics(): () => string {
  let last: EventLoopUtilization = performance.eventLoopUtilization();
  return () => {
    const now = performance.eventLoopUtilization();
    const idle = 1 - performance.eventLoopUtilization(now, last).utilization;
    last = now;
    const { user, system } = process.cpuUsage();
    const { read, written } = diskBytes();
    const values: Record<ProcessMetric, number | undefined> = {
      process_cpu_seconds_total: (user + system) / 1e6,
      process_resident_memory_bytes: process.memoryUsage.rss(),
      process_start_time_seconds: performance.timeOrigin / 1000,
      process_open_fds: openFiles(),
      kafka_server_kafkaserver_linux_disk_read_bytes: read,
      kafka_server_kafkaserver_linux_disk_write_bytes: written,
      kafka_network_socketserver_networkprocessoravgidle_percent: idle,
      kafka_network_processor_idle_percent: idle,
      kafka_server_kafkarequesthandlerpool_requesthandleravgidle_percent: idle,
    };
    const lines = Object.entries(PROCESS_METRICS).map(([name, [type, help]]) => {
      const value = values[name as ProcessMetric];
      const labels = name === "kafka_network_processor_idle_percent" ? '{networkProcessor="0"}' : "";
      return value === undefined ? "" : `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${name}${labels} ${value}\n`;
    });
    return lines.join("");
  };
}

/** undefined where the system does not tell. */
function openFiles(): number | undefined {
  try {
    return readdirSync("/proc/self/fd").length - 1; // without the one that reads the list
  } catch {
    return undefined;
  }
}

function diskBytes(): { readonly read: number | undefined; readonly written: number | undefined } {
  let text = "";
  try {
    text = readFileSync("/proc/self/io", "latin1");
  } catch {
    // The system does not tell.
  }
  const numberOf = (name: string): number | undefined => {
    const found = new RegExp(`^${name}: (\\d+)$`, "m").exec(text);
    return found === null ? undefined : Number(found[1]);
  };
  return { read: numberOf("read_bytes"), written: numberOf("write_bytes") };
}
