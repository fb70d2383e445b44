// IncrementalAlterConfigs (44): versions 0–1. Configs of topics and groups, and settings of the broker that may change while it runs: set, delete,
// append to or subtract from a list. KIP-339, KIP-226 (broker settings).
import { KafkaError } from "../../protocol/errors.ts";
import {
  newAlterConfigsResourceResponse,
  newIncrementalAlterConfigsResponse,
  type AlterableConfig,
} from "../../protocol/generated/incremental-alter-configs.gen.ts";
import { alterConfig, type AlteredResource, refusalOf } from "../alter-config.ts";
import { defineApi } from "../api.ts";
import { parseList } from "../config-value.ts";

const SET = 0;
const DELETE = 1;
const APPEND = 2;
const SUBTRACT = 3;

export const incrementalAlterConfigs = defineApi("IncrementalAlterConfigs", {
  async handle(broker, request) {
    const responses = [];
    for (const { resourceType, resourceName, configs } of request.resources) {
      const answer = { resourceType, resourceName };
      try {
        await alterConfig(broker, resourceType, resourceName, request.validateOnly, (present, resource) => {
          const next: Record<string, string> = { ...present };
          for (const config of configs) apply(resource, next, config);
          return next;
        });
        responses.push(newAlterConfigsResourceResponse(answer));
      } catch (error) {
        responses.push(newAlterConfigsResourceResponse({ ...answer, ...refusalOf(error) }));
      }
    }
    return newIncrementalAlterConfigsResponse({ responses });
  },
});

function apply(resource: AlteredResource, configs: Record<string, string>, { name, configOperation, value }: AlterableConfig): void {
  const definition = resource.definition(name);
  if (configOperation === DELETE) {
    delete configs[name]; // also one that nobody knows
    return;
  }
  if (definition === undefined && resource.kind === "topic") throw new KafkaError("INVALID_CONFIG", `Unknown topic config name: ${name}`);
  if (value === null) throw new KafkaError("INVALID_CONFIG", `Null value not supported for : ${name}`);
  if (configOperation === SET) {
    configs[name] = value;
    return;
  }
  if (configOperation !== APPEND && configOperation !== SUBTRACT)
    throw new KafkaError("INVALID_REQUEST", `Unknown operation ${configOperation}.`);
  if (definition?.type !== "list") throw new KafkaError("INVALID_CONFIG", `${name} is no list: it can be set or deleted only.`);
  const present = parseList(resource.effective(name, configs));
  const given = parseList(value);
  const list = configOperation === APPEND ? [...new Set([...present, ...given])] : present.filter((element) => !given.includes(element));
  configs[name] = list.join(",");
}
