// A keyed process function in a file of its own: inside .process(name, { … }) the element's type comes from the stream, here from a schema.
import type { AnySchema, TypeOf } from "../schema/foreign/foreign-types.ts";
import type { KeyedProcessFunction, SideOutputs } from "./process-function.ts";
import type { Key } from "./data-stream.ts";
import type { StateDescriptors } from "./state.ts";

/**
 * `processFunction(Transaction, { output, state, onElement, … })` gives what `.process(name, …)` of any stream of that type takes.
 * The function itself is returned unchanged.
 */
export function processFunction<I extends AnySchema, Out, D extends StateDescriptors = {}, S extends SideOutputs = {}, L = undefined>(
  _input: I,
  fn: KeyedProcessFunction<Key, TypeOf<I>, Out, D, S, L>,
): KeyedProcessFunction<Key, TypeOf<I>, Out, D, S, L> {
  return fn;
}
