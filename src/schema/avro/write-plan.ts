// How JS values become bytes of a schema: made once per schema, carried out by the interpreter and by generated writers. Values are those
// that decoders give: records are objects, maps are Maps, decimals and uuids text; a union takes the branch that a value misfits least.
import { isDecimal } from "../mismatch.ts";
import { BadSchemaError, describeValue, SchemaError } from "../schema-error.ts";
import { allowedValues, avroLogical, propertyName, sameClock, UNIT_NANOS, type AvroLogical, type UnitName } from "./avro-logical.ts";
import type { AvroRecord, AvroSchema } from "./avro-schema.ts";
import { decimalBytes } from "./decimal-bytes.ts";
import { defaultBytes } from "./default-bytes.ts";
import { describeAvro, isAvroRecord, namesMatch, withoutNamesake } from "./describe-avro.ts";

export type WritePlan =
  | { readonly op: "null" | "boolean" | "int" | "long" | "float" | "double" | "string" | "bytes"; readonly expected: string }
  | { readonly op: "fixed"; readonly size: number; readonly expected: string }
  | { readonly op: "enum"; readonly symbols: ReadonlyMap<string, number>; readonly expected: string }
  | { readonly op: "array"; readonly items: WritePlan; readonly expected: string }
  | { readonly op: "map"; readonly values: WritePlan; readonly expected: string }
  | WriteRecord
  | { readonly op: "union"; readonly branches: readonly WritePlan[]; readonly nothing: number; readonly expected: string }
  /** `convert` throws SchemaError for what does not fit; `takes` says which values are meant for it. */
  | {
      readonly op: "convert";
      readonly of: WritePlan;
      readonly convert: (value: unknown) => unknown;
      readonly takes: Shape | "none";
      readonly expected: string;
    };

export interface WriteRecord {
  readonly op: "record";
  fields: readonly WriteField[];
  recursive: boolean;
  readonly expected: string;
}

export interface WriteField {
  /** Property of the value. */
  readonly name: string;
  readonly plan: WritePlan;
  /** Written for undefined. */
  readonly absent: Uint8Array | undefined;
}

export type Shape = "nothing" | "boolean" | "number" | "bigint" | "string" | "bytes" | "array" | "map" | "object";

export interface WriteOptions {
  /** What stands for null besides null itself; "undefined" also where a field has another default. Default "null". */
  readonly nothing?: "null" | "undefined";
  /** Default true. */
  readonly logicalTypes?: boolean;
  /** The schema that describes the values, if it counts instants in other units. */
  readonly from?: AvroSchema;
}

export function writePlan(schema: AvroSchema, options: WriteOptions = {}): WritePlan {
  return new Planner(options).plan(schema, options.from);
}

class Planner {
  readonly #options: WriteOptions;
  readonly #records = new Map<AvroSchema, WriteRecord>();
  readonly #open = new Set<AvroSchema>();

  constructor(options: WriteOptions) {
    this.#options = options;
  }

  plan(schema: AvroSchema, from: AvroSchema | undefined): WritePlan {
    const expected = describeAvro(schema);
    if (schema.type === "union") {
      const source = from?.type === "union" ? from.branches : from === undefined ? [] : [from];
      const others = otherRecords(schema.branches, source);
      const branches = schema.branches.map((branch) =>
        others.includes(branch) ? neverWritten(branch) : this.plan(branch, counterpart(branch, schema.branches, source)),
      );
      return { op: "union", branches, nothing: schema.branches.findIndex(({ type }) => type === "null"), expected };
    }
    const source = from?.type === "union" ? from.branches.find(({ type }) => type !== "null") : from;
    const plain = this.#plain(schema, source, expected);
    return this.#options.logicalTypes === false ? plain : withLogical(schema, source, plain, expected);
  }

