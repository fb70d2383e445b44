// What the broker counts, and its text for Prometheus under the names that the usual exporter gives to Apache Kafka's own metrics, so
// that dashboards carry over. Counting allocates nothing per request of a known API and topic.
import type { LogDirectory } from "../log/log-directory.ts";
import { errorByCode } from "../protocol/errors.ts";
import type { ApiHandler } from "./api.ts";
import type { ListenerCount } from "./metrics/listener-count.ts";
import type { MetricName } from "./metrics/metric-names.ts";
import { labelText, MetricsPage } from "./metrics/page.ts";
import { RequestCount, TIMES } from "./metrics/request-count.ts";

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

/** Kafka's states of a group, as its metrics write them; "assigning" and "reconciling" are those of KIP-848. */
const GROUP_STATES = ["empty", "preparingrebalance", "completingrebalance", "stable", "dead", "assigning", "reconciling"] as const;
/** Of Apache Kafka's states of a broker: it runs. */
const BROKER_RUNS = 3;
/** Apache Kafka counts a fetch twice: as such, and as a consumer's or a follower's. Followers there are none. */
const FETCH_KINDS = ["Fetch", "FetchConsumer"] as const;
/** Requests that may wait for something, by Apache Kafka's names for the waiting. */
const WAITING = {
  Produce: ["Produce"],
  Fetch: ["Fetch"],
  DeleteRecords: ["DeleteRecords"],
  Rebalance: ["JoinGroup", "SyncGroup"],
} as const;

/** What belongs to the broker's other parts at this moment. */
export interface Gauges {
  readonly logs: LogDirectory;
  readonly logDirectory: string;
  readonly apis: readonly ApiHandler[];
  readonly listeners: Iterable<ListenerCount>;
  /** Monotonic ms. */
  readonly now: number;
  /** Requests that have not begun, and answers that wait for their turn. */
  readonly queued: { readonly requests: number; readonly answers: number };
  readonly requestBytes: number;
  /** The state of each group. */
  readonly groups: readonly string[];
  readonly offsets: number;
  readonly transactionalIds: number;
  readonly fetchSessions: { readonly sessions: number; readonly partitions: number; readonly evictions: number };
}

export class MetricCounters {
  readonly #apis: (RequestCount | undefined)[] = [];
  readonly #topics = new Map<string, TopicCount>();
  /** Of topics that were forgotten. */
  readonly #gone = newTopicCount();

  api(key: number): RequestCount {
    return (this.#apis[key] ??= new RequestCount());
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
    const page = new MetricsPage();
    this.#requests(page, gauges);
    this.#traffic(page);
    connections(page, gauges);
    partitions(page, gauges.logs);
    flushes(page, gauges);
    coordinators(page, gauges);
    page.single("kafka_server_kafkaserver_brokerstate", BROKER_RUNS);
    page.single("kafka_server_fetchsessioncache_numincrementalfetchsessions", gauges.fetchSessions.sessions);
    page.single("kafka_server_fetchsessioncache_numincrementalfetchpartitionscached", gauges.fetchSessions.partitions);
    page.single("kafka_server_fetchsessioncache_incrementalfetchsessionevictions_total", gauges.fetchSessions.evictions);
    return page.text();
  }

  #ofAllTopics(field: keyof TopicCount): number {
    let sum = this.#gone[field];
    for (const count of this.#topics.values()) sum += count[field];
    return sum;
  }

  #requests(page: MetricsPage, { apis, queued, requestBytes }: Gauges): void {
    const counted = apis.flatMap(({ api: { key, name } }) => {
      const count = this.#apis[key];
      return count === undefined ? [] : (name === "Fetch" ? FETCH_KINDS : [name]).map((request) => ({ request, count }));
    });
    page.family("kafka_network_requestmetrics_requests_total");
    for (const { request, count } of counted)
      count.versions.forEach((requests, version) => page.sample(requests, labelText({ request, version: String(version) })));
    page.family("kafka_network_requestmetrics_errors_total");
    for (const { request, count } of counted)
      count.errors.forEach((errors, i) => page.sample(errors, labelText({ request, error: errorByCode(i - 1).name })));
    page.family("kafka_network_requestmetrics_requestbytes");
    for (const { request, count } of counted) page.summary(count.bytes, { request });
    TIMES.forEach((name, i) => {
      page.family(`kafka_network_requestmetrics_${name}`);
      for (const { request, count } of counted) page.summary(count.times[i]!, { request });
    });
    page.single("kafka_network_requestchannel_requestqueuesize", queued.requests);
    page.single("kafka_network_requestchannel_responsequeuesize", queued.answers);
    page.single("kafka_network_requestchannel_requestbytes", requestBytes);
    const running = (names: readonly string[]): number =>
      counted.reduce((sum, { request, count }) => (names.includes(request) ? sum + count.running : sum), 0);
    for (const name of ["purgatorysize", "numdelayedoperations"] as const) {
      page.family(`kafka_server_delayedoperationpurgatory_${name}`);
      for (const [delayedOperation, names] of Object.entries(WAITING)) page.sample(running(names), labelText({ delayedOperation }));
    }
  }

