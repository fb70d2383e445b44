// Text by which a loop tells an operator the keys of the next rows before it comes to them, so that the operator can read what they need
// (ChainOperator.readAhead). Possible for the head of a task, whose rows come with their hashes, and for an operator that is right behind a
// source and keyed by a column of numbers. Changes nothing but the time that the loop takes.
import { type Batch, MAX_BATCH_ROWS } from "../../schema/batch.ts";
import { fieldColumns, type FieldColumn } from "../../schema/columns.ts";
import type { ChainOperator } from "../operators/chain-operator.ts";
import { keySelectorOf, mainConsumers, type PlanStep } from "./chain-plan.ts";

/** Rows of a block: what they need must fit into the cache beside all else. */
const BLOCK_ROWS = 128;
export const READ_AHEAD_SCOPE = { aheadHashes: new Int32Array(MAX_BATCH_ROWS) };

export interface ReadAhead {
  /** The operator's step. */
  readonly step: number;
  /** Expression of the hash of row i's key, where the loop would compute it otherwise. */
  readonly hash: string | undefined;
  /** Before the loop, and at the beginning of its body. */
  readonly before: string;
  readonly body: string;
}

/** `keyed`: rows come with their keys' hashes in `vh`. Columns are `${prefix}0`, `${prefix}1`, … */
export function readAhead(
  head: PlanStep,
  operators: readonly (ChainOperator | undefined)[],
  keyed: boolean,
  sample: Batch,
  prefix: string,
): ReadAhead | undefined {
  if (keyed) return operators[head.index]?.readAhead === undefined ? undefined : text(head.index, undefined, "vh", "");
  if (head.node.kind !== "source" && head.node.kind !== "timestamps") return undefined;
  for (const step of mainConsumers(head).steps) {
    const column = operators[step.index]?.readAhead === undefined ? undefined : keyColumn(step, sample);
    if (column === undefined) continue;
    const hashes = `for(let j=i;j<ahead;j++)aheadHashes[j]=hashOfKey(${prefix}${column.index}[j]);`;
    return text(step.index, "aheadHashes[i]", "aheadHashes", hashes);
  }
  return undefined;
}

function text(step: number, hash: string | undefined, hashes: string, fill: string): ReadAhead {
  const body = `if(i===ahead){ahead=Math.min(to,i+${BLOCK_ROWS});${fill}op${step}.readAhead(${hashes},i,ahead);}`;
  return { step, hash, before: "let ahead=from;", body };
}

/** The column of numbers, none of them absent, that is a step's key. */
function keyColumn(step: PlanStep, sample: Batch): FieldColumn | undefined {
  const selector = keySelectorOf(step);
  if (selector?.kind !== "fields" || selector.fields.length !== 1 || sample.type?.kind !== "record") return undefined;
  const column = fieldColumns(sample.type).find(({ name }) => name === selector.fields[0]);
  if (column === undefined || column.optional) return undefined;
  return column.column === "f64" || column.column === "i32" ? column : undefined;
}
