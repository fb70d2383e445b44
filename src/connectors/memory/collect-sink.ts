// Collects rows into an array of this thread, exactly once: rows become visible with their checkpoint, as in a transactional system.
// The sink object is that system: it outlives a job that fails, and a job started again in the same thread finds its transactions here.
import type { Batch } from "../../schema/batch.ts";
import { rowAt } from "../../schema/columns.ts";
import { schemaFrom } from "../../schema/foreign/foreign-schema.ts";
import type { ForeignSchema, TypeOf } from "../../schema/foreign/foreign-types.ts";
import type { Schema } from "../../schema/type-info.ts";
import type { ConnectorContext, Sink, SinkConnector, SinkWriter } from "../../stream/connector.ts";

export interface CollectSink<T> extends Sink<T> {
  /** What has been committed, in order of commits; within a commit in order of arrival per writer. */
  readonly rows: readonly T[];
  /** Rows that were written and wait for their checkpoint. */
  readonly pendingRows: number;
  /** Calls back after every commit; returns the way to stop it. */
  onCommit(callback: () => void): () => void;
}

interface Transaction {
  readonly operator: string;
  readonly rows: unknown[];
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export function collectSink<T = unknown>(schema?: Schema<T>): CollectSink<T>;
export function collectSink<S extends ForeignSchema>(schema: S): CollectSink<TypeOf<S>>;
export function collectSink(schema?: Schema<unknown> | ForeignSchema): CollectSink<unknown> {
  const store = new CollectStore();
  return Object.freeze({
    connector: "collect",
    type: schema === undefined ? undefined : schemaFrom(schema).type,
    describe: () => ({}),
    create: ({ operator }: ConnectorContext): SinkConnector => new CollectConnector(store, operator),
    get rows() {
      return store.committed;
    },
    get pendingRows() {
      return store.pendingRows();
    },
    onCommit: (callback: () => void) => store.onCommit(callback),
  });
}

class CollectStore {
  readonly committed: unknown[] = [];
  /** Open and prepared transactions by id. */
  readonly #transactions = new Map<string, Transaction>();
  readonly #listeners = new Set<() => void>();
  #nextId = 1;

  begin(operator: string): string {
    const id = `${operator}/${this.#nextId++}`;
    this.#transactions.set(id, { operator, rows: [] });
    return id;
  }

  rows(id: string): unknown[] {
    const transaction = this.#transactions.get(id);
    if (transaction === undefined) throw new Error(`The transaction ${id} was resolved by somebody else.`);
    return transaction.rows;
  }

  /** Idempotent: a transaction that is not there was committed before. */
  commit(id: string): void {
    const transaction = this.#transactions.get(id);
    if (transaction === undefined) return;
    for (const row of transaction.rows) this.committed.push(row);
    this.#transactions.delete(id);
    for (const listener of this.#listeners) listener();
  }

  abort(id: string): void {
    this.#transactions.delete(id);
  }

  abortAll(operator: string): void {
    for (const [id, transaction] of this.#transactions) if (transaction.operator === operator) this.#transactions.delete(id);
  }

  pendingRows(): number {
    let rows = 0;
    for (const transaction of this.#transactions.values()) rows += transaction.rows.length;
    return rows;
  }

  onCommit(callback: () => void): () => void {
    this.#listeners.add(callback);
    return () => this.#listeners.delete(callback);
  }
}

class CollectConnector implements SinkConnector {
  readonly #store: CollectStore;
  readonly #operator: string;

  constructor(store: CollectStore, operator: string) {
    this.#store = store;
    this.#operator = operator;
  }

  recover(committables: readonly Uint8Array[]): Promise<void> {
    for (const committable of committables) this.#store.commit(decoder.decode(committable));
    this.#store.abortAll(this.#operator);
    return Promise.resolve();
  }

  writer(): Promise<SinkWriter> {
    return Promise.resolve(new CollectWriter(this.#store, this.#operator));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

class CollectWriter implements SinkWriter {
  readonly failed: Promise<never>;
  readonly #store: CollectStore;
  readonly #operator: string;
  readonly #prepared = new Map<number, string>();
  #open: string | undefined;

  constructor(store: CollectStore, operator: string) {
    this.#store = store;
    this.#operator = operator;
    this.failed = new Promise<never>(() => {});
  }

  write(batch: Batch): boolean {
    this.#open ??= this.#store.begin(this.#operator);
    const rows = this.#store.rows(this.#open);
    for (let row = 0; row < batch.rows; row++) rows.push(rowAt(batch, row));
    return true;
  }

  ready(): Promise<void> {
    return Promise.resolve();
  }

  prepare(id: number): Promise<readonly Uint8Array[]> {
    const transaction = this.#open;
    this.#open = undefined;
    if (transaction === undefined) return Promise.resolve([]);
    this.#prepared.set(id, transaction);
    return Promise.resolve([encoder.encode(transaction)]);
  }

  commit(id: number): Promise<void> {
    const transaction = this.#prepared.get(id);
    if (transaction !== undefined) this.#store.commit(transaction);
    this.#prepared.delete(id);
    return Promise.resolve();
  }

  close(): Promise<void> {
    if (this.#open !== undefined) this.#store.abort(this.#open);
    this.#open = undefined;
    return Promise.resolve();
  }
}
