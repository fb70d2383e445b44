// Every metric of the broker: the name that the usual Prometheus exporter's rules give to Apache Kafka's own (lower case, `_total` behind
// counters, one sample per quantile), and `millrace_…` for what Kafka has no name for. docs/metrics.md is written from this table.

export type MetricType = "counter" | "gauge" | "summary";
type Row = readonly [type: MetricType, labels: string, help: string];

const QUANTILES = "request, quantile";
const TOPIC = "topic";
const PARTITION = "topic, partition";
const LISTENER = "listener, networkProcessor";
/** One broker with one copy of everything: dashboards of clusters ask for these. */
const ALONE = "always what it is on one broker with one copy of everything";

export const METRICS = {
  kafka_server_brokertopicmetrics_messagesin_total: ["counter", TOPIC, "records appended"],
  kafka_server_brokertopicmetrics_bytesin_total: ["counter", TOPIC, "bytes of batches appended"],
  kafka_server_brokertopicmetrics_bytesout_total: ["counter", TOPIC, "bytes of batches fetched"],
  kafka_server_brokertopicmetrics_bytesrejected_total: ["counter", TOPIC, "bytes of batches that were too large"],
  kafka_server_brokertopicmetrics_totalproducerequests_total: ["counter", TOPIC, "partitions in Produce requests"],
  kafka_server_brokertopicmetrics_totalfetchrequests_total: ["counter", TOPIC, "partitions in Fetch requests"],
  kafka_server_brokertopicmetrics_failedproducerequests_total: ["counter", TOPIC, "those that were refused"],
  kafka_server_brokertopicmetrics_failedfetchrequests_total: ["counter", TOPIC, "those that were refused"],
  kafka_server_brokertopicmetrics_replicationbytesin_total: ["counter", "", ALONE],
  kafka_server_brokertopicmetrics_replicationbytesout_total: ["counter", "", ALONE],

  kafka_network_requestmetrics_requests_total: ["counter", "request, version", "requests"],
  kafka_network_requestmetrics_errors_total: ["counter", "request, error", "errors in answers, one per topic, partition or group that has its own; NONE is counted, too"], // prettier-ignore
  kafka_network_requestmetrics_requestbytes: ["summary", QUANTILES, "size of requests"],
  kafka_network_requestmetrics_requestqueuetimems: ["summary", QUANTILES, "behind earlier requests of the same connection"],
  kafka_network_requestmetrics_localtimems: ["summary", QUANTILES, "in the API itself"],
  kafka_network_requestmetrics_remotetimems: ["summary", QUANTILES, "waiting for the disk (Produce), for records (Fetch), for other members (JoinGroup)"], // prettier-ignore
  kafka_network_requestmetrics_throttletimems: ["summary", QUANTILES, "always 0: there are no quotas"],
  kafka_network_requestmetrics_responsequeuetimems: ["summary", QUANTILES, "answered, behind earlier answers of the same connection"],
  kafka_network_requestmetrics_responsesendtimems: ["summary", QUANTILES, "until the operating system has taken the answer"],
  kafka_network_requestmetrics_totaltimems: ["summary", QUANTILES, "from the request's last byte to its answer's"],
  kafka_network_requestchannel_requestqueuesize: ["gauge", "", "requests that have not begun"],
  kafka_network_requestchannel_responsequeuesize: ["gauge", "", "answers that wait for their turn"],
  kafka_network_requestchannel_requestbytes: ["gauge", "", "bytes of requests in work"],
  kafka_server_delayedoperationpurgatory_purgatorysize: ["gauge", "delayedOperation", "requests that wait: Produce, Fetch, DeleteRecords, Rebalance"], // prettier-ignore
  kafka_server_delayedoperationpurgatory_numdelayedoperations: ["gauge", "delayedOperation", "the same"],

  kafka_server_socket_server_metrics_connection_count: ["gauge", LISTENER, "connections now"],
  kafka_server_socket_server_metrics_connection_creation_total: ["counter", LISTENER, "connections since the start"],
  kafka_server_socket_server_metrics_connection_creation_rate: ["gauge", LISTENER, "a second, over the last 30 to 60 s"],
  kafka_server_socket_server_metrics_connection_close_total: ["counter", LISTENER, "connections that ended"],
  kafka_server_socket_server_metrics_connection_close_rate: ["gauge", LISTENER, "a second, over the last 30 to 60 s"],

  kafka_log_log_size: ["gauge", PARTITION, "bytes"],
  kafka_log_log_numlogsegments: ["gauge", PARTITION, "segments"],
  kafka_log_log_logstartoffset: ["gauge", PARTITION, "the first offset"],
  kafka_log_log_logendoffset: ["gauge", PARTITION, "the offset of the next record"],
  kafka_cluster_partition_laststableoffsetlag: ["gauge", PARTITION, "records behind the last stable offset: what an open transaction holds back"], // prettier-ignore
  kafka_cluster_partition_replicascount: ["gauge", PARTITION, ALONE],
  kafka_cluster_partition_insyncreplicascount: ["gauge", PARTITION, ALONE],
  kafka_cluster_partition_underreplicated: ["gauge", PARTITION, ALONE],
  kafka_cluster_partition_underminisr: ["gauge", PARTITION, ALONE],
  kafka_cluster_partition_atminisr: ["gauge", PARTITION, ALONE],
  kafka_log_logflushstats_logflushrateandtimems: ["summary", "quantile", "flushes before acknowledgements; none with durability page-cache"], // prettier-ignore
  kafka_log_logmanager_offlinelogdirectorycount: ["gauge", "", "always 0: the broker ends when its disk fails"],
  kafka_log_logmanager_logdirectoryoffline: ["gauge", "logDirectory", "always 0: the broker ends when its disk fails"],
  millrace_log_longest_flush_ms: ["gauge", "", "the longest flush since the start"],
  millrace_log_pending_flushes: ["gauge", "", "files that wait for a flush or are in one"],
  millrace_log_open_files: ["gauge", "", "files of the log that are open"],
  millrace_log_damaged_ranges_total: ["counter", "", "damaged stretches that readers met"],

  kafka_coordinator_group_groupmetadatamanager_numgroups: ["gauge", "", "groups"],
  kafka_coordinator_group_groupmetadatamanager_numgroupsempty: ["gauge", "", "groups in this state"],
  kafka_coordinator_group_groupmetadatamanager_numgroupspreparingrebalance: ["gauge", "", "groups in this state"],
  kafka_coordinator_group_groupmetadatamanager_numgroupscompletingrebalance: ["gauge", "", "groups in this state"],
  kafka_coordinator_group_groupmetadatamanager_numgroupsstable: ["gauge", "", "groups in this state"],
  kafka_coordinator_group_groupmetadatamanager_numgroupsdead: ["gauge", "", "groups in this state"],
  kafka_coordinator_group_groupmetadatamanager_numgroupsassigning: ["gauge", "", "groups in this state (KIP-848)"],
  kafka_coordinator_group_groupmetadatamanager_numgroupsreconciling: ["gauge", "", "groups in this state (KIP-848)"],
  kafka_coordinator_group_groupmetadatamanager_numoffsets: ["gauge", "", "committed offsets"],
  kafka_coordinator_transaction_transactionalids: ["gauge", "", "transactional ids"],

  kafka_server_fetchsessioncache_numincrementalfetchsessions: ["gauge", "", "fetch sessions"],
  kafka_server_fetchsessioncache_numincrementalfetchpartitionscached: ["gauge", "", "their partitions"],
  kafka_server_fetchsessioncache_incrementalfetchsessionevictions_total: ["counter", "", "sessions that gave way to others"],

  kafka_server_replicamanager_partitioncount: ["gauge", "", "partitions"],
  kafka_server_replicamanager_leadercount: ["gauge", "", "partitions"],
  kafka_server_replicamanager_produceridcount: ["gauge", "", "producers that partitions know"],
  kafka_server_replicamanager_atminisrpartitioncount: ["gauge", "", ALONE],
  kafka_server_replicamanager_underreplicatedpartitions: ["gauge", "", ALONE],
  kafka_server_replicamanager_underminisrpartitioncount: ["gauge", "", ALONE],
  kafka_server_replicamanager_offlinereplicacount: ["gauge", "", ALONE],
  kafka_server_replicamanager_reassigningpartitions: ["gauge", "", ALONE],
  kafka_server_replicamanager_isrshrinks_total: ["counter", "", ALONE],
  kafka_server_replicamanager_isrexpands_total: ["counter", "", ALONE],
  kafka_server_replicamanager_failedisrupdates_total: ["counter", "", ALONE],
  kafka_server_replicafetchermanager_maxlag: ["gauge", "", ALONE],
  kafka_server_kafkaserver_brokerstate: ["gauge", "", "3: running"],
  kafka_controller_kafkacontroller_activecontrollercount: ["gauge", "", ALONE],
  kafka_controller_kafkacontroller_activebrokercount: ["gauge", "", ALONE],
  kafka_controller_kafkacontroller_fencedbrokercount: ["gauge", "", ALONE],
  kafka_controller_kafkacontroller_offlinepartitionscount: ["gauge", "", ALONE],
  kafka_controller_kafkacontroller_preferredreplicaimbalancecount: ["gauge", "", ALONE],
  kafka_controller_kafkacontroller_globaltopiccount: ["gauge", "", "topics"],
  kafka_controller_kafkacontroller_globalpartitioncount: ["gauge", "", "partitions"],
  kafka_controller_controllerstats_uncleanleaderelections_total: ["counter", "", ALONE],
} as const satisfies Readonly<Record<string, Row>>;

export type MetricName = keyof typeof METRICS;
