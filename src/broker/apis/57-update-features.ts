// UpdateFeatures (57): versions 0–2. Levels are fixed: asking for the present one succeeds, every other is refused, one refusal for
// the whole request. KIP-584, KIP-778, KIP-1022.
import { ErrorCode } from "../../protocol/errors.ts";
import {
  newUpdatableFeatureResult,
  newUpdateFeaturesResponse,
  type FeatureUpdateKey,
} from "../../protocol/generated/update-features.gen.ts";
import { defineApi } from "../api.ts";
import { FEATURES } from "../features.ts";

const RESULTS_UNTIL = 2;
const UPGRADE = 1;
const UNSAFE_DOWNGRADE = 3;

export const updateFeatures = defineApi("UpdateFeatures", {
  handle(_broker, request, call) {
    const refusals = request.featureUpdates.map(refusal);
    const first = refusals.find((problem) => problem !== null) ?? undefined;
    if (first !== undefined) return newUpdateFeaturesResponse({ errorCode: ErrorCode.INVALID_UPDATE_VERSION, errorMessage: first });
    const told = call.version < RESULTS_UNTIL ? request.featureUpdates : [];
    const results = told.map(({ feature }) => newUpdatableFeatureResult({ feature, errorMessage: null }));
    return newUpdateFeaturesResponse({ errorMessage: null, results });
  },
});

function refusal({ feature, maxVersionLevel, upgradeType }: FeatureUpdateKey): string | null {
  if (upgradeType < UPGRADE || upgradeType > UNSAFE_DOWNGRADE) return `The upgrade type ${upgradeType} of feature ${feature} is none.`;
  const known = FEATURES.find(({ name }) => name === feature);
  if (known === undefined)
    return `Invalid update version ${maxVersionLevel} for feature ${feature}. This broker does not know the feature.`;
  if (known.level === maxVersionLevel) return null;
  return `Invalid update version ${maxVersionLevel} for feature ${feature}. Its level on this broker is ${known.level} and cannot be changed.`;
}
