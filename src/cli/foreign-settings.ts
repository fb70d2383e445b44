// Settings of Apache Kafka 4.3.1's broker that say nothing to this one: there is one node, no threads to count, no encryption and no
// authentication. A server.properties may hold them; they are named once at the start.

const PREFIXES: readonly string[] = [
  "sasl.",
  "ssl.",
  "remote.",
  "replica.",
  "controller.quorum.",
  "metadata.",
  "group.share.",
  "group.streams.",
  "share.coordinator.",
  "delegation.token.",
  "alter.log.dirs.",
  "replication.quota.",
  "quota.",
];

const NAMES: ReadonlySet<string> = new Set(
  `
  add.partitions.to.txn.retry.backoff.max.ms add.partitions.to.txn.retry.backoff.ms alter.config.policy.class.name
  authorizer.class.name auto.leader.rebalance.enable background.threads broker.heartbeat.interval.ms broker.rack
  broker.session.timeout.ms client.quota.callback.class config.providers connection.failed.authentication.delay.ms
  connections.max.reauth.ms controlled.shutdown.enable controller.quota.window.num controller.quota.window.size.seconds
  controller.performance.always.log.threshold.ms controller.performance.sample.period.ms
  controller.socket.timeout.ms cordoned.log.dirs create.topic.policy.class.name delete.records.purgatory.purge.interval.requests
  early.start.listeners fetch.purgatory.purge.interval.requests follower.fetch.last.tiered.offset.enable group.consumer.assignors
  group.consumer.regex.refresh.interval.ms
  group.coordinator.append.linger.ms group.coordinator.background.threads group.coordinator.cached.buffer.max.bytes
  group.coordinator.rebalance.protocols group.coordinator.threads initial.broker.registration.timeout.ms
  internal.metadata.delete.delay.millis internal.metadata.log.segment.bytes internal.metadata.max.batch.size.in.bytes
  kafka.metrics.polling.interval.secs kafka.metrics.reporters leader.imbalance.check.interval.seconds
  log.cleaner.dedupe.buffer.size log.cleaner.io.buffer.load.factor log.cleaner.io.buffer.size
  log.cleaner.io.max.bytes.per.second log.cleaner.threads log.dir.failure.timeout.ms log.flush.offset.checkpoint.interval.ms
  log.flush.start.offset.checkpoint.interval.ms max.connection.creation.rate
  log.initial.task.delay.ms
  max.connections.per.ip max.connections.per.ip.overrides metric.reporters metrics.num.samples metrics.recording.level
  metrics.sample.window.ms num.io.threads num.network.threads num.recovery.threads.per.data.dir num.replica.alter.log.dirs.threads
  num.replica.fetchers offsets.commit.timeout.ms offsets.load.buffer.size offsets.topic.compression.codec
  offsets.topic.replication.factor principal.builder.class process.roles
  producer.id.expiration.check.interval.ms
  producer.purgatory.purge.interval.requests queued.max.requests request.timeout.ms security.inter.broker.protocol security.providers
  server.max.startup.time.ms share.fetch.purgatory.purge.interval.requests socket.connection.setup.timeout.max.ms socket.connection.setup.timeout.ms
  socket.listen.backlog.size socket.receive.buffer.bytes socket.send.buffer.bytes telemetry.max.bytes
  transaction.partition.verification.enable
  transaction.state.log.load.buffer.size transaction.state.log.min.isr transaction.state.log.replication.factor
  unclean.leader.election.interval.ms unstable.feature.versions.enable
  `
    .trim()
    .split(/\s+/),
);

export function meansNothingHere(name: string): boolean {
  return NAMES.has(name) || PREFIXES.some((prefix) => name.startsWith(prefix)) || name.startsWith("listener.name.");
}
