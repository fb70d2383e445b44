// UpdateFeatures (57): versions 0–2. Levels go up and down between those that this broker knows, and are kept; one refusal is for the whole
// request. Going down must be said (upgrade types 2 and 3); version 0 cannot say it, as on Apache Kafka. KIP-584, KIP-778, KIP-1022.
import { ErrorCode } from "../../protocol/errors.ts";
import {
  newUpdatableFeatureResult,
  newUpdateFeaturesResponse,
  type FeatureUpdateKey,
} from "../../protocol/generated/update-features.gen.ts";
import { defineApi } from "../api.ts";
import { FEATURES, type FeatureLevels } from "../features.ts";

const RESULTS_UNTIL = 2;
const UPGRADE = 1;
const UNSAFE_DOWNGRADE = 3;

export const updateFeatures = defineApi("UpdateFeatures", {
  async handle({ features }, { featureUpdates, validateOnly }, call) {
    // Of one that is named twice, Apache Kafka looks at the last only.
    const updates = [...new Map(featureUpdates.map((update) => [update.feature, update])).values()];
    const levels = Object.fromEntries(updates.map(({ feature, maxVersionLevel }) => [feature, maxVersionLevel]));
    const check = (): string | undefined => updates.map((update) => refusal(update, features)).find((problem) => problem !== undefined);
    const problem = await features.change(levels, validateOnly, check);
    if (problem !== undefined) return newUpdateFeaturesResponse({ errorCode: ErrorCode.INVALID_UPDATE_VERSION, errorMessage: problem });
    const told = call.version < RESULTS_UNTIL ? featureUpdates : [];
    const results = told.map(({ feature }) => newUpdatableFeatureResult({ feature, errorMessage: null }));
    return newUpdateFeaturesResponse({ errorMessage: null, results });
  },
});

function refusal({ feature, maxVersionLevel: level, upgradeType: type }: FeatureUpdateKey, features: FeatureLevels): string | undefined {
  if (type < UPGRADE || type > UNSAFE_DOWNGRADE) return `The upgrade type ${type} of feature ${feature} is none.`;
  const invalid = `Invalid update version ${level} for feature ${feature}.`;
  const known = FEATURES.find(({ name }) => name === feature);
  if (known === undefined) return `${invalid} This broker does not know the feature.`;
  if (level < known.minVersion || level > known.maxVersion)
    return `${invalid} This broker knows its levels ${known.minVersion} to ${known.maxVersion}.`;
  const present = features.level(feature);
  if (level < present && type === UPGRADE)
    return `${invalid} Its level is ${present}: say that it may go down (a safe or unsafe downgrade).`;
  if (level > present && type !== UPGRADE) return `${invalid} Its level is ${present}: that is no downgrade.`;
  return undefined;
}
