// What is counted of requests and connections, and that the names of the usual dashboards are there.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { newMetadataResponse, newMetadataResponsePartition, newMetadataResponseTopic } from "../../protocol/generated/metadata.gen.ts";
import { newOffsetFetchResponse, newOffsetFetchResponseGroup } from "../../protocol/generated/offset-fetch.gen.ts";
import { countErrors } from "./answer-errors.ts";
import { METRICS } from "./metric-names.ts";
import { labelText } from "./page.ts";
import { msBetween, RequestCount, TIMES, tickOf } from "./request-count.ts";
import { WindowedRate } from "./windowed-rate.ts";

describe("a request's time", () => {
  it("is the sum of its parts", () => {
    const count = new RequestCount();
    const at = (ms: number): number => tickOf(1e9 + ms);
    count.noteTimes({ received: at(0), started: at(1), returned: at(3), answeredAt: at(7), taken: at(7.5) }, at(10));
    assert.deepEqual(Object.fromEntries(TIMES.map((name, i) => [name, count.times[i]!.total])), {
      requestqueuetimems: 1,
      localtimems: 2,
      remotetimems: 4,
      throttletimems: 0,
      responsequeuetimems: 0.5,
      responsesendtimems: 2.5,
      totaltimems: 10,
    });
  });

  it("is right where ticks wrap around", () => {
    const edge = 2 ** 31 / 1000;
    assert.equal(msBetween(tickOf(edge - 5), tickOf(edge + 5)), 10);
    assert.equal(msBetween(tickOf(2 * edge - 5), tickOf(2 * edge + 5)), 10);
    assert.equal(msBetween(tickOf(5), tickOf(4)), 0);
  });
});

describe("errors of answers", () => {
  it("are counted wherever the answer has them", () => {
    const topics = [
      newMetadataResponseTopic({ errorCode: 3 }),
      newMetadataResponseTopic({ partitions: [newMetadataResponsePartition({ errorCode: 5, replicaNodes: [0] })] }),
    ];
    const metadata = new RequestCount();
    countErrors("Metadata", newMetadataResponse({ topics }), metadata);
    assert.deepEqual([metadata.errors[1 + 3], metadata.errors[1 + 5], metadata.errors[1 + 0]], [1, 1, 2]); // of the topic, of the whole
    const offsets = new RequestCount();
    countErrors("OffsetFetch", newOffsetFetchResponse({ groups: [newOffsetFetchResponseGroup({ errorCode: -1 })] }), offsets);
    assert.equal(offsets.errors[0], 1);
  });
});

it("a rate looks back 30 to 60 seconds", () => {
  const rate = new WindowedRate(0);
  for (let i = 0; i < 60; i++) rate.note(i);
  assert.equal(Math.round(rate.perSecond(0)), 2);
  assert.equal(rate.perSecond(30_000), 60 / 30);
  assert.equal(rate.perSecond(59_999).toFixed(3), (60 / 59.999).toFixed(3));
  assert.equal(rate.perSecond(60_000), 0);
  rate.note(500_000);
  assert.ok(rate.perSecond(500_000) > 0);
});

it("labels are quoted as Prometheus wants them", () => {
  assert.equal(labelText({ a: 'x"\\\n' }), '{a="x\\"\\\\\\n"}');
  assert.equal(labelText({}), "");
});

it("what dashboards and alerts for Apache Kafka ask of every broker is there", () => {
  const asked = `
    kafka_cluster_partition_underminisr kafka_controller_controllerstats_uncleanleaderelections_total
    kafka_controller_kafkacontroller_activecontrollercount kafka_controller_kafkacontroller_globaltopiccount
    kafka_controller_kafkacontroller_offlinepartitionscount kafka_controller_kafkacontroller_preferredreplicaimbalancecount
    kafka_coordinator_group_groupmetadatamanager_numgroups kafka_coordinator_group_groupmetadatamanager_numgroupsstable
    kafka_log_log_size kafka_log_logflushstats_logflushrateandtimems
    kafka_network_requestmetrics_errors_total kafka_network_requestmetrics_localtimems kafka_network_requestmetrics_remotetimems
    kafka_network_requestmetrics_requestqueuetimems kafka_network_requestmetrics_requests_total
    kafka_network_requestmetrics_responsequeuetimems kafka_network_requestmetrics_responsesendtimems
    kafka_network_requestmetrics_throttletimems kafka_network_requestmetrics_totaltimems
    kafka_network_requestchannel_requestqueuesize kafka_network_requestchannel_responsequeuesize
    kafka_server_brokertopicmetrics_bytesin_total kafka_server_brokertopicmetrics_bytesout_total
    kafka_server_brokertopicmetrics_failedfetchrequests_total kafka_server_brokertopicmetrics_failedproducerequests_total
    kafka_server_brokertopicmetrics_messagesin_total kafka_server_brokertopicmetrics_replicationbytesin_total
    kafka_server_brokertopicmetrics_totalfetchrequests_total kafka_server_brokertopicmetrics_totalproducerequests_total
    kafka_server_delayedoperationpurgatory_numdelayedoperations kafka_server_delayedoperationpurgatory_purgatorysize
    kafka_server_kafkaserver_brokerstate kafka_server_replicafetchermanager_maxlag kafka_server_replicamanager_isrexpands_total
    kafka_server_replicamanager_isrshrinks_total kafka_server_replicamanager_leadercount
    kafka_server_replicamanager_offlinereplicacount kafka_server_replicamanager_partitioncount
    kafka_server_replicamanager_underminisrpartitioncount kafka_server_replicamanager_underreplicatedpartitions
    kafka_server_socket_server_metrics_connection_close_rate kafka_server_socket_server_metrics_connection_count
    kafka_server_socket_server_metrics_connection_creation_rate`;
  for (const name of asked.trim().split(/\s+/)) assert.ok(name in METRICS, name);
});
