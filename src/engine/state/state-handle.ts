// What user code holds as ctx.state.<name>: one handle per state of an operator. Handles look at the key that their store is pointed at,
// so pointing costs the same however many states there are, and between calls there is no key to hit.
import { noCurrentKey, type ContextError } from "./context-error.ts";
import type { KeyTable } from "./key-table.ts";
import type { RowLog } from "./row-log.ts";

/** The key at hand; a KeyedStore is one. */
export interface CurrentKey {
  readonly log: RowLog;
  /** Table of the key's group, which counts what keeps the key. */
  readonly table: KeyTable;
  /** Dense id in the table; −1: no key is at hand. */
  readonly id: number;
}

export interface StateHandle {
  /** Frees what the key holds in this state. */
  clear(): undefined;
  /** Frees what has expired. */
  expire(): undefined;
}

export function stateOutsideCall(): ContextError {
  return noCurrentKey("State was used");
}
