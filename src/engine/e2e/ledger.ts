// A strict transactional sink for the engine's tests, and its ledger: an outside system that refuses what a careless engine would do,
// such as committing what was aborted or writing before recovery, and that can be slow, full or broken on demand.
import { rowAt } from "../../schema/columns.ts";
import type { Batch } from "../../schema/batch.ts";
import type { ConnectorContext, Sink, SinkConnector, SinkWriter } from "../../stream/connector.ts";

type TransactionState = "open" | "prepared" | "committed" | "aborted";

interface Transaction {
  readonly rows: unknown[];
  state: TransactionState;
}

export interface LedgerFaults {
  /** Awaited before a prepared part counts as durable. */
  prepare?: (id: number) => Promise<void>;
  commit?: (id: number) => Promise<void>;
  write?: (batch: Batch) => void;
  check?: () => void;
  recover?: (committables: readonly string[]) => void;
  /** After this many rows the writer is not ready until ready() resolves. */
  readyAfter?: { readonly rows: number; readonly wait: () => Promise<void> };
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export class Ledger {
  readonly committed: unknown[] = [];
  readonly transactions = new Map<string, Transaction>();
  /** What happened, for order: "recover a,b", "open 0/1", "prepare 3", "commit 3", … */
  readonly events: string[] = [];
  faults: LedgerFaults = {};
  #next = 1;

  sink<T>(): Sink<T> {
    return {
      connector: "ledger",
      type: undefined,
      describe: () => ({}),
      create: ({ operator }: ConnectorContext) => new LedgerConnector(this, operator),
    };
  }

  begin(operator: string): string {
    const id = `${operator}#${this.#next++}`;
    this.transactions.set(id, { rows: [], state: "open" });
    return id;
  }

  move(id: string, to: TransactionState): void {
    const transaction = this.transactions.get(id);
    if (transaction === undefined) throw new Error(`Nobody knows the transaction ${id}.`);
    if (transaction.state === to) return;
    const allowed: Record<TransactionState, readonly TransactionState[]> = {
      open: ["prepared", "aborted"],
      prepared: ["committed", "aborted"],
      committed: [],
      aborted: [],
    };
    if (!allowed[transaction.state].includes(to)) throw new Error(`Transaction ${id} is ${transaction.state} and cannot become ${to}.`);
    transaction.state = to;
    if (to === "committed") this.committed.push(...transaction.rows);
  }
}

class LedgerConnector implements SinkConnector {
  readonly #ledger: Ledger;
  readonly #operator: string;
  #recovered = false;

  constructor(ledger: Ledger, operator: string) {
    this.#ledger = ledger;
    this.#operator = operator;
  }

  check(): Promise<void> {
    return Promise.resolve().then(() => this.#ledger.faults.check?.());
  }

  async recover(committables: readonly Uint8Array[]): Promise<void> {
    const ids = committables.map((bytes) => decoder.decode(bytes));
    this.#ledger.events.push(`recover ${ids.join(",")}`);
    this.#ledger.faults.recover?.(ids);
    for (const id of ids) this.#ledger.move(id, "committed");
    for (const [id, { state }] of this.#ledger.transactions) {
      if (id.startsWith(`${this.#operator}#`) && (state === "open" || state === "prepared")) this.#ledger.move(id, "aborted");
    }
    this.#recovered = true;
    await Promise.resolve();
  }

  writer(subtask: number, parallelism: number): Promise<SinkWriter> {
    if (!this.#recovered) throw new Error("A writer was opened before recovery.");
    this.#ledger.events.push(`open ${subtask}/${parallelism}`);
    return Promise.resolve(new LedgerWriter(this.#ledger, this.#operator));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

class LedgerWriter implements SinkWriter {
  readonly failed = new Promise<never>(() => {});
  readonly #ledger: Ledger;
  readonly #operator: string;
  readonly #prepared = new Map<number, string>();
  #open: string | undefined;
  #rowsUntilFull: number;
  #waits = false;

  constructor(ledger: Ledger, operator: string) {
    this.#ledger = ledger;
    this.#operator = operator;
    this.#rowsUntilFull = ledger.faults.readyAfter?.rows ?? Infinity;
  }

  write(batch: Batch): boolean {
    if (this.#waits) throw new Error("Rows came although the writer was not ready.");
    this.#ledger.faults.write?.(batch);
    this.#open ??= this.#ledger.begin(this.#operator);
    const { rows } = this.#ledger.transactions.get(this.#open)!;
    for (let row = 0; row < batch.rows; row++) rows.push(rowAt(batch, row));
    this.#rowsUntilFull -= batch.rows;
    this.#waits = this.#rowsUntilFull <= 0;
    return !this.#waits;
  }

  async ready(): Promise<void> {
    const limit = this.#ledger.faults.readyAfter;
    await limit?.wait();
    this.#rowsUntilFull = limit?.rows ?? Infinity;
    this.#waits = false;
  }

  async prepare(id: number): Promise<readonly Uint8Array[]> {
    if (this.#waits) throw new Error("A barrier came although the writer was not ready.");
    const transaction = this.#open;
    this.#open = undefined;
    this.#ledger.events.push(`prepare ${id}`);
    if (transaction !== undefined) this.#prepared.set(id, transaction);
    await this.#ledger.faults.prepare?.(id);
    if (transaction === undefined) return [];
    this.#ledger.move(transaction, "prepared");
    return [encoder.encode(transaction)];
  }

  async commit(id: number): Promise<void> {
    this.#ledger.events.push(`commit ${id}`);
    await this.#ledger.faults.commit?.(id);
    const transaction = this.#prepared.get(id);
    if (transaction !== undefined) this.#ledger.move(transaction, "committed");
    this.#prepared.delete(id);
  }

  close(): Promise<void> {
    if (this.#open !== undefined) this.#ledger.move(this.#open, "aborted");
    this.#open = undefined;
    return Promise.resolve();
  }
}
