// Checkpoints of the simulated pipeline against its input log: the state that each holds is the one that the records before its position
// give, and no reader saw a row of a checkpoint before that checkpoint was durable. Imports nothing from the product.
import { Anomalies } from "./anomalies.ts";
import type { InputRecord } from "./pipeline-rows.ts";
import { inOrder, nextHash } from "./recompute.ts";

/** What a checkpoint keeps of a key. */
export interface KeyState {
  readonly key: string;
  readonly count: number;
  readonly sum: number;
  readonly hash: number;
}

export interface CheckpointState {
  readonly id: number;
  /** Input partition → the first offset that the state does not cover. */
  readonly positions: ReadonlyMap<number, number>;
  readonly keys: readonly KeyState[];
  /** Not durable before this moment; undefined: nobody looked. */
  readonly durableAt: number | undefined;
}

/** The id of an input record whose sum row a read_committed reader got, and when. */
export interface SeenRow {
  readonly id: number;
  readonly at: number;
}

export const CHECKPOINT_RULES = ["state-missing", "state-wrong", "state-unknown-key", "visible-before-durable"] as const;

/** `checkpoints`: those that are still there, in order. `seen` is judged only if they are all that there ever were. */
export function checkCheckpoints(
  input: readonly InputRecord[],
  checkpoints: readonly CheckpointState[],
  seen: readonly SeenRow[] | undefined,
): Anomalies {
  const anomalies = new Anomalies();
  for (const checkpoint of checkpoints) checkState(input, checkpoint, anomalies);
  if (seen !== undefined) checkSeen(input, checkpoints, seen, anomalies);
  return anomalies;
}

function checkState(input: readonly InputRecord[], { id, positions, keys }: CheckpointState, anomalies: Anomalies): void {
  const expected = new Map<string, KeyState>();
  for (const { partition, offset, key, id: record, amount } of inOrder(input)) {
    if (offset >= (positions.get(partition) ?? 0)) continue;
    const { count, sum, hash } = expected.get(key) ?? { count: 0, sum: 0, hash: 0 };
    expected.set(key, { key, count: count + 1, sum: sum + amount, hash: nextHash(hash, record, amount) });
  }
  const found = new Map(keys.map((state) => [state.key, state]));
  for (const [key, wanted] of expected) {
    const state = found.get(key);
    if (state === undefined) anomalies.add("state-missing", `checkpoint ${id}: ${key}`);
    else if (state.count !== wanted.count || state.sum !== wanted.sum || state.hash !== wanted.hash)
      anomalies.add("state-wrong", `checkpoint ${id}: ${JSON.stringify(state)} instead of ${JSON.stringify(wanted)}`);
  }
  for (const key of found.keys()) if (!expected.has(key)) anomalies.add("state-unknown-key", `checkpoint ${id}: ${key}`);
}

/** A row belongs to the first checkpoint that covers its record; one that is seen needs one that was durable by then. */
function checkSeen(
  input: readonly InputRecord[],
  checkpoints: readonly CheckpointState[],
  seen: readonly SeenRow[],
  anomalies: Anomalies,
): void {
  const records = new Map(input.map((record) => [record.id, record]));
  for (const { id, at } of seen) {
    const record = records.get(id);
    if (record === undefined) continue;
    const covering = checkpoints.filter(({ positions }) => (positions.get(record.partition) ?? 0) > record.offset);
    if (covering.some(({ durableAt }) => durableAt === undefined || durableAt <= at)) continue;
    const first = covering[0];
    const when = first === undefined ? "no checkpoint has it" : `checkpoint ${first.id} was durable at ${first.durableAt}`;
    anomalies.add("visible-before-durable", `row ${id} was seen at ${at}, ${when}`);
  }
}
