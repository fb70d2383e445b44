// What an API of the broker is: a name in the protocol, the versions served, and a function from request to response.
// The files in apis/ define one each; they see the broker through BrokerContext and the connection through Call.
import type { Env } from "../env/env.ts";
import type { Address } from "../env/network.ts";
import type { LogDirectory } from "../log/log-directory.ts";
import { apiByName, type Api, type ApiName, type RequestOf, type ResponseOf } from "../protocol/apis.ts";
import type { GroupCoordinator } from "./coordinators/group/group-coordinator.ts";
import type { TransactionCoordinator } from "./coordinators/transaction/transaction-coordinator.ts";
import type { BrokerPlace } from "./broker-place.ts";
import type { MetricCounters } from "./broker-metrics.ts";
import type { DynamicSettings } from "./dynamic-settings.ts";
import type { Faults } from "./faults.ts";
import type { FeatureLevels } from "./features.ts";
import type { FetchSessions } from "./fetch-sessions.ts";
import type { GroupConfigs } from "./group-configs.ts";
import type { Settings } from "./settings.ts";
import type { Topics } from "./topics.ts";

export interface BrokerContext {
  readonly env: Env;
  readonly settings: Settings;
  readonly dynamicSettings: DynamicSettings;
  readonly groupConfigs: GroupConfigs;
  readonly features: FeatureLevels;
  readonly logs: LogDirectory;
  readonly topics: Topics;
  readonly groups: GroupCoordinator;
  readonly transactions: TransactionCoordinator;
  readonly fetchSessions: FetchSessions;
  readonly faults: Faults;
  readonly counters: MetricCounters;
  readonly nodeId: number;
  readonly place: BrokerPlace;
  readonly apis: readonly ApiHandler[];
}

/** One request on its way through the broker. */
export interface Call {
  readonly version: number;
  readonly clientId: string;
  readonly clientHost: string;
  /** Where clients of this listener are told to connect. */
  readonly advertised: Address;
  /** Calls `fn` when the connection closes before the answer; returns how to forget that. */
  onClose(fn: () => void): () => void;
  /** Set before the first await: later requests of the connection wait although this API usually lets them overlap. */
  exclusive: boolean;
  /** Set: the connection is closed instead of answered (an error of a request without answer). */
  close: boolean;
  /** Set: nobody holds on to the request's bytes when it is answered; their memory is used again. */
  requestIsFree: boolean;
  /** Calls `fn` when the bytes of the answer are on their way, so that their memory may be used again; never if the connection ends before. */
  onSent(fn: () => void): void;
}

export interface ApiHandler {
  readonly api: Api;
  readonly minVersion: number;
  readonly maxVersion: number;
  /** The version behind maxVersion that unstable.api.versions.enable adds; maxVersion: none. */
  readonly unstableVersion: number;
  /** What ApiVersions says, where that is not minVersion. */
  readonly advertisedMinVersion: number;
  /** Requests of this API may run while earlier ones of the same connection and API still wait. */
  readonly overlaps: boolean;
  /** undefined: no answer is sent. */
  handle(broker: BrokerContext, request: unknown, call: Call): unknown;
}

interface Definition<N extends ApiName> {
  readonly minVersion?: number;
  readonly maxVersion?: number;
  readonly advertisedMinVersion?: number;
  readonly overlaps?: boolean;
  /** The API's unstable version is served, too, if unstable.api.versions.enable allows it. */
  readonly unstable?: boolean;
  handle(broker: BrokerContext, request: RequestOf<N>, call: Call): ResponseOf<N> | undefined | Promise<ResponseOf<N> | undefined>;
}

export function defineApi<N extends ApiName>(name: N, definition: Definition<N>): ApiHandler {
  const api = apiByName(name) as Api;
  const minVersion = definition.minVersion ?? api.minVersion;
  const maxVersion = definition.maxVersion ?? api.maxVersion;
  return {
    api,
    minVersion,
    maxVersion,
    unstableVersion: definition.unstable === true ? (api.unstableVersion ?? maxVersion) : maxVersion,
    advertisedMinVersion: definition.advertisedMinVersion ?? minVersion,
    overlaps: definition.overlaps ?? false,
    handle: definition.handle as ApiHandler["handle"],
  };
}

/** The APIs as unstable.api.versions.enable says. */
export function servedApis(apis: readonly ApiHandler[], unstable: boolean): readonly ApiHandler[] {
  return unstable ? apis.map((handler) => ({ ...handler, maxVersion: handler.unstableVersion })) : apis;
}
