// Text of window operators for generated loops, and how their results are made: { key, window: { start, end }, ...fields }.
import { setField } from "../../schema/field-value.ts";
import type { WindowSpec } from "../../stream/graph.ts";
import { fieldExpression } from "../codegen/row-code.ts";
import { COUNT_COLUMN, type PlannedAggregate, type WindowAggregates } from "./window-aggregates.ts";

/** Makes a result of a key's accumulators in a record (state/number-record.ts) at `at`, the count first. */
export type MakeRecordResult = (values: Float64Array, at: number, key: unknown, start: number, end: number) => unknown;

/** Makes a result of key, start, end and the fields' values. */
export type MakeResult = (values: readonly unknown[]) => unknown;

/** What that text means by its names: the operator, its aggregates, and their functions. */
export function aggregateScope(step: number, operator: object, aggregates: WindowAggregates): Record<string, unknown> {
  const scope: Record<string, unknown> = { [`op${step}`]: operator, [`agg${step}`]: aggregates };
  for (const { spec, index } of aggregates.aggregates) {
    if (spec.of?.kind === "lambda") scope[`of${step}_${index}`] = spec.of.fn;
    scope[`spec${step}_${index}`] = spec;
  }
  return scope;
}

/**
 * Text that takes what an aggregate wants of the element in `e` and checks it: a variable `a<index>`. What is thrown there is named with
 * the `key`, which the operator has not taken yet.
 */
export function inputCode({ spec, index, numeric }: PlannedAggregate, step: number, e: string): string {
  if (spec.kind === "count") return "";
  const a = `a${index}`;
  const { of } = spec;
  const value = of === undefined ? e : of.kind === "field" ? fieldExpression(e, of.field) : `of${step}_${index}(${e})`;
  const refused = `rt.withKey(${step},key,agg${step}.checking(spec${step}_${index},${a}));`;
  const check = numeric ? `if(typeof ${a}!=="number")${refused}` : `agg${step}.check(spec${step}_${index},${a});`;
  if (numeric && of?.kind !== "lambda") return `const ${a}=${value};${check}`;
  return `let ${a};try{${a}=${value};${check}}catch(thrown){throw rt.wrap(thrown,${step},{key});}`;
}

/** Text that adds `a<index>` to the accumulator of `id` in the columns `T`. */
export function addCode({ spec, index, column: at, numeric }: PlannedAggregate): string {
  if (!numeric || at < 0) return "";
  const a = `a${index}`;
  if (spec.kind === "sum" || spec.kind === "avg") return `T[${at}].values[id]+=${a};`;
  return `{const m=T[${at}].values;if(${a}${spec.kind === "min" ? "<" : ">"}m[id])m[id]=${a};}`;
}

/** The same in a record `V` at `at`. */
export function addToRecordCode({ spec, index, column: cell }: PlannedAggregate): string {
  if (cell < 0) return "";
  const a = `a${index}`;
  if (spec.kind === "sum" || spec.kind === "avg") return `V[at+${cell}]+=${a};`;
  return `if(${a}${spec.kind === "min" ? "<" : ">"}V[at+${cell}])V[at+${cell}]=${a};`;
}

/** The result as one object literal, so that all results have one shape. */
export function generateResult(spec: WindowSpec): MakeResult {
  const fields = spec.aggregates.map(({ name }, index) => `${JSON.stringify(name)}:v[${index + 3}]`);
  return new Function(`return (v)=>({key:v[0],window:{start:v[1],end:v[2]},${fields.join(",")}})`)() as MakeResult;
}

/** The same without generated code. */
export function plainResult(spec: WindowSpec): MakeResult {
  return ([key, start, end, ...values]) => {
    const row = { key, window: { start, end } };
    spec.aggregates.forEach(({ name }, index) => setField(row, name, values[index]));
    return row;
  };
}

/** The result of accumulators that are numbers, as one object literal. */
export function generateRecordResult(aggregates: readonly PlannedAggregate[]): MakeRecordResult {
  const cell = (at: number): string => `v[at+${at}]`;
  const fields = aggregates.map(({ spec: { kind, name }, column: at }) => {
    const value = kind === "count" ? cell(COUNT_COLUMN) : kind === "avg" ? `${cell(at)}/${cell(COUNT_COLUMN)}` : cell(at);
    return `,${JSON.stringify(name)}:${value}`;
  });
  return new Function(`return (v,at,key,start,end)=>({key,window:{start,end}${fields.join("")}})`)() as MakeRecordResult;
}

/** The same without generated code. */
export function plainRecordResult(aggregates: readonly PlannedAggregate[]): MakeRecordResult {
  return (values, at, key, start, end) => {
    const row = { key, window: { start, end } };
    const count = values[at + COUNT_COLUMN]!;
    for (const { spec, column: cell } of aggregates) {
      const value = cell < 0 ? count : values[at + cell]!;
      setField(row, spec.name, spec.kind === "count" ? count : spec.kind === "avg" ? value / count : value);
    }
    return row;
  };
}
