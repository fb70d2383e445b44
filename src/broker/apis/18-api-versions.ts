// ApiVersions (18): versions 0–4; a version we do not know is answered by dispatch.ts with a v0 body and UNSUPPORTED_VERSION.
// Lists what is served and nothing else. Clients use transactions version 2 only if a feature says so. KIP-35, KIP-511, KIP-584.
import { ErrorCode } from "../../protocol/errors.ts";
import {
  newApiVersion,
  newApiVersionsResponse,
  newFinalizedFeatureKey,
  newSupportedFeatureKey,
} from "../../protocol/generated/api-versions.gen.ts";
import { defineApi } from "../api.ts";
import { FEATURES } from "../features.ts";

const CLIENT_SOFTWARE_FROM = 3;
/** Older clients cannot read features that begin at level 0: they are told of none (KAFKA-17011). */
const LEVEL_ZERO_FROM = 4;
const SOFTWARE_NAME = /^[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?$/;

export const apiVersions = defineApi("ApiVersions", {
  handle(broker, request, call) {
    const valid = SOFTWARE_NAME.test(request.clientSoftwareName) && SOFTWARE_NAME.test(request.clientSoftwareVersion);
    if (call.version >= CLIENT_SOFTWARE_FROM && !valid) return newApiVersionsResponse({ errorCode: ErrorCode.INVALID_REQUEST });
    return newApiVersionsResponse({
      apiKeys: broker.apis.map(({ api, advertisedMinVersion, maxVersion }) =>
        newApiVersion({ apiKey: api.key, minVersion: advertisedMinVersion, maxVersion }),
      ),
      supportedFeatures: FEATURES.filter(({ minVersion }) => minVersion > 0 || call.version >= LEVEL_ZERO_FROM).map(
        ({ name, minVersion, maxVersion }) => newSupportedFeatureKey({ name, minVersion, maxVersion }),
      ),
      finalizedFeaturesEpoch: broker.features.epoch,
      finalizedFeatures: FEATURES.map(({ name }) => ({ name, level: broker.features.level(name) }))
        .filter(({ level }) => level > 0)
        .map(({ name, level }) => newFinalizedFeatureKey({ name, minVersionLevel: level, maxVersionLevel: level })),
    });
  },
});
