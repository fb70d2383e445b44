// What the random requests of the differential test ask: every API that is served, in every version, and every field of every request with
// more than one value. What is never drawn is listed here, with the reason.
import assert from "node:assert/strict";
import { it } from "node:test";
import fc from "fast-check";
import { ByteWriter } from "../../src/bytes/writer.ts";
import { apiByName, ALL_APIS, type ApiName } from "../../src/protocol/apis.ts";
import { FAMILIES, FEATURES, TRANSACTIONS } from "./request-families.ts";
import { newLearnt } from "./requests.ts";

const SEQUENCES = 150;
const SEED = 5;

const ALWAYS_THE_SAME: Readonly<Record<string, string>> = {
  "CreateTopics.timeoutMs": "a timeout: what is too late on one broker need not be on the other",
  "DeleteTopics.timeoutMs": "a timeout",
  "DeleteRecords.timeoutMs": "a timeout",
  "CreatePartitions.timeoutMs": "a timeout",
  "UpdateFeatures.timeoutMs": "a timeout",
  "Fetch.replicaState": "of brokers that follow; here is one broker",
  "Fetch.topics.partitions.replicaDirectoryId": "of brokers that follow",
  "InitProducerId.enable2Pc": "version 6, which is not settled",
  "InitProducerId.keepPreparedTxn": "version 6",
};

type Values = Map<string, Set<string>>;

/** Of a list, that it has none, one or more counts, too, and of a struct that it is there. */
function note(values: Values, path: string, value: unknown): void {
  const seen = (key: string, text: string) => void values.set(key, (values.get(key) ?? new Set()).add(text));
  if (value instanceof Uint8Array) return seen(path, `${value.length} bytes`);
  if (Array.isArray(value)) {
    seen(path, `${Math.min(value.length, 2)} of them`);
    for (const item of value) note(values, path, item);
  } else if (value !== null && typeof value === "object") {
    for (const [name, inner] of Object.entries(value)) {
      if (inner !== null && typeof inner === "object" && !Array.isArray(inner)) seen(`${path}.${name}`, "one");
      note(values, `${path}.${name}`, inner);
    }
  } else seen(path, JSON.stringify(value));
}

/** Of requests whose bytes can be written, each in its version. */
function drawn(): { versions: Map<ApiName, Set<number>>; values: Values } {
  const versions = new Map<ApiName, Set<number>>();
  const values: Values = new Map();
  for (const family of Object.values({ ...FAMILIES, ...TRANSACTIONS, ...FEATURES })) {
    for (const scene of fc.sample(family, { numRuns: SEQUENCES, seed: SEED }).flat()) {
      if ("play" in scene) continue;
      const learnt = Object.assign(newLearnt("r1-"), { memberId: "m", generation: 3, producerId: 9, producerEpoch: 2, logDir: "/data" });
      learnt.topicIds.set("t", "AAAAAAAAAAAAAAAAAAAAEA");
      const request = scene.request(learnt);
      apiByName(scene.api).writeRequest(new ByteWriter(), request, scene.version);
      versions.set(scene.api, (versions.get(scene.api) ?? new Set()).add(scene.version));
      note(values, scene.api, request);
    }
  }
  return { versions, values };
}

it("every version of every API is drawn, and every field with several values", () => {
  const { versions, values } = drawn();
  const never = ALL_APIS.flatMap(({ name, minVersion, maxVersion }) => {
    const all = Array.from({ length: maxVersion - minVersion + 1 }, (_, i) => minVersion + i);
    return all.filter((version) => versions.get(name)?.has(version) !== true).map((version) => `${name} v${version}`);
  });
  assert.deepEqual(never, []);
  const constant = [...values].filter(([, seen]) => seen.size === 1).map(([path]) => path);
  assert.deepEqual(constant.toSorted(), Object.keys(ALWAYS_THE_SAME).toSorted());
});
