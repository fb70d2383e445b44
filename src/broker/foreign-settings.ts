// Settings that Apache Kafka lets change while it runs and that say nothing to this broker: no threads to count, no encryption, no
// authentication, nothing to throttle. They are checked, kept and told, so that tools which set them for a while (a throttled
// reassignment, a larger pool) find what they expect.
import type { ConfigDefinition, ConfigType } from "./config-value.ts";

const DOC = "Kept and told, without effect here.";
const LONG_MAX = "9223372036854775807";

/** By type: names with their defaults; null: unset unless given. */
const TABLE: Readonly<Partial<Record<ConfigType, Readonly<Record<string, string | null>>>>> = {
  int: {
    "background.threads": "10",
    "group.coordinator.cached.buffer.max.bytes": "1048588",
    "log.cleaner.io.buffer.size": "524288",
    "log.cleaner.threads": "1",
    "max.connection.creation.rate": "2147483647",
    "max.connections.per.ip": "2147483647",
    "num.io.threads": "8",
    "num.network.threads": "3",
    "num.recovery.threads.per.data.dir": "2",
    "num.replica.fetchers": "1",
    "remote.fetch.max.wait.ms": "500",
    "remote.log.manager.copier.thread.pool.size": "10",
    "remote.log.manager.expiration.thread.pool.size": "10",
    "remote.log.manager.follower.thread.pool.size": "2",
    "remote.log.reader.threads": "10",
    "sasl.login.refresh.buffer.seconds": "300",
    "sasl.login.refresh.min.period.seconds": "60",
    "share.coordinator.cached.buffer.max.bytes": "1048588",
  },
  long: {
    "follower.replication.throttled.rate": null,
    "leader.replication.throttled.rate": null,
    "log.cleaner.dedupe.buffer.size": "134217728",
    "remote.list.offsets.request.timeout.ms": "30000",
    "remote.log.index.file.cache.total.size.bytes": "1073741824",
    "remote.log.manager.copy.max.bytes.per.second": LONG_MAX,
    "remote.log.manager.fetch.max.bytes.per.second": LONG_MAX,
    "replica.alter.log.dirs.io.max.bytes.per.second": null,
    "sasl.kerberos.min.time.before.relogin": "60000",
  },
  double: {
    "log.cleaner.io.buffer.load.factor": "0.9",
    "log.cleaner.io.max.bytes.per.second": "1.7976931348623157E308",
    "sasl.kerberos.ticket.renew.jitter": "0.05",
    "sasl.kerberos.ticket.renew.window.factor": "0.8",
    "sasl.login.refresh.window.factor": "0.8",
    "sasl.login.refresh.window.jitter": "0.05",
  },
  boolean: {
    "follower.fetch.last.tiered.offset.enable": "false",
    "transaction.partition.verification.enable": "true",
  },
  string: {
    "max.connections.per.ip.overrides": "",
    "sasl.kerberos.kinit.cmd": "/usr/bin/kinit",
    "sasl.kerberos.service.name": null,
    "sasl.mechanism.inter.broker.protocol": "GSSAPI",
  },
  list: {
    "metric.reporters": "org.apache.kafka.common.metrics.JmxReporter",
    "sasl.enabled.mechanisms": "GSSAPI",
    "sasl.kerberos.principal.to.local.rules": "DEFAULT",
  },
};

export const FOREIGN_SETTINGS: readonly ConfigDefinition[] = Object.entries(TABLE)
  .flatMap(([type, names]) => Object.entries(names).map(([name, value]) => ({ name, type: type as ConfigType, default: value, doc: DOC })))
  .sort((a, b) => (a.name < b.name ? -1 : 1));

const BY_NAME = new Map(FOREIGN_SETTINGS.map((definition) => [definition.name, definition]));

export function foreignSetting(name: string): ConfigDefinition | undefined {
  return BY_NAME.get(name);
}
