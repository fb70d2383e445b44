// What the process costs, for Prometheus, under the names that its clients in all languages use; and how idle the one thread is that does
// what Apache Kafka's network and request threads do, under their names.
import { readdirSync } from "node:fs";
import { performance, type EventLoopUtilization } from "node:perf_hooks";

/** Of the whole process; the idle share is since the last call of the same reader. */
export function processMetrics(): () => string {
  let last: EventLoopUtilization = performance.eventLoopUtilization();
  return () => {
    const now = performance.eventLoopUtilization();
    const idle = 1 - performance.eventLoopUtilization(now, last).utilization;
    last = now;
    const { user, system } = process.cpuUsage();
    const memory = process.memoryUsage.rss();
    const files = openFiles();
    return [
      "# TYPE process_cpu_seconds_total counter",
      `process_cpu_seconds_total ${(user + system) / 1e6}`,
      gauge("process_resident_memory_bytes", memory),
      gauge("process_start_time_seconds", performance.timeOrigin / 1000),
      ...(files === undefined ? [] : [gauge("process_open_fds", files)]),
      gauge("kafka_network_socketserver_networkprocessoravgidle_percent", idle),
      gauge("kafka_server_kafkarequesthandlerpool_requesthandleravgidle_percent", idle),
      "",
    ].join("\n");
  };
}

function gauge(name: string, value: number): string {
  return `# TYPE ${name} gauge\n${name} ${value}`;
}

/** undefined where the system does not tell. */
function openFiles(): number | undefined {
  try {
    return readdirSync("/proc/self/fd").length - 1; // without the one that reads the list
  } catch {
    return undefined;
  }
}
