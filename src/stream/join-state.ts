// The states of joins, as specifications.
import type { TypeInfo } from "../schema/type-info.ts";
import type { StateSpec, StateTtl } from "./graph.ts";

export const t = { double: Object.freeze({ kind: "double" }) } as const;

export function mapState(name: string, key: TypeInfo, value: TypeInfo): StateSpec {
  return Object.freeze({ kind: "map", name, key, value, ttl: undefined });
}

export function listState(name: string, value: TypeInfo, ttl: StateTtl | undefined): StateSpec {
  return Object.freeze({ kind: "list", name, value, ttl });
}
