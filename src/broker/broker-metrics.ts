// What the broker counts, and its text for Prometheus under the names that the usual exporter gives to Apache Kafka's own metrics, so
// that dashboards carry over. Counting allocates nothing per request of a known API and topic.
import type { LogDirectory } from "../log/log-directory.ts";
import type { ApiHandler } from "./api.ts";
import { RequestTimes } from "./request-times.ts";

export interface ApiCount {
  requests: number;
  failures: number;
  readonly times: RequestTimes;
}

export interface TopicCount {
  messagesIn: number;
  bytesIn: number;
  bytesOut: number;
  /** Of batches that were too large. */
  bytesRejected: number;
  /** One per partition of a request, as Apache Kafka counts them. */
  produceRequests: number;
  fetchRequests: number;
  failedProduceRequests: number;
  failedFetchRequests: number;
}

const QUANTILES = [0.5, 0.75, 0.95, 0.98, 0.99, 0.999] as const;
/** Kafka's states of a group, as its metrics write them; "Assigning" and "Reconciling" are those of KIP-848. */
const GROUP_STATES = ["Empty", "PreparingRebalance", "CompletingRebalance", "Stable", "Dead", "Assigning", "Reconciling"] as const;
/** Of Apache Kafka's states of a broker: it runs. */
const BROKER_RUNS = 3;

/** What belongs to the broker's other parts at this moment. */
export interface Gauges {
  readonly logs: LogDirectory;
  readonly apis: readonly ApiHandler[];
  readonly connections: number;
  /** Since the start. */
  readonly accepted: number;
  readonly requestBytes: number;
  /** The state of each group. */
  readonly groups: readonly string[];
  readonly transactionalIds: number;
  readonly fetchSessions: { readonly sessions: number; readonly partitions: number; readonly evictions: number };
}

export class MetricCounters {
  readonly #apis: (ApiCount | undefined)[] = [];
  readonly #topics = new Map<string, TopicCount>();
  /** Of topics that were forgotten. */
  readonly #gone = newTopicCount();

  api(key: number): ApiCount {
    return (this.#apis[key] ??= { requests: 0, failures: 0, times: new RequestTimes() });
  }

  topic(name: string): TopicCount {
    let count = this.#topics.get(name);
    if (count === undefined) this.#topics.set(name, (count = newTopicCount()));
    return count;
  }

  /** Topics that are gone are forgotten; their sums stay. */
  text(gauges: Gauges): string {
    for (const [name, count] of this.#topics) {
      if (gauges.logs.topic(name) !== undefined) continue;
      for (const field of Object.keys(count) as (keyof TopicCount)[]) this.#gone[field] += count[field];
      this.#topics.delete(name);
    }
    const page = new Page();
    this.#requests(page, gauges);
    this.#traffic(page);
    partitions(page, gauges.logs);
    flushes(page, gauges.logs);
    page.gauge("kafka_server_kafkaserver_brokerstate", BROKER_RUNS);
    page.gauge("kafka_controller_kafkacontroller_activecontrollercount", 1);
    page.gauge("kafka_server_socket_server_metrics_connection_count", gauges.connections);
    page.counter("kafka_server_socket_server_metrics_connection_creation_total", gauges.accepted);
    page.gauge("kafka_network_requestchannel_requestbytes", gauges.requestBytes);
    page.gauge("kafka_coordinator_group_groupmetadatamanager_numgroups", gauges.groups.length);
    for (const state of GROUP_STATES) {
      const count = gauges.groups.filter((each) => each === state).length;
      page.gauge(`kafka_coordinator_group_groupmetadatamanager_numgroups${state.toLowerCase()}`, count);
    }
    page.gauge("kafka_coordinator_transaction_transactionalids", gauges.transactionalIds);
    page.gauge("kafka_server_fetchsessioncache_numincrementalfetchsessions", gauges.fetchSessions.sessions);
    page.gauge("kafka_server_fetchsessioncache_numincrementalfetchpartitionscached", gauges.fetchSessions.partitions);
    page.counter("kafka_server_fetchsessioncache_incrementalfetchsessionevictions_total", gauges.fetchSessions.evictions);
    return page.text();
  }

  #ofAllTopics(field: keyof TopicCount): number {
    let sum = this.#gone[field];
    for (const count of this.#topics.values()) sum += count[field];
    return sum;
  }

  #requests(page: Page, { apis }: Gauges): void {
    const counted = apis.flatMap(({ api }) =>
      this.#apis[api.key] === undefined ? [] : [{ request: api.name, count: this.#apis[api.key]! }],
    );
    page.family("kafka_network_requestmetrics_requests_total", "counter");
    for (const { request, count } of counted) page.sample(count.requests, { request });
    page.family("kafka_network_requestmetrics_errors_total", "counter");
    for (const { request, count } of counted) page.sample(count.failures, { request });
    page.family("kafka_network_requestmetrics_totaltimems", "summary");
    for (const { request, count } of counted) {
      const values = count.times.quantiles(QUANTILES);
      QUANTILES.forEach((quantile, i) => page.sample(values[i]!, { request, quantile: String(quantile) }));
      page.sample(count.times.totalMs, { request }, "_sum");
      page.sample(count.times.count, { request }, "_count");
    }
  }

