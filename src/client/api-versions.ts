// Which version of an API to speak with a broker: the newest both know, never above a limit the caller sets. Pure. KIP-35, KIP-584.
import { apiByName, type ApiName } from "../protocol/apis.ts";
import type { ApiVersionsResponse } from "../protocol/generated/api-versions.gen.ts";
import { ClientError } from "./errors.ts";

export interface VersionRange {
  readonly min: number;
  readonly max: number;
}

export class BrokerVersions {
  readonly #ranges = new Map<number, VersionRange>();
  readonly #features = new Map<string, number>();
  readonly #where: string;

  constructor(response: ApiVersionsResponse, where: string) {
    this.#where = where;
    for (const { apiKey, minVersion, maxVersion } of response.apiKeys) this.#ranges.set(apiKey, { min: minVersion, max: maxVersion });
    for (const { name, maxVersionLevel } of response.finalizedFeatures) this.#features.set(name, maxVersionLevel);
  }

  /** Level of a finalized cluster feature, such as "transaction.version"; 0 if the broker does not name it. */
  feature(name: string): number {
    return this.#features.get(name) ?? 0;
  }

  range(name: ApiName): VersionRange | undefined {
    return this.#ranges.get(apiByName(name).key);
  }

  supports(name: ApiName, version?: number): boolean {
    const range = this.range(name);
    return range !== undefined && (version === undefined || (version >= range.min && version <= range.max));
  }

  /**
   * The newest version of `name` that both sides know and that is at most `limit`. One that Apache Kafka calls unstable is taken only for a
   * limit that allows it. Throws UNSUPPORTED_VERSION.
   */
  pick(name: ApiName, limit = Infinity): number {
    const api = apiByName(name);
    const range = this.#ranges.get(api.key);
    if (range === undefined)
      throw new ClientError(
        "UNSUPPORTED_VERSION",
        `The broker ${this.#where} does not offer ${name} (API key ${api.key}). Use a newer broker.`,
      );
    const newest = limit === Infinity ? api.maxVersion : (api.unstableVersion ?? api.maxVersion);
    const version = Math.min(newest, range.max, limit);
    if (version < api.minVersion || version < range.min)
      throw new ClientError(
        "UNSUPPORTED_VERSION",
        `The broker ${this.#where} speaks ${name} versions ${range.min} to ${range.max}; this client speaks ${api.minVersion} to ` +
          `${Math.min(api.maxVersion, limit)}. ${version < range.min ? "Use a newer client." : "Use a newer broker."}`,
      );
    return version;
  }
}
