// Carries out a read plan with closures, made once: what runs where code generation is off, and what says exactly what is wrong with bytes
// that the generated readers gave up on.
import { setField } from "../field-value.ts";
import { rethrowInside } from "../json/value-reader.ts";
import { indexPath } from "../mismatch.ts";
import { fieldPath, SchemaError } from "../schema-error.ts";
import type { AvroCursor } from "./avro-cursor.ts";
import type { ReadPlan, RecordPlan } from "./read-plan.ts";
import { skipper, type Skip } from "./skip-avro.ts";

export type AvroRead = (cursor: AvroCursor) => unknown;

export function interpretReader(plan: ReadPlan, records: Map<RecordPlan, AvroRead> = new Map()): AvroRead {
  switch (plan.op) {
    case "null":
      return () => plan.value;
    case "boolean":
      return (cursor) => cursor.boolean();
    case "int":
      return (cursor) => cursor.int();
    case "long":
      return (cursor) => cursor.long();
    case "bigint":
      return (cursor) => cursor.bigint();
    case "nearest":
      return (cursor) => cursor.nearest();
    case "float":
      return (cursor) => cursor.float();
    case "double":
      return (cursor) => cursor.double();
    case "string":
      return (cursor) => cursor.string();
    case "bytes":
      return (cursor) => cursor.byteString();
    case "fixed":
      return (cursor) => cursor.fixed(plan.size);
    case "enum":
      return enumReader(plan);
    case "array":
      return arrayReader(plan, interpretReader(plan.items, records));
    case "map":
      return mapReader(interpretReader(plan.values, records));
    case "union":
      return unionReader(plan, records);
    case "convert": {
      const { convert } = plan;
      const read = interpretReader(plan.of, records);
      return (cursor) => {
        const value = read(cursor);
        try {
          return convert(value);
        } catch (error) {
          throw error instanceof SchemaError ? new SchemaError(error, cursor.at) : error;
        }
      };
    }
    case "default":
      return (cursor) => {
        cursor.free(plan.weight);
        return plan.make();
      };
    case "never":
      return (cursor) => cursor.fail("something that the reader's schema can read", plan.reason);
    case "record":
      return records.get(plan) ?? recordReader(plan, records);
  }
}

function enumReader({ symbols, name }: ReadPlan & { readonly op: "enum" }): AvroRead {
  return (cursor) => {
    const index = cursor.int();
    if (index < 0 || index >= symbols.length) cursor.fail(`enum ${name}`, `symbol ${index} of ${symbols.length}`);
    return symbols[index] ?? cursor.fail(`enum ${name}`, "a symbol that the reader does not know, and no default");
  };
}

function arrayReader({ itemBytes }: ReadPlan & { readonly op: "array" }, read: AvroRead): AvroRead {
  return (cursor) => {
    const values: unknown[] = [];
    for (let count = cursor.block(itemBytes); count !== 0; count = cursor.block(itemBytes))
      for (; count > 0; count--) {
        try {
          values.push(read(cursor));
        } catch (error) {
          rethrowInside(error, (rest) => indexPath(values.length, rest));
        }
      }
    return values;
  };
}

function mapReader(read: AvroRead): AvroRead {
  return (cursor) => {
    const map = new Map<string, unknown>();
    let index = 0;
    for (let count = cursor.block(1); count !== 0; count = cursor.block(1))
      for (; count > 0; count--, index++) {
        try {
          map.set(cursor.string(), read(cursor));
        } catch (error) {
          rethrowInside(error, (rest) => indexPath(index, rest));
        }
      }
    return map;
  };
}

function unionReader({ branches }: ReadPlan & { readonly op: "union" }, records: Map<RecordPlan, AvroRead>): AvroRead {
  const reads = branches.map((branch) => (typeof branch === "string" ? branch : interpretReader(branch, records)));
  return (cursor) => {
    const index = cursor.int();
    const read = reads[index];
    if (read === undefined) return cursor.fail(`one of ${reads.length} branches of a union`, `branch ${index}`);
    if (typeof read === "string") return cursor.fail("what the reader's schema has here", `branch ${index} of the writer's union: ${read}`);
    return read(cursor);
  };
}

function recordReader(plan: RecordPlan, records: Map<RecordPlan, AvroRead>): AvroRead {
  records.set(plan, (cursor) => run(cursor)); // for records that hold themselves
  const steps = plan.steps.map((step) => ({
    ...step,
    read: step.plan.op === "skip" ? (skipper(step.plan.schema) as Skip as AvroRead) : interpretReader(step.plan, records),
  }));
  const { names, recursive } = plan;
  const run: AvroRead = (cursor) => {
    if (recursive) cursor.enter();
    const slots = Array.from<unknown>({ length: names.length });
    for (const { slot, name, read } of steps) {
      try {
        const value = read(cursor);
        if (slot >= 0) slots[slot] = value;
      } catch (error) {
        rethrowInside(error, (rest) => fieldPath(name, rest));
      }
    }
    const record = {};
    for (let slot = 0; slot < names.length; slot++) setField(record, names[slot]!, slots[slot]);
    if (recursive) cursor.depth--;
    return record;
  };
  records.set(plan, run);
  return run;
}
