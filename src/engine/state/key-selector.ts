// Takes an element's key. A selector that throws yields a BadKey, which no operator accepts: the error then belongs to the operator
// behind the keyed edge, at every parallelism.
import { fieldValue } from "../../schema/field-value.ts";
import type { KeySelector } from "../../stream/graph.ts";

export class BadKey {
  readonly cause: unknown;

  constructor(cause: unknown) {
    this.cause = cause;
  }
}

export function selectKey(selector: KeySelector, element: unknown): unknown {
  try {
    if (selector.kind === "selector") return selector.select(element);
    const { fields } = selector;
    if (fields.length === 1) return fieldValue(element as object, fields[0]!);
    return fields.map((field) => fieldValue(element as object, field));
  } catch (cause) {
    return new BadKey(cause);
  }
}
