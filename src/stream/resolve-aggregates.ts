// Turns the aggregates of a window into their specification: which type each keeps and gives, from the schema of the stream.
import { fieldValue } from "../schema/field-value.ts";
import { t } from "../schema/t.ts";
import type { TypeInfo } from "../schema/type-info.ts";
import { typeName } from "../schema/type-names.ts";
import type { Aggregate } from "./aggregates.ts";
import type { AggregateSpec } from "./graph.ts";
import { PipelineError } from "./pipeline-error.ts";

export interface AggregateInput {
  /** Operator's name, for messages. */
  readonly operator: string;
  /** Type of the stream's elements; undefined: no schema. */
  readonly type: TypeInfo | undefined;
  /** Name of the stream's node, for messages. */
  readonly stream: string;
  readonly calledAt: string | undefined;
}

const FIELD_NAME = /^[\p{L}_$][\p{L}\p{N}_$]*$/u;

export function resolveAggregates(
  aggregates: Readonly<Record<string, Aggregate<never, unknown>>>,
  input: AggregateInput,
): readonly AggregateSpec[] {
  const names = Object.keys(aggregates);
  if (names.length === 0)
    throw new PipelineError(
      "BAD_AGGREGATE",
      `Window "${input.operator}" aggregates nothing: give aggregates by name, such as { n: count() }.`,
      input.calledAt,
    );
  return Object.freeze(names.map((name) => Object.freeze(resolve(name, aggregates[name]!, input))));
}

function resolve(name: string, aggregate: Aggregate<never, unknown>, input: AggregateInput): AggregateSpec {
  if (name === "key" || name === "window" || !FIELD_NAME.test(name))
    throw new PipelineError(
      "BAD_AGGREGATE",
      `Window "${input.operator}": an aggregate cannot be named ${JSON.stringify(name)}; "key" and "window" are in every result.`,
      input.calledAt,
    );
  if (typeof aggregate !== "object" || aggregate === null || typeof aggregate.kind !== "string")
    throw new PipelineError(
      "BAD_AGGREGATE",
      `Window "${input.operator}": "${name}" is no aggregate, such as sum("amount").`,
      input.calledAt,
    );
  const { kind, of, custom } = aggregate;
  if (aggregate.best !== undefined) return bestOf(name, aggregate.best, input);
  if (custom !== undefined) {
    const { accumulator, output, ...functions } = custom;
    return { name, kind, of, kept: accumulator.type, result: output.type, custom: functions };
  }
  return { name, kind, of, ...types(name, aggregate, input), custom: undefined };
}

/** Keeps the element whose field is smallest or largest; merges as it adds, so sessions need keep no elements. */
function bestOf(name: string, best: NonNullable<AggregateSpec["best"]>, input: AggregateInput): AggregateSpec {
  const { type } = input;
  if (type === undefined) throw schemaRequired(name, input);
  checkNumber(name, fieldType(name, best.field, input), input);
  const sign = best.of === "min" ? 1 : -1;
  const numberOf = (element: unknown): number => fieldValue(element as object, best.field) as number;
  const better = (kept: unknown, element: unknown): unknown =>
    kept === undefined || sign * numberOf(element) < sign * numberOf(kept) ? element : kept;
  const custom = { create: () => undefined, add: better, result: (kept: unknown) => kept, merge: better };
  return { name, kind: "custom", of: undefined, kept: type, result: type, custom, best };
}

function types(name: string, aggregate: Aggregate<never, unknown>, input: AggregateInput): Pick<AggregateSpec, "kept" | "result"> {
  const field = aggregate.of?.kind === "field" ? fieldType(name, aggregate.of.field, input) : undefined;
  switch (aggregate.kind) {
    case "count":
      return { kept: undefined, result: t.long().type };
    case "sum":
    case "avg":
      checkNumber(name, field, input);
      return { kept: undefined, result: t.double().type };
    case "min":
    case "max":
      checkNumber(name, field, input);
      return { kept: undefined, result: field ?? t.double().type };
    default: {
      const kept = aggregate.schema?.type ?? field;
      if (kept === undefined) throw schemaRequired(name, input);
      const list = aggregate.kind === "collect" || aggregate.kind === "collect-set";
      return { kept, result: list ? { kind: "array", of: kept } : kept };
    }
  }
}

function fieldType(name: string, field: string, input: AggregateInput): TypeInfo | undefined {
  return input.type === undefined
    ? undefined
    : fieldOf(input.type, field, `Window "${input.operator}", aggregate "${name}"`, input.calledAt);
}

/** Type of a field; undefined if the type does not say. */
export function fieldOf(type: TypeInfo, field: string, what: string, calledAt: string | undefined): TypeInfo | undefined {
  if (type.kind === "union") {
    const types = type.of.map((member) => fieldOf(member, field, what, calledAt));
    return types.every((other) => JSON.stringify(other) === JSON.stringify(types[0])) ? types[0] : undefined;
  }
  const found = type.kind === "record" ? type.fields.find((candidate) => candidate.name === field) : undefined;
  if (found !== undefined) return found.type;
  const has = type.kind === "record" ? `its fields are ${type.fields.map((candidate) => candidate.name).join(", ")}` : "it is no record";
  throw new PipelineError("UNKNOWN_FIELD", `${what}: ${typeName(type)} has no field ${JSON.stringify(field)}; ${has}.`, calledAt);
}

function checkNumber(name: string, type: TypeInfo | undefined, input: AggregateInput): void {
  if (type === undefined || ["int", "long", "double", "timestamp"].includes(type.kind)) return;
  throw new PipelineError("BAD_AGGREGATE", `Window "${input.operator}": "${name}" wants numbers, not ${typeName(type)}.`, input.calledAt);
}

function schemaRequired(name: string, input: AggregateInput): PipelineError {
  return new PipelineError(
    "SCHEMA_REQUIRED",
    `Window "${input.operator}" keeps values for "${name}", and what is kept needs a schema: add .returns(Schema) after "${input.stream}", or give the aggregate one, as in last(t.string(), (e) => e.id).`,
    input.calledAt,
  );
}
