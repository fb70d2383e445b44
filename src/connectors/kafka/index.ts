// millrace/connectors/kafka: topics as sources and sinks of a pipeline.
export { topic, type Topic, type TopicOptions } from "./topic.ts";
export type { KeyField, KeyFormat, KeyOf, KeyOptions, TextKey, TopicKey } from "./topic-key.ts";
export type { RegisteredFormat, SchemaOptions, SubjectStrategy, TopicFormat } from "./topic-format.ts";
export { deadLetterTopic, type DeadLetterTopic } from "./dead-letter-topic.ts";
export { kafkaSource, type KafkaSourceOptions } from "./kafka-source.ts";
export type { RowOfKey, SourceKey } from "./tombstones.ts";
export type { PartitionOffsets, StartAt, Until } from "./offset-range.ts";
export { topicPattern, type TopicPattern, type TopicPatternOptions } from "./topic-pattern.ts";
export { kafkaSink, type Delivery, type KafkaSinkOptions } from "./kafka-sink.ts";
export { KafkaConnectorError, type KafkaConnectorErrorCode } from "./kafka-connector-error.ts";
export type { RecordFunctions } from "./record-parts.ts";
