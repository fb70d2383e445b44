// Random changes of the features' levels (KIP-584), and what clients see of them: ApiVersions, heartbeats and descriptions of groups of the
// consumer protocol. Levels are the whole broker's: these sequences run while no others do, and each begins at the newest levels.
import fc from "fast-check";
import { newUpdateFeaturesRequest } from "../../src/protocol/generated/update-features.gen.ts";
import { consumerSteps } from "./consumer-requests.ts";
import { greet } from "./greeting-requests.ts";
import { step, type Step } from "./requests.ts";

/** Of features that both know; Apache Kafka has more (metadata.version and its like), which are unknown here. */
const CHANGES: readonly (readonly [feature: string, levels: readonly number[]])[] = [
  ["group.version", [0, 0, 1, 1, 2, -1]],
  ["transaction.version", [0, 1, 2, 2, 3, -1, 32_767]],
  ["no.such", [0, 1]],
  ["", [1]],
  ["Group.version", [1]],
];

const update = fc.constantFrom(CHANGES[0]!, CHANGES[0]!, CHANGES[0]!, CHANGES[1]!, CHANGES[1]!, CHANGES[1]!, ...CHANGES).chain(([feature, levels]) =>
  fc.tuple(fc.constantFrom(...levels), fc.constantFrom(1, 1, 2, 3, 0, 4, -1), fc.boolean()).map(([level, upgradeType, allowDowngrade]) => ({ feature, level, upgradeType, allowDowngrade })),
); // prettier-ignore

const change = fc.tuple(fc.array(update, { maxLength: 3 }), fc.nat(2), fc.nat(3)).map(([updates, version, luck]) =>
  step<"UpdateFeatures">({
    name: `features v${version}${luck === 0 ? ", validate only" : ""}: ${updates.map(({ feature, level, upgradeType, allowDowngrade }) => `"${feature}" to ${level}, type ${upgradeType}${allowDowngrade ? ", down" : ""}`).join("; ")}`,
    api: "UpdateFeatures",
    version,
    request: () =>
      newUpdateFeaturesRequest({
        timeoutMs: 5000,
        validateOnly: version >= 1 && luck === 0,
        featureUpdates: updates.map(({ feature, level, upgradeType, allowDowngrade }) => {
          const how = version === 0 ? { allowDowngrade } : { upgradeType };
          return { feature, maxVersionLevel: level, allowDowngrade: false, upgradeType: 1, ...how };
        }),
      }),
    settles: "topics",
  }),
);

/** What every sequence begins with. */
export const newestLevels = step<"UpdateFeatures">({
  name: "the newest levels",
  api: "UpdateFeatures",
  version: 2,
  request: () => {
    const up = (feature: string, maxVersionLevel: number) => ({ feature, maxVersionLevel, allowDowngrade: false, upgradeType: 1 });
    return newUpdateFeaturesRequest({ timeoutMs: 5000, featureUpdates: [up("group.version", 1), up("transaction.version", 2)] });
  },
  settles: "topics",
});

export const featureSteps: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: change },
  { weight: 2, arbitrary: greet },
  { weight: 2, arbitrary: consumerSteps },
);
