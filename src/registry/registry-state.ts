// Everything the topic says, in memory: subjects with their versions, ids, settings. apply() takes the topic's records in order and is
// idempotent; queries answer from maps. No I/O. Invariant: an id of a context has one content, for ever.
import type { SchemaContent, SchemaEntry } from "./schema-entry.ts";
import { guidOf } from "./schema-entry.ts";
import { contextOf, DEFAULT_CONTEXT } from "./subject-name.ts";
import type { Mode, SubjectConfig } from "./subject-config.ts";
import type { TopicRecord } from "./topic-record.ts";

/** Versions by number, in rising order. */
type Versions = Map<number, SchemaEntry>;

interface ContextIds {
  /** Also of soft-deleted schemas. */
  readonly byId: Map<number, Set<SchemaEntry>>;
  readonly byGuid: Map<string, number>;
  maxId: number;
}

export class RegistryState {
  readonly #subjects = new Map<string, Versions>();
  readonly #contexts = new Map<string, ContextIds>([[DEFAULT_CONTEXT, newContext()]]);
  readonly #configs = new Map<string | undefined, SubjectConfig>();
  readonly #modes = new Map<string | undefined, Mode>();
  /** "subject\nversion" → who refers to it. */
  readonly #referrers = new Map<string, Set<SchemaEntry>>();
  #conflicts = 0;

  /** Ids that were found with two contents: somebody else wrote to the topic at the same time. */
  get conflicts(): number {
    return this.#conflicts;
  }

  // ---------- changes ----------

  apply(record: TopicRecord): void {
    switch (record.kind) {
      case "schema":
        return this.#applySchema(record.subject, record.version, record.entry);
      case "config":
        return void (record.config === null ? this.#configs.delete(record.subject) : this.#configs.set(record.subject, record.config));
      case "mode":
        return void (record.mode === null ? this.#modes.delete(record.subject) : this.#modes.set(record.subject, record.mode));
      case "delete-subject":
        for (const entry of this.versions(record.subject, true))
          if (entry.version <= record.version && !entry.deleted)
            this.#applySchema(entry.subject, entry.version, { ...entry, deleted: true });
        return;
      case "clear-subject":
        for (const entry of this.versions(record.subject, true)) if (entry.deleted) this.#applySchema(entry.subject, entry.version, null);
        return;
      case "noop":
        for (const [context, maxId] of Object.entries(record.maxIds)) {
          const ids = this.#context(context);
          ids.maxId = Math.max(ids.maxId, maxId);
        }
    }
  }

  #applySchema(subject: string, version: number, entry: SchemaEntry | null): void {
    const before = this.#subjects.get(subject)?.get(version);
    if (before !== undefined) this.#forget(before);
    if (entry === null) return;
    let versions = this.#subjects.get(subject);
    if (versions === undefined) this.#subjects.set(subject, (versions = new Map()));
    const inOrder = versions.size === 0 || version > lastKey(versions);
    versions.set(version, entry);
    if (!inOrder) this.#subjects.set(subject, new Map([...versions].sort(([a], [b]) => a - b)));
    const ids = this.#context(contextOf(subject));
    const users = ids.byId.get(entry.id);
    if (users === undefined) ids.byId.set(entry.id, new Set([entry]));
    else {
      if (first(users)!.guid !== entry.guid) this.#conflicts++;
      users.add(entry);
    }
    if (!ids.byGuid.has(entry.guid)) ids.byGuid.set(entry.guid, entry.id);
    ids.maxId = Math.max(ids.maxId, entry.id);
    for (const reference of entry.references) {
      const key = `${reference.subject}\n${reference.version}`;
      const referrers = this.#referrers.get(key);
      if (referrers === undefined) this.#referrers.set(key, new Set([entry]));
      else referrers.add(entry);
    }
  }

  #forget(entry: SchemaEntry): void {
    const versions = this.#subjects.get(entry.subject)!;
    versions.delete(entry.version);
    if (versions.size === 0) this.#subjects.delete(entry.subject);
    const ids = this.#context(contextOf(entry.subject));
    const users = ids.byId.get(entry.id)!;
    users.delete(entry);
    if (users.size === 0) {
      ids.byId.delete(entry.id);
      if (ids.byGuid.get(entry.guid) === entry.id) ids.byGuid.delete(entry.guid);
    }
    for (const { subject, version } of entry.references) this.#referrers.get(`${subject}\n${version}`)?.delete(entry);
  }

  #context(name: string): ContextIds {
    let context = this.#contexts.get(name);
    if (context === undefined) this.#contexts.set(name, (context = newContext()));
    return context;
  }

  // ---------- questions ----------

  /** Sorted; with `deleted` also those whose versions are all soft-deleted. */
  subjects(deleted = false): string[] {
    const names = [...this.#subjects.keys()];
    return (deleted ? names : names.filter((name) => this.hasLive(name))).sort();
  }

  contexts(): string[] {
    const used = [...this.#contexts].filter(([name, { byId }]) => name === DEFAULT_CONTEXT || byId.size > 0);
    return used.map(([name]) => name).sort();
  }

  /** In rising order; with `deleted` the soft-deleted, too. */
  versions(subject: string, deleted = false): SchemaEntry[] {
    const all = [...(this.#subjects.get(subject)?.values() ?? [])];
    return deleted ? all : all.filter((entry) => !entry.deleted);
  }

  version(subject: string, version: number): SchemaEntry | undefined {
    return this.#subjects.get(subject)?.get(version);
  }

  hasLive(subject: string): boolean {
    for (const entry of this.#subjects.get(subject)?.values() ?? []) if (!entry.deleted) return true;
    return false;
  }

  /** Every version with the id, soft-deleted ones too. */
  byId(context: string, id: number): SchemaEntry[] {
    return [...(this.#contexts.get(context)?.byId.get(id) ?? [])];
  }

  idOf(context: string, content: SchemaContent): number | undefined {
    return this.#contexts.get(context)?.byGuid.get(guidOf(content));
  }

  /** context and id of each place where the content is known. */
  byGuid(guid: string): { readonly context: string; readonly id: number }[] {
    return [...this.#contexts].flatMap(([context, { byGuid }]) => {
      const id = byGuid.get(guid);
      return id === undefined ? [] : [{ context, id }];
    });
  }

  /** The highest id ever given in the context, also to schemas that are gone. */
  maxId(context: string): number {
    return this.#contexts.get(context)?.maxId ?? 0;
  }

  maxIds(): Record<string, number> {
    return Object.fromEntries([...this.#contexts].map(([name, { maxId }]) => [name, maxId]));
  }

  referrers(subject: string, version: number): SchemaEntry[] {
    return [...(this.#referrers.get(`${subject}\n${version}`) ?? [])];
  }

  config(subject: string | undefined): SubjectConfig | undefined {
    return this.#configs.get(subject);
  }

  mode(subject: string | undefined): Mode | undefined {
    return this.#modes.get(subject);
  }
}

function newContext(): ContextIds {
  return { byId: new Map(), byGuid: new Map(), maxId: 0 };
}

function lastKey(versions: Versions): number {
  let last = 0;
  for (const key of versions.keys()) last = key;
  return last;
}

function first<T>(values: Iterable<T>): T | undefined {
  for (const value of values) return value;
  return undefined;
}
