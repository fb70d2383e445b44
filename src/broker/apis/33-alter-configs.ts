// AlterConfigs (33): versions 0–2. Replaces everything that was set for a topic, or while it ran for the broker, by what is given.
// Deprecated in Kafka in favour of IncrementalAlterConfigs. KIP-133, KIP-226 (broker settings).
import { newAlterConfigsResourceResponse, newAlterConfigsResponse } from "../../protocol/generated/alter-configs.gen.ts";
import { KafkaError } from "../../protocol/errors.ts";
import { alterConfig, refusalOf, resourcesNamedTwice } from "../alter-config.ts";
import { defineApi } from "../api.ts";

export const alterConfigs = defineApi("AlterConfigs", {
  async handle(broker, request) {
    const responses = [];
    const twice = resourcesNamedTwice(request.resources);
    for (const resource of request.resources) {
      const { resourceType, resourceName, configs } = resource;
      const answer = { resourceType, resourceName, errorMessage: null };
      try {
        if (twice.has(resource)) throw new KafkaError("INVALID_REQUEST", "Each resource must appear at most once.");
        await alterConfig(broker, resourceType, resourceName, request.validateOnly, (_present, { kind }) => {
          const next = new Map<string, string>();
          for (const { name, value } of configs) {
            if (value === null) throw new KafkaError("INVALID_REQUEST", `Null value not supported for ${kind} configs: ${name}`);
            if (next.has(name)) throw new KafkaError("INVALID_REQUEST", `The ${kind} config ${name} is given twice.`);
            next.set(name, value);
          }
          return Object.fromEntries(next);
        });
        responses.push(newAlterConfigsResourceResponse(answer));
      } catch (error) {
        responses.push(newAlterConfigsResourceResponse({ ...answer, ...refusalOf(error) }));
      }
    }
    return newAlterConfigsResponse({ responses });
  },
});
