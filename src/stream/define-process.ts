// A keyed process function in a file of its own: inside .process(name, { … }) the element's type comes from the stream, here from a schema.
import type { Schema } from "../schema/type-info.ts";
import type { KeyedProcessFunction, SideOutputs } from "./process-function.ts";
import type { Key } from "./data-stream.ts";
import type { StateDescriptors } from "./state.ts";

/**
 * `processFunction(Transaction, { output, state, onElement, … })` gives what `.process(name, …)` of any stream of that type takes.
 * The function itself is returned unchanged.
 */
export function processFunction<T, Out, D extends StateDescriptors = {}, S extends SideOutputs = {}, L = undefined>(
  _input: Schema<T>,
  fn: KeyedProcessFunction<Key, T, Out, D, S, L>,
): KeyedProcessFunction<Key, T, Out, D, S, L> {
  return fn;
}