  #traffic(page: Page): void {
    const families = [
      ["messagesin", "messagesIn"],
      ["bytesin", "bytesIn"],
      ["bytesout", "bytesOut"],
      ["bytesrejected", "bytesRejected"],
      ["totalproducerequests", "produceRequests"],
      ["totalfetchrequests", "fetchRequests"],
      ["failedproducerequests", "failedProduceRequests"],
      ["failedfetchrequests", "failedFetchRequests"],
    ] as const;
    for (const [name, field] of families) {
      page.family(`kafka_server_brokertopicmetrics_${name}_total`, "counter");
      page.sample(this.#ofAllTopics(field)); // Apache Kafka has the sum, too, as the sample without a topic
      for (const [topic, count] of this.#topics) page.sample(count[field], { topic });
    }
  }
}

function partitions(page: Page, logs: LogDirectory): void {
  const all = [...logs.topics()].flatMap((topic) => [...topic.partitions]);
  page.gauge("kafka_server_replicamanager_partitioncount", all.length);
  page.gauge("kafka_server_replicamanager_leadercount", all.length);
  page.gauge("kafka_server_replicamanager_underreplicatedpartitions", 0);
  page.gauge("kafka_server_replicamanager_underminisrpartitioncount", 0);
  page.gauge("kafka_server_replicamanager_offlinereplicacount", 0);
  page.gauge("kafka_controller_kafkacontroller_offlinepartitionscount", 0);
  page.gauge("kafka_controller_kafkacontroller_globaltopiccount", [...logs.topics()].length);
  page.gauge("kafka_controller_kafkacontroller_globalpartitioncount", all.length);
  alone(page, all.length);
  page.counter("millrace_log_damaged_ranges_total", logs.metrics.damagedRanges);
  const families = [
    ["kafka_log_log_size", "sizeBytes"],
    ["kafka_log_log_numlogsegments", "segmentCount"],
    ["kafka_log_log_logstartoffset", "logStartOffset"],
    ["kafka_log_log_logendoffset", "logEndOffset"],
  ] as const;
  for (const [name, field] of families) {
    page.family(name, "gauge");
    for (const log of all) page.sample(log[field], { topic: log.topic, partition: String(log.partition) });
  }
}

/** What dashboards watch on every broker of a cluster, and what it is where there is one copy of everything on one broker. */
function alone(page: Page, partitionCount: number): void {
  page.gauge("kafka_server_replicamanager_atminisrpartitioncount", partitionCount);
  page.gauge("kafka_server_replicamanager_reassigningpartitions", 0);
  page.gauge("kafka_server_replicafetchermanager_maxlag", 0);
  page.counter("kafka_server_replicamanager_isrshrinks_total", 0);
  page.counter("kafka_server_replicamanager_isrexpands_total", 0);
  page.counter("kafka_controller_controllerstats_uncleanleaderelections_total", 0);
  page.gauge("kafka_controller_kafkacontroller_preferredreplicaimbalancecount", 0);
  page.gauge("kafka_controller_kafkacontroller_activebrokercount", 1);
  page.gauge("kafka_controller_kafkacontroller_fencedbrokercount", 0);
  page.gauge("kafka_log_logmanager_offlinelogdirectorycount", 0);
}

/** Flushes for acknowledgements: none with durability page-cache. */
function flushes(page: Page, logs: LogDirectory): void {
  const { flushes: count, flushMs, longestFlushMs, pending } = logs.flush.metrics;
  page.family("kafka_log_logflushstats_logflushrateandtimems", "summary");
  page.sample(flushMs, {}, "_sum");
  page.sample(count, {}, "_count");
  page.gauge("millrace_log_longest_flush_ms", longestFlushMs);
  page.gauge("millrace_log_pending_flushes", pending);
  page.gauge("millrace_log_open_files", logs.metrics.openFiles);
}

function newTopicCount(): TopicCount {
  return {
    messagesIn: 0,
    bytesIn: 0,
    bytesOut: 0,
    bytesRejected: 0,
    produceRequests: 0,
    fetchRequests: 0,
    failedProduceRequests: 0,
    failedFetchRequests: 0,
  };
}

/** Prometheus' text format, version 0.0.4. */
class Page {
  readonly #lines: string[] = [];
  #name = "";

  family(name: string, type: "counter" | "gauge" | "summary"): void {
    this.#name = name;
    this.#lines.push(`# TYPE ${name} ${type}`);
  }

  sample(value: number, labels: Readonly<Record<string, string>> = {}, suffix = ""): void {
    const pairs = Object.entries(labels).map(([name, text]) => `${name}="${text.replaceAll(/[\\"]/g, "\\$&").replaceAll("\n", "\\n")}"`);
    this.#lines.push(`${this.#name}${suffix}${pairs.length === 0 ? "" : `{${pairs.join()}}`} ${value}`);
  }

  gauge(name: string, value: number): void {
    this.family(name, "gauge");
    this.sample(value);
  }

  counter(name: string, value: number): void {
    this.family(name, "counter");
    this.sample(value);
  }

  text(): string {
    return `${this.#lines.join("\n")}\n`;
  }
}
