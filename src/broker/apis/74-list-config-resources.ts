// ListConfigResources (74): versions 0–1. What DescribeConfigs can be asked about: topics, this broker, groups with configs of their own. Version 0 asks for client
// metrics resources only, of which there are none. KIP-714, KIP-1142.
import { ErrorCode } from "../../protocol/errors.ts";
import { newConfigResource, newListConfigResourcesResponse } from "../../protocol/generated/list-config-resources.gen.ts";
import { defineApi } from "../api.ts";

const TOPIC = 2;
const BROKER = 4;
const BROKER_LOGGER = 8;
const CLIENT_METRICS = 16;
const GROUP = 32;
const TYPES: readonly number[] = [TOPIC, BROKER, BROKER_LOGGER, CLIENT_METRICS, GROUP];

export const listConfigResources = defineApi("ListConfigResources", {
  handle(broker, request, call) {
    const asked = new Set(call.version === 0 ? [CLIENT_METRICS] : request.resourceTypes.length === 0 ? TYPES : request.resourceTypes);
    for (const type of asked) {
      if (!TYPES.includes(type)) return newListConfigResourcesResponse({ errorCode: ErrorCode.UNSUPPORTED_VERSION });
    }
    const configResources = [];
    if (asked.has(TOPIC)) {
      for (const { name } of broker.topics.all()) configResources.push(newConfigResource({ resourceName: name, resourceType: TOPIC }));
    }
    if (asked.has(BROKER)) configResources.push(newConfigResource({ resourceName: String(broker.nodeId), resourceType: BROKER }));
    if (asked.has(BROKER_LOGGER))
      configResources.push(newConfigResource({ resourceName: String(broker.nodeId), resourceType: BROKER_LOGGER }));
    if (asked.has(GROUP)) {
      for (const groupId of broker.groupConfigs.groupIds())
        configResources.push(newConfigResource({ resourceName: groupId, resourceType: GROUP }));
    }
    return newListConfigResourcesResponse({ configResources });
  },
});
