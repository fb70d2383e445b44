// AlterConfigs (33): versions 0–2. Replaces everything that was set for a topic by what is given. Broker settings are given at start
// and refused here. Deprecated in Kafka in favour of IncrementalAlterConfigs. KIP-133.
import { newAlterConfigsResourceResponse, newAlterConfigsResponse } from "../../protocol/generated/alter-configs.gen.ts";
import { KafkaError } from "../../protocol/errors.ts";
import { alterTopicConfig, refusalOf } from "../alter-topic-config.ts";
import { defineApi } from "../api.ts";

export const alterConfigs = defineApi("AlterConfigs", {
  async handle(broker, request) {
    const responses = [];
    for (const { resourceType, resourceName, configs } of request.resources) {
      const answer = { resourceType, resourceName, errorMessage: null };
      try {
        await alterTopicConfig(broker, resourceType, resourceName, request.validateOnly, () => {
          const next: Record<string, string> = {};
          for (const { name, value } of configs) {
            if (value === null) throw new KafkaError("INVALID_CONFIG", `Null value not supported for topic configs: ${name}`);
            if (name in next) throw new KafkaError("INVALID_REQUEST", `The topic config ${name} is given twice.`);
            next[name] = value;
          }
          return next;
        });
        responses.push(newAlterConfigsResourceResponse(answer));
      } catch (error) {
        responses.push(newAlterConfigsResourceResponse({ ...answer, ...refusalOf(error) }));
      }
    }
    return newAlterConfigsResponse({ responses });
  },
});
