// What goes wrong in a Kafka source or sink beyond what the client says (ClientError): a stable code, and what to do.

export type KafkaConnectorErrorCode =
  | "BAD_TOPIC"
  | "BAD_OPTION"
  | "NO_BROKERS"
  | "UNKNOWN_TOPIC"
  | "UNKNOWN_SPLIT"
  | "CHECKPOINT_INTERVAL_TOO_LONG"
  | "BAD_COMMITTABLE"
  | "TRANSACTION_LOST"
  | "TOO_MANY_TRANSACTIONS"
  | "SINK_ROW"
  | "NO_REGISTRY"
  | "SCHEMA_REFUSED";

export class KafkaConnectorError extends Error {
  override readonly name = "KafkaConnectorError";
  readonly code: KafkaConnectorErrorCode;

  constructor(code: KafkaConnectorErrorCode, message: string, options: { readonly cause?: unknown } = {}) {
    super(message, options);
    this.code = code;
  }
}