  #traffic(page: MetricsPage): void {
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
    const topics = [...this.#topics].map(([topic, count]) => ({ count, labels: labelText({ topic }) }));
    for (const [name, field] of families) {
      page.family(`kafka_server_brokertopicmetrics_${name}_total`);
      page.sample(this.#ofAllTopics(field)); // Apache Kafka has the sum, too, as the sample without a topic
      for (const { count, labels } of topics) page.sample(count[field], labels);
    }
    page.single("kafka_server_brokertopicmetrics_replicationbytesin_total", 0);
    page.single("kafka_server_brokertopicmetrics_replicationbytesout_total", 0);
  }
}

function connections(page: MetricsPage, { listeners, now }: Gauges): void {
  const counts = [...listeners].map((count) => ({ count, labels: labelText({ listener: count.name, networkProcessor: "0" }) }));
  const family = (name: MetricName, value: (count: ListenerCount) => number): void => {
    page.family(name);
    for (const { count, labels } of counts) page.sample(value(count), labels);
  };
  family("kafka_server_socket_server_metrics_connection_count", ({ open }) => open);
  family("kafka_server_socket_server_metrics_connection_creation_total", ({ accepted }) => accepted);
  family("kafka_server_socket_server_metrics_connection_creation_rate", (count) => count.acceptedPerSecond(now));
  family("kafka_server_socket_server_metrics_connection_close_total", ({ closed }) => closed);
  family("kafka_server_socket_server_metrics_connection_close_rate", (count) => count.closedPerSecond(now));
}

function partitions(page: MetricsPage, logs: LogDirectory): void {
  const topics = [...logs.topics()];
  const all = topics.flatMap(({ partitions: logsOfTopic }) =>
    logsOfTopic.map((log) => ({ log, labels: labelText({ topic: log.topic, partition: String(log.partition) }) })),
  );
  let producers = 0;
  for (const { log } of all) for (const _ of log.activeProducers()) producers++;
  page.single("kafka_server_replicamanager_partitioncount", all.length);
  page.single("kafka_server_replicamanager_leadercount", all.length);
  page.single("kafka_server_replicamanager_produceridcount", producers);
  page.single("kafka_controller_kafkacontroller_globaltopiccount", topics.length);
  page.single("kafka_controller_kafkacontroller_globalpartitioncount", all.length);
  alone(page, all.length);
  page.single("millrace_log_damaged_ranges_total", logs.metrics.damagedRanges);
  const families = [
    ["kafka_log_log_size", (log) => log.sizeBytes],
    ["kafka_log_log_numlogsegments", (log) => log.segmentCount],
    ["kafka_log_log_logstartoffset", (log) => log.logStartOffset],
    ["kafka_log_log_logendoffset", (log) => log.logEndOffset],
    ["kafka_cluster_partition_laststableoffsetlag", (log) => log.highWatermark - log.lastStableOffset],
    ["kafka_cluster_partition_replicascount", () => 1],
    ["kafka_cluster_partition_insyncreplicascount", () => 1],
    ["kafka_cluster_partition_underreplicated", () => 0],
    ["kafka_cluster_partition_underminisr", () => 0],
    ["kafka_cluster_partition_atminisr", () => 1],
  ] as const satisfies readonly (readonly [MetricName, (log: (typeof all)[number]["log"]) => number])[];
  for (const [name, value] of families) {
    page.family(name);
    for (const { log, labels } of all) page.sample(value(log), labels);
  }
}

/** What dashboards watch on every broker of a cluster, and what it is where there is one copy of everything on one broker. */
function alone(page: MetricsPage, partitionCount: number): void {
  page.single("kafka_server_replicamanager_atminisrpartitioncount", partitionCount);
  page.single("kafka_controller_kafkacontroller_activecontrollercount", 1);
  page.single("kafka_controller_kafkacontroller_activebrokercount", 1);
  const none = [
    "kafka_server_replicamanager_underreplicatedpartitions",
    "kafka_server_replicamanager_underminisrpartitioncount",
    "kafka_server_replicamanager_offlinereplicacount",
    "kafka_server_replicamanager_reassigningpartitions",
    "kafka_server_replicamanager_isrshrinks_total",
    "kafka_server_replicamanager_isrexpands_total",
    "kafka_server_replicamanager_failedisrupdates_total",
    "kafka_server_replicafetchermanager_maxlag",
    "kafka_controller_kafkacontroller_fencedbrokercount",
    "kafka_controller_kafkacontroller_offlinepartitionscount",
    "kafka_controller_kafkacontroller_preferredreplicaimbalancecount",
    "kafka_controller_controllerstats_uncleanleaderelections_total",
  ] as const;
  for (const name of none) page.single(name, 0);
}

function flushes(page: MetricsPage, { logs, logDirectory }: Gauges): void {
  const { times, longestFlushMs, pending } = logs.flush.metrics;
  page.family("kafka_log_logflushstats_logflushrateandtimems");
  page.summary(times);
  page.single("kafka_log_logmanager_offlinelogdirectorycount", 0);
  page.family("kafka_log_logmanager_logdirectoryoffline");
  page.sample(0, labelText({ logDirectory }));
  page.single("millrace_log_longest_flush_ms", longestFlushMs);
  page.single("millrace_log_pending_flushes", pending);
  page.single("millrace_log_open_files", logs.metrics.openFiles);
}

function coordinators(page: MetricsPage, { groups, offsets, transactionalIds }: Gauges): void {
  page.single("kafka_coordinator_group_groupmetadatamanager_numgroups", groups.length);
  for (const state of GROUP_STATES) {
    const count = groups.filter((each) => each.toLowerCase() === state).length;
    page.single(`kafka_coordinator_group_groupmetadatamanager_numgroups${state}`, count);
  }
  page.single("kafka_coordinator_group_groupmetadatamanager_numoffsets", offsets);
  page.single("kafka_coordinator_transaction_transactionalids", transactionalIds);
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
