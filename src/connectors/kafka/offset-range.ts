// Where a source begins in a partition, and where it ends: options as users write them, checked and brought into one form, and the offsets
// that they mean. FLIP-27's OffsetsInitializer.
import type { Cluster } from "../../client/cluster.ts";
import { fetchGroupOffsets } from "../../client/group-offsets.ts";
import { listOffsets } from "../../client/list-offsets.ts";
import type { Json } from "../../stream/connector.ts";

/** Epoch ms, or ISO 8601 with a zone. */
export type Time = number | string;
/** By partition ("0"), or by topic and partition ("orders-0") where there are several topics. */
export type PartitionOffsets = Readonly<Record<string, number>>;

/**
 * "committed": the offsets of the group, the earliest where it has none. `timestamp`: the first record that is not older. `offsets`: exactly
 * these; the earliest for partitions that are not named.
 */
export type StartAt = "earliest" | "latest" | "committed" | { readonly timestamp: Time } | { readonly offsets: PartitionOffsets };

/**
 * Makes the source bounded. "latest": the end that each partition has when the job first starts. `timestamp`: before the first record that
 * is not older. `offsets`: before these; the end at the start for partitions that are not named.
 */
export type Until = "latest" | { readonly timestamp: Time } | { readonly offsets: PartitionOffsets };

/** Why the value is none; undefined: it is one. */
export function badStart(value: unknown): string | undefined {
  return value === "earliest" || value === "committed"
    ? undefined
    : badRange(value, '"earliest", "latest", "committed", { timestamp } or { offsets }');
}

export function badUntil(value: unknown): string | undefined {
  return badRange(value, '"latest", { timestamp } or { offsets }');
}

function badRange(value: unknown, allowed: string): string | undefined {
  if (value === "latest") return undefined;
  if (typeof value === "object" && value !== null) {
    if ("timestamp" in value)
      return Number.isFinite(timeMs(value.timestamp as Time)) ? undefined : "timestamp is epoch ms, or ISO 8601 with a zone";
    if ("offsets" in value && typeof value.offsets === "object" && value.offsets !== null) {
      const wrong = Object.entries(value.offsets).find(
        ([name, offset]) => !/^(?:.+-)?\d+$/.test(name) || !Number.isSafeInteger(offset) || (offset as number) < 0,
      );
      return wrong === undefined
        ? undefined
        : `offsets are whole numbers by partition, such as { 0: 1500 } or { "orders-0": 1500 }, not ${JSON.stringify(wrong[0])}: ${String(wrong[1])}`;
    }
  }
  return `is one of ${allowed}`;
}

export function rangeJson(value: StartAt | Until): Json {
  return value as Json;
}

function timeMs(time: Time): number {
  if (typeof time === "number") return Math.floor(time);
  return /(?:Z|[+-]\d\d:?\d\d)$/.test(time) ? Date.parse(time) : Number.NaN;
}

function offsetFor(offsets: PartitionOffsets, topic: string, partition: number): number | undefined {
  const named = `${topic}-${partition}`;
  return Object.hasOwn(offsets, named)
    ? offsets[named]
    : Object.hasOwn(offsets, String(partition))
      ? offsets[String(partition)]
      : undefined;
}

export interface Place {
  readonly cluster: Cluster;
  readonly topic: string;
  readonly partition: number;
  readonly groupId: string;
}

export async function startOffset(place: Place, startAt: StartAt): Promise<number> {
  const { cluster, topic, partition, groupId } = place;
  if (startAt === "committed") {
    const [found] = await fetchGroupOffsets(cluster, groupId, [{ topic, partition }]);
    return found !== undefined && found.offset >= 0 ? found.offset : await listed(place, "earliest");
  }
  if (typeof startAt === "string") return await listed(place, startAt);
  if ("timestamp" in startAt) return await atTime(place, timeMs(startAt.timestamp), "read_committed");
  return offsetFor(startAt.offsets, topic, partition) ?? (await listed(place, "earliest"));
}

/** The first offset that is not read any more. */
export async function untilOffset(place: Place, until: Until): Promise<number> {
  if (until === "latest") return await endOffset(place);
  if ("timestamp" in until) return await atTime(place, timeMs(until.timestamp), "read_uncommitted");
  return offsetFor(until.offsets, place.topic, place.partition) ?? (await endOffset(place));
}

/**
 * The log's end, not the last stable offset: a transaction whose commit was answered may still lack its marker, and its records were there
 * before. What is open is waited for.
 */
export async function endOffset(place: Place): Promise<number> {
  return await listed(place, "latest", "read_uncommitted");
}

async function atTime(place: Place, time: number, isolation: "read_committed" | "read_uncommitted"): Promise<number> {
  const { cluster, topic, partition } = place;
  const [found] = await listOffsets(cluster, [{ topic, partition, at: Math.max(0, time) }], { isolation });
  return found!.offset >= 0 ? found!.offset : await listed(place, "latest", isolation);
}

async function listed(
  place: Place,
  at: "earliest" | "latest",
  isolation: "read_committed" | "read_uncommitted" = "read_committed",
): Promise<number> {
  const { cluster, topic, partition } = place;
  const [found] = await listOffsets(cluster, [{ topic, partition, at }], { isolation });
  return found!.offset;
}
