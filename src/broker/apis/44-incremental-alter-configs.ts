// IncrementalAlterConfigs (44): versions 0–1. Configs of topics and groups, and settings of the broker that may change while it runs: set, delete,
// append to or subtract from a list. Settings that say nothing to this broker are kept and told if Apache Kafka lets change them; names
// that nobody knows are refused (Apache Kafka keeps them). KIP-339, KIP-226 (broker settings).
import { KafkaError } from "../../protocol/errors.ts";
import {
  newAlterConfigsResourceResponse,
  newIncrementalAlterConfigsResponse,
  type AlterableConfig,
} from "../../protocol/generated/incremental-alter-configs.gen.ts";
import { alterConfig, type AlteredResource, refusalOf, resourcesNamedTwice } from "../alter-config.ts";
import { defineApi } from "../api.ts";
import { namedTwice } from "../named-twice.ts";

const SET = 0;
const DELETE = 1;
const APPEND = 2;
const SUBTRACT = 3;

export const incrementalAlterConfigs = defineApi("IncrementalAlterConfigs", {
  async handle(broker, request) {
    const responses = [];
    const twice = resourcesNamedTwice(request.resources);
    for (const resource of request.resources) {
      const { resourceType, resourceName, configs } = resource;
      const answer = { resourceType, resourceName };
      try {
        if (twice.has(resource)) throw new KafkaError("INVALID_REQUEST", "Each resource must appear at most once.");
        checkChanges(configs);
        await alterConfig(broker, resourceType, resourceName, request.validateOnly, (present, resource) => {
          const next = new Map(Object.entries(present));
          for (const config of configs) apply(resource, next, config);
          return Object.fromEntries(next);
        });
        responses.push(newAlterConfigsResourceResponse(answer));
      } catch (error) {
        responses.push(newAlterConfigsResourceResponse({ ...answer, ...refusalOf(error) }));
      }
    }
    return newIncrementalAlterConfigsResponse({ responses });
  },
});

function checkChanges(configs: readonly AlterableConfig[]): void {
  const empty = configs.filter(({ configOperation, value }) => configOperation !== DELETE && value === null).map(({ name }) => name);
  if (empty.length > 0) throw new KafkaError("INVALID_REQUEST", `Null value not supported for : ${empty.join(", ")}`);
  const twice = namedTwice(configs.map(({ name }) => name));
  if (twice.size > 0) throw new KafkaError("INVALID_REQUEST", `These configs are given twice: ${[...twice].join(", ")}`);
}

function apply(resource: AlteredResource, configs: Map<string, string>, { name, configOperation, value }: AlterableConfig): void {
  const definition = resource.definition(name);
  if (configOperation === DELETE) {
    configs.delete(name); // also one that nobody knows
    return;
  }
  if (definition === undefined && resource.kind === "topic") throw new KafkaError("INVALID_CONFIG", `Unknown topic config name: ${name}`);
  if (configOperation === SET) {
    configs.set(name, value ?? "");
    return;
  }
  if (configOperation !== APPEND && configOperation !== SUBTRACT)
    throw new KafkaError("INVALID_REQUEST", `Unknown operation ${configOperation}.`);
  if (definition?.type !== "list") throw new KafkaError("INVALID_CONFIG", `${name} is no list: it can be set or deleted only.`);
  const list = resource
    .effective(name, Object.fromEntries(configs))
    .split(",")
    .filter((element) => element !== "");
  for (const element of partsOf(value ?? "")) {
    const at = list.indexOf(element);
    if (configOperation === APPEND && at === -1) list.push(element);
    else if (configOperation === SUBTRACT && at !== -1) list.splice(at, 1);
  }
  configs.set(name, list.join(","));
}

/** As Java splits: no empty parts at the end, but one of nothing at all. */
function partsOf(value: string): readonly string[] {
  return value === "" ? [""] : value.replace(/,+$/, "").split(",");
}
