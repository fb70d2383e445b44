// Random requests about configs: of topics (several at once, wrong values, lists that grow and shrink, the older request that replaces all)
// and of the broker (only validated: other sequences run beside). All of a topic's configs are compared, but for their words.
import fc from "fast-check";
import { newAlterableConfig as newReplacement, newAlterConfigsRequest, newAlterConfigsResource as newReplaced } from "../../src/protocol/generated/alter-configs.gen.ts"; // prettier-ignore
import { newDescribeConfigsRequest, newDescribeConfigsResource } from "../../src/protocol/generated/describe-configs.gen.ts";
import {
  newAlterableConfig,
  newAlterConfigsResource,
  newIncrementalAlterConfigsRequest,
} from "../../src/protocol/generated/incremental-alter-configs.gen.ts";
import { adminParts } from "./admin-requests.ts";
import { step, type Learnt } from "./requests.ts";

const TOPIC = 2;
const BROKER = 4;

/** Values that are right, at the edge, and wrong. */
const VALUES: Readonly<Record<string, readonly string[]>> = {
  "cleanup.policy": ["compact", "delete", "compact,delete", "delete, compact", "", "x", "compact,x", "compact,compact", " compact "],
  "compression.type": ["producer", "gzip", "zstd", "uncompressed", "none", "GZIP"],
  "compression.gzip.level": ["-1", "0", "1", "9", "10"],
  "compression.lz4.level": ["0", "1", "17", "18"],
  "compression.zstd.level": ["-131072", "-131073", "0", "22", "23"],
  "retention.ms": ["-2", "-1", "0", "5", " 6 ", "+7", "1e3", "9223372036854775807", "9223372036854775808"],
  "retention.bytes": ["-2", "-1", "0", "100"],
  "segment.bytes": ["0", "13", "14", "1048575", "1048576", "2147483647", "2147483648"],
  "segment.ms": ["0", "1", "-1"],
  "segment.jitter.ms": ["-1", "0", "9"],
  "segment.index.bytes": ["3", "4", "100"],
  "index.interval.bytes": ["-1", "0", "100"],
  "max.message.bytes": ["-1", "0", "100"],
  "min.cleanable.dirty.ratio": ["-0.1", "0", "0.5", "1", "1.1", "x", "0.25f"],
  "min.compaction.lag.ms": ["-1", "0", "5", "100"],
  "max.compaction.lag.ms": ["0", "1", "50"],
  "delete.retention.ms": ["-1", "0", "1"],
  "file.delete.delay.ms": ["-1", "0"],
  "flush.messages": ["0", "1"],
  "flush.ms": ["-1", "0"],
  "min.insync.replicas": ["0", "1", "2"],
  preallocate: ["true", "FALSE", "yes"],
  "unclean.leader.election.enable": ["true", "0"],
  "message.timestamp.type": ["CreateTime", "LogAppendTime", "createtime", "x"],
  "message.timestamp.before.max.ms": ["-1", "0", "5"],
  "message.timestamp.after.max.ms": ["-1", "0", "5"],
  "local.retention.ms": ["-3", "-2", "-1", "0", "5", "700000000"],
  "local.retention.bytes": ["-3", "-2", "-1", "0", "5"],
  "leader.replication.throttled.replicas": ["*", "0:0", "0:0,1:0", "", "x", "none"],
  "follower.replication.throttled.replicas": ["*", "1:2"],
  "no.such": ["1"],
};
const LISTS = ["cleanup.policy", "leader.replication.throttled.replicas", "follower.replication.throttled.replicas"];

const setting = (names: readonly string[]) =>
  fc.constantFrom(...names).chain((name) => fc.constantFrom(...VALUES[name]!).map((value) => ({ name, value: value as string | null })));
const anySetting = fc.oneof(setting(Object.keys(VALUES)), setting(LISTS));
const isNull = fc.nat(14).map((n) => n === 0);
const of = fc.constantFrom("t", "t", "t", "u", "n", "missing");

const change = fc
  .tuple(anySetting, fc.constantFrom(0, 0, 0, 1, 2, 3), isNull)
  .map(([{ name, value }, configOperation, none]) =>
    newAlterableConfig({ name, configOperation, value: configOperation === 1 || none ? null : value }),
  );

const text = (configs: readonly { name: string; value: string | null; configOperation?: number }[]): string =>
  configs.map(({ name, value, configOperation = "" }) => `${name} ${configOperation} ${JSON.stringify(value)}`).join(", ");

const alter = fc
  .tuple(of, fc.array(change, { minLength: 1, maxLength: 3 }), fc.nat(4), fc.constantFrom(0, 1), fc.nat(9))
  .map(([name, configs, luck, version, twice]) =>
    step<"IncrementalAlterConfigs">({
      name: `alter ${name} v${version}: ${text(configs)}${luck === 0 ? ", validate only" : ""}${twice === 0 ? ", twice" : ""}`,
      api: "IncrementalAlterConfigs",
      version,
      request: ({ prefix }) => {
        const resource = newAlterConfigsResource({ resourceType: TOPIC, resourceName: prefix + name, configs });
        return newIncrementalAlterConfigsRequest({ resources: twice === 0 ? [resource, resource] : [resource], validateOnly: luck === 0 });
      },
      settles: "topics",
    }),
  );

