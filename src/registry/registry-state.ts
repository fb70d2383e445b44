// Everything the topic says, in memory: subjects with their versions, ids, settings. apply() takes the topic's records in order and is
// idempotent; queries answer from maps. No I/O. Invariant: an id of a context has one content, for ever.
import { AssociationIndex } from "./association-index.ts";
import type { SchemaContent, SchemaEntry } from "./schema-entry.ts";
import { identityOf } from "./schema-entry.ts";
import { guidOf } from "./schema-guid.ts";
import { contextOf, DEFAULT_CONTEXT, nameInContext, qualified } from "./subject-name.ts";
import type { Mode, SubjectConfig } from "./subject-config.ts";
import { associationKey, type TopicRecord } from "./topic-record.ts";

interface ContextIds {
  /** Also of soft-deleted schemas. Mostly one, which then stands for itself: a hundred thousand sets are felt when a registry starts. */
  readonly byId: Map<number, SchemaEntry | Set<SchemaEntry>>;
  readonly byIdentity: Map<string, number>;
  maxId: number;
}

export class RegistryState {
  /** Versions in rising order. */
  readonly #subjects = new Map<string, SchemaEntry[]>();
  readonly #contexts = new Map<string, ContextIds>([[DEFAULT_CONTEXT, newContext()]]);
  readonly #configs = new Map<string | undefined, SubjectConfig>();
  readonly #modes = new Map<string | undefined, Mode>();
  readonly associations = new AssociationIndex();
  /** "subject\nversion" → who refers to it. */
  readonly #referrers = new Map<string, Set<SchemaEntry>>();
  /** GUID to identity; made when it is asked for first, for it takes a digest of every schema. */
  #guids: Map<string, string> | undefined;
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
      case "association":
        return this.associations.set(associationKey(record.key), record.association);
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
    const before = this.version(subject, version);
    if (before !== undefined) this.#forget(before);
    if (entry === null) return;
    const versions = this.#subjects.get(subject);
    if (versions === undefined) this.#subjects.set(subject, [entry]);
    else versions.splice(versions.findLastIndex((each) => each.version < version) + 1, 0, entry);
    const ids = this.#context(contextOf(subject));
    const users = ids.byId.get(entry.id);
    if (users === undefined) ids.byId.set(entry.id, entry);
    else {
      if (anyOf(users).identity !== entry.identity) this.#conflicts++;
      if (users instanceof Set) users.add(entry);
      else ids.byId.set(entry.id, new Set([users, entry]));
    }
    if (!ids.byIdentity.has(entry.identity)) ids.byIdentity.set(entry.identity, entry.id);
    ids.maxId = Math.max(ids.maxId, entry.id);
    this.#guids?.set(guidOf(entry), entry.identity);
    for (const reference of entry.references) {
      const key = `${qualified(contextOf(subject), reference.subject)}\n${reference.version}`;
      const referrers = this.#referrers.get(key);
      if (referrers === undefined) this.#referrers.set(key, new Set([entry]));
      else referrers.add(entry);
    }
  }

  #forget(entry: SchemaEntry): void {
    const versions = this.#subjects.get(entry.subject)!;
    versions.splice(versions.indexOf(entry), 1);
    if (versions.length === 0) this.#subjects.delete(entry.subject);
    const ids = this.#context(contextOf(entry.subject));
    const users = ids.byId.get(entry.id)!;
    if (users instanceof Set && users.size > 1) users.delete(entry);
    else {
      ids.byId.delete(entry.id);
      if (ids.byIdentity.get(entry.identity) === entry.id) ids.byIdentity.delete(entry.identity);
    }
    const context = contextOf(entry.subject);
    for (const { subject, version } of entry.references) this.#referrers.get(`${qualified(context, subject)}\n${version}`)?.delete(entry);
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

  /** Also one that has settings only, or had subjects once. */
  hasContext(context: string): boolean {
    const subject = `:${context}:`;
    return this.#contexts.has(context) || this.#configs.has(subject) || this.#modes.has(subject);
  }

  /** In rising order; with `deleted` the soft-deleted, too. */
  versions(subject: string, deleted = false): SchemaEntry[] {
    const all = this.#subjects.get(subject) ?? [];
    return deleted ? [...all] : all.filter((entry) => !entry.deleted);
  }

  version(subject: string, version: number): SchemaEntry | undefined {
    return this.#subjects.get(subject)?.findLast((entry) => entry.version === version);
  }

  hasLive(subject: string): boolean {
    return this.#subjects.get(subject)?.some((entry) => !entry.deleted) ?? false;
  }

  /** Every version with the id, soft-deleted ones too. */
  byId(context: string, id: number): SchemaEntry[] {
    const users = this.#contexts.get(context)?.byId.get(id);
    return users === undefined ? [] : users instanceof Set ? [...users] : [users];
  }

  idOf(context: string, content: SchemaContent): number | undefined {
    return this.#contexts.get(context)?.byIdentity.get(identityOf(content));
  }

  /** context and id of each place where the content is known. */
  byGuid(guid: string): { readonly context: string; readonly id: number }[] {
    if (this.#guids === undefined) {
      const entries = [...this.#contexts.values()].flatMap(({ byId }) => [...byId.values()].map(anyOf));
      this.#guids = new Map(entries.map((entry) => [guidOf(entry), entry.identity]));
    }
    const identity = this.#guids.get(guid);
    if (identity === undefined) return [];
    return [...this.#contexts].flatMap(([context, { byIdentity }]) => {
      const id = byIdentity.get(identity);
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

  /** Those of the context that have a mode of their own. */
  subjectsWithMode(context: string): string[] {
    return [...this.#modes.keys()].filter(
      (subject): subject is string => subject !== undefined && contextOf(subject) === context && nameInContext(subject) !== "",
    );
  }

  /** Subjects whose requests go to this one. */
  aliasesOf(subject: string): string[] {
    const found = [...this.#configs].filter(
      ([given, { alias }]) => given !== undefined && alias !== undefined && alias !== "" && qualified(contextOf(given), alias) === subject,
    );
    return found.map(([given]) => given!).sort();
  }
}

function newContext(): ContextIds {
  return { byId: new Map(), byIdentity: new Map(), maxId: 0 };
}

function anyOf(users: SchemaEntry | Set<SchemaEntry>): SchemaEntry {
  if (!(users instanceof Set)) return users;
  const [first] = users;
  return first!;
}