  #plain(schema: Exclude<AvroSchema, { type: "union" }>, from: AvroSchema | undefined, expected: string): WritePlan {
    switch (schema.type) {
      case "array":
        return { op: "array", items: this.plan(schema.items, from?.type === "array" ? from.items : undefined), expected };
      case "map":
        return { op: "map", values: this.plan(schema.values, from?.type === "map" ? from.values : undefined), expected };
      case "enum":
        return { op: "enum", symbols: new Map(schema.symbols.map((symbol, index) => [symbol, index])), expected };
      case "fixed":
        return { op: "fixed", size: schema.size, expected };
      case "record":
      case "error":
        return this.#record(schema, from !== undefined && isAvroRecord(from) ? from : undefined, expected);
      default:
        return { op: schema.type, expected };
    }
  }

  #record(schema: AvroRecord, from: AvroRecord | undefined, expected: string): WriteRecord {
    const known = this.#records.get(schema);
    if (known !== undefined) {
      if (this.#open.has(schema)) known.recursive = true;
      return known;
    }
    const plan: WriteRecord = { op: "record", fields: [], recursive: false, expected };
    this.#records.set(schema, plan);
    this.#open.add(schema);
    const sources = new Map(from?.fields.map((field) => [field.name, field]));
    plan.fields = schema.fields.map((field) => {
      const source = sources.get(field.name);
      const of = this.plan(field.type, source?.type);
      const nulled = this.#options.nothing === "undefined" && of.op === "union" && of.nothing >= 0 && source !== undefined;
      return {
        name: propertyName(source ?? field),
        plan: of,
        absent: field.hasDefault && !nulled ? defaultBytes(field) : undefined,
      };
    });
    this.#open.delete(schema);
    // A record is planned once: where types differ by place (`from`), it is planned for each.
    if (from !== undefined) this.#records.delete(schema);
    return plan;
  }
}

/** The branch of the source that a branch is for: that of the same type, otherwise the only one. */
function counterpart(branch: AvroSchema, branches: readonly AvroSchema[], source: readonly AvroSchema[]): AvroSchema | undefined {
  const values = source.filter(({ type }) => type !== "null");
  const alone = values.length === 1 && branches.filter(({ type }) => type !== "null").length === 1;
  if (alone) return values[0];
  const named = isAvroRecord(branch) ? values.find((value) => isAvroRecord(value) && namesMatch(branch, value)) : undefined;
  return named ?? values.find(({ type }) => type === branch.type);
}

/** Names do not count, but where one of several records has that of the values', the others are not meant. */
function otherRecords(branches: readonly AvroSchema[], source: readonly AvroSchema[]): readonly AvroSchema[] {
  const records = branches.filter(isAvroRecord);
  const values = source.filter(isAvroRecord);
  if (records.length < 2 || values.length === 0) return [];
  return withoutNamesake(values, records).length > 0 ? [] : withoutNamesake(records, values);
}

function neverWritten(branch: AvroSchema): WritePlan {
  const expected = describeAvro(branch);
  return { op: "convert", of: { op: "null", expected }, convert: (value) => wrong(expected, value), takes: "none", expected };
}

function withLogical(schema: AvroSchema, from: AvroSchema | undefined, of: WritePlan, expected: string): WritePlan {
  const values = allowedValues(schema);
  const convert = (takes: Shape, fn: (value: unknown) => unknown): WritePlan => ({ op: "convert", of, convert: fn, takes, expected });
  if (values !== undefined)
    return convert("string", (value) => (values.has(value as string) ? value : wrong(`one of ${values.size} values`, value)));
  const logical = avroLogical(schema);
  switch (logical?.name) {
    case undefined:
      return of;
    case "decimal":
      return decimalPlan(logical, of, expected);
    case "uuid":
      return of.op === "fixed" ? convert("string", (value) => uuidBytes(value, expected)) : of;
    case "duration":
      return convert("object", (value) => durationBytes(value, expected));
    case "map":
      return convert("map", (value) =>
        value instanceof Map ? Array.from(value as Map<unknown, unknown>, ([key, each]) => ({ key, value: each })) : wrong(expected, value),
      );
    default:
      return unitPlan(logical!.name, from, of, expected);
  }
}

function decimalPlan({ precision, scale }: AvroLogical & { readonly name: "decimal" }, of: WritePlan, expected: string): WritePlan {
  const size = of.op === "fixed" ? of.size : undefined;
  const convert = (value: unknown): unknown =>
    typeof value === "string" && value.length <= precision + 2 && isDecimal(value, precision, scale)
      ? decimalBytes(value, scale, size)
      : wrong(expected, value);
  return { op: "convert", of, convert, takes: "string", expected };
}