const replace = fc
  .tuple(of, fc.array(fc.tuple(anySetting, isNull), { maxLength: 3 }), fc.nat(4), fc.constantFrom(0, 1, 2))
  .map(([name, settings, luck, version]) => {
    const configs = settings.map(([{ name: key, value }, none]) => newReplacement({ name: key, value: none ? null : value }));
    return step<"AlterConfigs">({
      name: `replace ${name} v${version}: ${text(configs)}${luck === 0 ? ", validate only" : ""}`,
      api: "AlterConfigs",
      version,
      request: ({ prefix }) =>
        newAlterConfigsRequest({ resources: [newReplaced({ resourceType: TOPIC, resourceName: prefix + name, configs })], validateOnly: luck === 0 }), // prettier-ignore
      settles: "topics",
    });
  });

/** Names that nobody knows are refused here; Apache Kafka keeps them, for plugins. */
const BROKER_VALUES: Readonly<Record<string, readonly string[]>> = {
  "log.cleaner.delete.retention.ms": ["5", "-1", "x"],
  "log.retention.ms": ["-1", "0", "5"],
  "log.cleanup.policy": ["compact", "compact,delete", "x"],
  "message.max.bytes": ["5", "-1"],
  "log.message.timestamp.type": ["LogAppendTime", "x"],
  "num.partitions": ["3"],
  "node.id": ["5"],
  "background.threads": ["9", "x"],
  "sasl.kerberos.min.time.before.relogin": ["58000", "x"],
  "leader.replication.throttled.rate": ["1000", "x"],
};
const alterBroker = fc
  .tuple(
    fc.constantFrom("0", "0", "", "7", "x"),
    fc.constantFrom(...Object.keys(BROKER_VALUES)).chain((name) => fc.constantFrom(...BROKER_VALUES[name]!).map((value) => ({ name, value }))), // prettier-ignore
    fc.constantFrom(0, 0, 1, 2, 3),
  )
  .map(([broker, { name, value }, configOperation]) =>
    step<"IncrementalAlterConfigs">({
      name: `validate for broker "${broker}": ${name} ${configOperation} ${value}`,
      api: "IncrementalAlterConfigs",
      version: 1,
      request: () => {
        const configs = [newAlterableConfig({ name, configOperation, value: configOperation === 1 ? null : value })];
        const resources = [newAlterConfigsResource({ resourceType: BROKER, resourceName: broker, configs })];
        return newIncrementalAlterConfigsRequest({ resources, validateOnly: true });
      },
    }),
  );

/** The older request, for one broker: for all of them it would have to repeat what Apache Kafka set when it formatted its storage. */
const replaceBroker = fc
  .tuple(
    // Apache Kafka does not answer when a broker is named twice.
    fc.uniqueArray(
      fc.tuple(
        fc.constantFrom("0", "0", "7", "x"),
        fc.constantFrom(...Object.keys(BROKER_VALUES)).chain((name) => fc.constantFrom(...BROKER_VALUES[name]!).map((value) => ({ name, value }))), // prettier-ignore
      ),
      { minLength: 1, maxLength: 2, selector: ([broker]) => broker },
    ),
    fc.nat(2),
  )
  .map(([changes, version]) =>
    step<"AlterConfigs">({
      name: `validate v${version} ${changes.map(([broker, { name, value }]) => `for broker "${broker}": ${name} ${value}`).join("; ")}`,
      api: "AlterConfigs",
      version,
      request: () => {
        const resources = changes.map(([broker, setting]) =>
          newReplaced({ resourceType: BROKER, resourceName: broker, configs: [newReplacement(setting)] }),
        );
        return newAlterConfigsRequest({ resources, validateOnly: true });
      },
    }),
  );

const describe = fc.tuple(of, fc.boolean(), fc.constantFrom(1, 2, 3, 4)).map(([name, includeSynonyms, version]) =>
  step<"DescribeConfigs">({
    name: `configs of ${name} v${version}${includeSynonyms ? " with synonyms" : ""}`,
    api: "DescribeConfigs",
    version,
    request: ({ prefix }: Learnt) => {
      const resources = [newDescribeConfigsResource({ resourceType: TOPIC, resourceName: prefix + name, configurationKeys: null })];
      return newDescribeConfigsRequest({ resources, includeSynonyms });
    },
  }),
);

const describeOther = fc.tuple(fc.constantFrom(TOPIC, BROKER, 8, 16, 32, 0, 99), fc.constantFrom("", "7", "x", "bad/name"), fc.constantFrom<string[]>(["none"], ["no.such"], ["node.id"])).map(
  ([resourceType, resourceName, configurationKeys]) =>
    step<"DescribeConfigs">({
      name: `${configurationKeys.join() || "no"} configs of ${resourceType} "${resourceName}"`,
      api: "DescribeConfigs",
      version: 4,
      request: () => newDescribeConfigsRequest({ resources: [newDescribeConfigsResource({ resourceType, resourceName, configurationKeys })] }), // prettier-ignore
    }),
); // prettier-ignore

export const configSteps = fc.oneof(
  { weight: 6, arbitrary: alter },
  { weight: 3, arbitrary: replace },
  { weight: 3, arbitrary: describe },
  { weight: 1, arbitrary: describeOther },
  { weight: 1, arbitrary: alterBroker },
  { weight: 1, arbitrary: replaceBroker },
  { weight: 1, arbitrary: adminParts.create },
  { weight: 1, arbitrary: adminParts.remove },
);
