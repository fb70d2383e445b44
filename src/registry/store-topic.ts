// The registry's topic: one partition, compacted. Created if it is not there; another shape is refused, for it would lose schemas.
import type { Admin } from "../client/admin.ts";
import { codeOf } from "../client/errors.ts";

/** The name Confluent's registry uses, too. */
export const SCHEMAS_TOPIC = "_schemas";

export type RegistryStartErrorCode = "TOPIC_NOT_COMPACTED" | "TOPIC_PARTITIONS";

/** The topic cannot be used. `code` is stable. */
export class RegistryStartError extends Error {
  override readonly name = "RegistryStartError";
  readonly code: RegistryStartErrorCode;

  constructor(code: RegistryStartErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** Rejects with RegistryStartError, or the client's errors. */
export async function prepareTopic(admin: Admin, topic: string): Promise<void> {
  const found = await admin.describeTopics([topic]).catch((error: unknown) => {
    if (codeOf(error) === "UNKNOWN_TOPIC_OR_PARTITION") return undefined;
    throw error;
  });
  if (found === undefined) {
    await admin.createTopics([{ name: topic, partitions: 1, config: { "cleanup.policy": "compact" } }]).catch((error: unknown) => {
      if (codeOf(error) !== "TOPIC_ALREADY_EXISTS") throw error;
    });
    return;
  }
  const partitions = found[0]!.partitions.length;
  if (partitions !== 1)
    throw new RegistryStartError(
      "TOPIC_PARTITIONS",
      `The topic ${topic} has ${partitions} partitions; a registry needs exactly 1, for the order of its records is its truth.`,
    );
  const policy = (await admin.describeTopicConfigs(topic)).find(({ name }) => name === "cleanup.policy")?.value;
  if (policy !== undefined && policy !== "compact")
    throw new RegistryStartError(
      "TOPIC_NOT_COMPACTED",
      `The topic ${topic} has cleanup.policy=${policy}: schemas would be lost. Set it to compact: millrace topic config, or Kafka's own tools.`,
    );
}
