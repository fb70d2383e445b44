// Lookup join: each element with what an outside system holds for its key, asked through mapAsync and remembered for a while. After Flink's
// lookup joins with a partial cache. The cache is per worker and no state: after a restart it is empty.
import { calledAt } from "./called-at.ts";
import { checkOptions } from "./check-options.ts";
import { durationMs } from "./duration.ts";
import type { AsyncCall, MapAsyncOptions } from "./map-async.ts";
import { PipelineError } from "./pipeline-error.ts";
import type { Duration } from "./watermarks.ts";

export interface LookupJoinOptions<T, K, V, J extends "inner" | "left" = "inner" | "left"> extends Omit<
  MapAsyncOptions<T, unknown>,
  "onTimeout"
> {
  readonly key: (event: T) => K;
  /** Asks outside. undefined (or null): nothing there. */
  readonly lookup: (key: K, call: AsyncCall) => PromiseLike<V | null | undefined>;
  /** "left": elements for which there is nothing come with undefined. Default "inner". */
  readonly kind?: J;
  /** Without it every element asks. */
  readonly cache?: LookupCacheOptions;
}

export interface LookupCacheOptions {
  /** An answer is used for so long. */
  readonly ttl: Duration;
  /** Answers kept per worker; the least recently used leaves. Default 10,000. */
  readonly maxEntries?: number;
  /** Remembers that nothing was there, too. Default true. */
  readonly missing?: boolean;
}

type Key = string | number | bigint | boolean | readonly Key[];
type Pair = (event: unknown, found: unknown) => unknown;
/** No row or one. */
type Rows = readonly unknown[];

const MAX_ENTRIES = 10_000;

const OPTIONS = ["key", "lookup", "kind", "cache", "capacity", "timeout", "ordered", "retries", "onError", "parallelism"];

/** What mapAsync takes of them. */
export function forCalls(options: LookupJoinOptions<never, never, unknown>): MapAsyncOptions<never, unknown> {
  const { key: _key, lookup: _lookup, kind: _kind, cache: _cache, ...others } = options;
  return others;
}

/** The function for mapAsync: an element's row, or none. */
export function lookupCall(
  fn: Pair,
  options: LookupJoinOptions<never, never, unknown>,
  what: string,
  entry: (...args: never[]) => unknown,
): (event: unknown, call: AsyncCall) => Promise<Rows> {
  const refuse = (why: string): never => {
    throw new PipelineError("BAD_ARGUMENT", `${what}: ${why}`, calledAt(entry));
  };
  checkOptions(options, OPTIONS, what, calledAt(entry));
  checkOptions(options.cache, ["ttl", "maxEntries", "missing"], `${what}: cache`, calledAt(entry));
  const { kind = "inner" } = options;
  if (kind !== "inner" && kind !== "left") refuse(`kind is "inner" or "left", not ${JSON.stringify(kind)}.`);
  if (typeof options.key !== "function" || typeof options.lookup !== "function") refuse("key and lookup are functions.");
  const keyOf = options.key as unknown as (event: unknown) => Key;
  const lookup = options.lookup as unknown as (key: Key, call: AsyncCall) => PromiseLike<unknown>;
  const maxEntries = options.cache?.maxEntries ?? MAX_ENTRIES;
  if (!Number.isSafeInteger(maxEntries) || maxEntries < 1) refuse(`cache.maxEntries is a whole number from 1, not ${maxEntries}.`);
  const ttlMs = options.cache === undefined ? 0 : durationMs(options.cache.ttl, `${what}: cache.ttl`, entry);
  const cache = options.cache === undefined ? undefined : new LookupCache(ttlMs, maxEntries, options.cache.missing ?? true);
  return async (event, call) => {
    const key = keyOf(event);
    const text = textOf(key);
    const known = cache?.get(text, call.now());
    const found = known === undefined ? ((await lookup(key, call)) ?? undefined) : known.value;
    if (known === undefined) cache?.set(text, found, call.now());
    return found === undefined && kind === "inner" ? [] : [fn(event, found)];
  };
}

class LookupCache {
  readonly #ttlMs: number;
  readonly #maxEntries: number;
  readonly #missing: boolean;
  /** The least recently used first. */
  readonly #entries = new Map<string, { readonly value: unknown; readonly at: number }>();

  constructor(ttlMs: number, maxEntries: number, missing: boolean) {
    this.#ttlMs = ttlMs;
    this.#maxEntries = maxEntries;
    this.#missing = missing;
  }

  get(key: string, now: number): { readonly value: unknown } | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    this.#entries.delete(key);
    if (now - entry.at >= this.#ttlMs) return undefined;
    this.#entries.set(key, entry);
    return entry;
  }

  set(key: string, value: unknown, now: number): void {
    if (value === undefined && !this.#missing) return;
    this.#entries.delete(key);
    this.#entries.set(key, { value, at: now });
    if (this.#entries.size > this.#maxEntries) this.#entries.delete(this.#entries.keys().next().value!);
  }
}

/** Different keys have different texts. */
function textOf(key: Key): string {
  return JSON.stringify(key, (_, part: unknown) => (typeof part === "bigint" ? { bigint: String(part) } : part));
}
