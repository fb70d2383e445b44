// UpdateFeatures (57): versions 0–2. Levels are fixed: asking for the present one succeeds, every other is refused. From version 2 on
// one refusal stands for the whole request. KIP-584, KIP-778, KIP-1022.
import { ErrorCode } from "../../protocol/errors.ts";
import {
  newUpdatableFeatureResult,
  newUpdateFeaturesResponse,
  type FeatureUpdateKey,
} from "../../protocol/generated/update-features.gen.ts";
import { defineApi } from "../api.ts";
import { FEATURES } from "../features.ts";

const ONE_ERROR_FROM = 2;

export const updateFeatures = defineApi("UpdateFeatures", {
  handle(_broker, request, call) {
    const refusals = request.featureUpdates.map(refusal);
    const first = refusals.find((problem) => problem !== null);
    if (call.version >= ONE_ERROR_FROM) {
      const errorCode = first === undefined ? ErrorCode.NONE : ErrorCode.INVALID_UPDATE_VERSION;
      return newUpdateFeaturesResponse({ errorCode, errorMessage: first ?? null });
    }
    const results = request.featureUpdates.map(({ feature }, i) => {
      const errorMessage = refusals[i]!;
      const errorCode = errorMessage === null ? ErrorCode.NONE : ErrorCode.INVALID_UPDATE_VERSION;
      return newUpdatableFeatureResult({ feature, errorCode, errorMessage });
    });
    return newUpdateFeaturesResponse({ errorMessage: null, results });
  },
});

function refusal({ feature, maxVersionLevel }: FeatureUpdateKey): string | null {
  const known = FEATURES.find(({ name }) => name === feature);
  if (known === undefined)
    return `Invalid update version ${maxVersionLevel} for feature ${feature}. This broker does not know the feature.`;
  if (known.level === maxVersionLevel) return null;
  return `Invalid update version ${maxVersionLevel} for feature ${feature}. Its level on this broker is ${known.level} and cannot be changed.`;
}
