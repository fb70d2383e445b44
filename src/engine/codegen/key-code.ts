// Text that takes the key of the element at hand; the twin of selectKey (state/key-selector.ts).
import type { KeySelector } from "../../stream/graph.ts";
import { fieldExpression } from "./row-code.ts";

export function keyScope(selector: KeySelector, index: number): Record<string, unknown> {
  return selector.kind === "selector" ? { [`key${index}`]: selector.select } : {};
}

export function keyExpression(selector: KeySelector, e: string, index: number): string {
  if (selector.kind === "selector") return `key${index}(${e})`;
  const { fields } = selector;
  if (fields.length === 1) return fieldExpression(e, fields[0]!);
  return `[${fields.map((field) => fieldExpression(e, field)).join(",")}]`;
}