function unitPlan(to: UnitName, from: AvroSchema | undefined, of: WritePlan, expected: string): WritePlan {
  const given = from === undefined ? undefined : avroLogical(from)?.name;
  if (given === undefined || !sameClock(to, given)) return of;
  const ratio = UNIT_NANOS[given as UnitName] / UNIT_NANOS[to];
  if (ratio === 1) return of;
  const number = (value: number): unknown => {
    const converted = ratio > 1 ? value * ratio : Math.floor(value * ratio);
    if (ratio < 1) return Math.floor(value / (1 / ratio));
    return Number.isSafeInteger(converted) ? converted : BigInt(value) * BigInt(ratio);
  };
  const convert = (value: unknown): unknown =>
    typeof value === "number" && Number.isSafeInteger(value)
      ? number(value)
      : typeof value === "bigint"
        ? ratio > 1
          ? value * BigInt(ratio)
          : value / BigInt(1 / ratio)
        : wrong(expected, value);
  return { op: "convert", of, convert, takes: "number", expected };
}

export function wrong(expected: string, value: unknown): never {
  throw new SchemaError({ path: "", expected, got: describeValue(value) });
}

function uuidBytes(value: unknown, expected: string): Uint8Array {
  if (typeof value !== "string" || !/^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i.test(value)) return wrong(expected, value);
  return Buffer.from(value.replaceAll("-", ""), "hex");
}

function durationBytes(value: unknown, expected: string): Uint8Array {
  const bytes = new Uint8Array(12);
  const view = new DataView(bytes.buffer);
  const { months, days, millis } = (value ?? {}) as Record<string, unknown>;
  [months, days, millis].forEach((part, index) => {
    if (typeof part !== "number" || part !== part >>> 0) wrong(expected, value);
    view.setUint32(index * 4, part, true);
  });
  return bytes;
}

export function shapeOf(value: unknown): Shape | undefined {
  switch (typeof value) {
    case "undefined":
      return "nothing";
    case "boolean":
    case "number":
    case "bigint":
    case "string":
      return typeof value as Shape;
    case "object":
      if (value === null) return "nothing";
      if (Array.isArray(value)) return "array";
      if (value instanceof Map) return "map";
      return value instanceof Uint8Array ? "bytes" : "object";
    default:
      return undefined;
  }
}

const SHAPES: Readonly<Record<Exclude<WritePlan["op"], "union" | "convert">, readonly Shape[]>> = {
  null: ["nothing"],
  boolean: ["boolean"],
  int: ["number"],
  long: ["number", "bigint"],
  float: ["number"],
  double: ["number"],
  string: ["string"],
  enum: ["string"],
  bytes: ["bytes"],
  fixed: ["bytes"],
  array: ["array"],
  map: ["map"],
  record: ["object"],
};

export function takesShape(plan: WritePlan, shape: Shape): boolean {
  if (plan.op === "union") return plan.branches.some((branch) => takesShape(branch, shape));
  if (plan.op === "convert") return plan.takes === shape || (plan.takes === "number" && shape === "bigint");
  return SHAPES[plan.op].includes(shape);
}

/** Throws BadSchemaError unless every field of `from` has a place in `schema`: what is written would lose it. */
export function checkNothingLost(schema: AvroSchema, from: AvroSchema, path = "", depth = 0): void {
  if (depth > 100) return;
  const source = from.type === "union" ? from.branches.find(isAvroRecord) : from;
  const records = schema.type === "union" ? schema.branches.filter(isAvroRecord) : [];
  const namesake = records.find((record) => source !== undefined && isAvroRecord(source) && namesMatch(record, source));
  const to = schema.type === "union" ? (namesake ?? records[0]) : schema;
  if (to?.type === "array" && source?.type === "array") return checkNothingLost(to.items, source.items, `${path}[]`, depth + 1);
  if (to?.type === "map" && source?.type === "map") return checkNothingLost(to.values, source.values, `${path}[]`, depth + 1);
  if (to === undefined || source === undefined || !isAvroRecord(to) || !isAvroRecord(source)) return;
  for (const field of source.fields) {
    const name = path === "" ? propertyName(field) : `${path}.${propertyName(field)}`;
    const target = to.fields.find((each) => each.name === field.name);
    if (target === undefined) throw new BadSchemaError(`Field ${name} has no place in ${describeAvro(to)}: it would be lost.`);
    checkNothingLost(target.type, field.type, name, depth + 1);
  }
}
