// Schema resolution (Avro 1.12, "Schema Resolution"): what a reader's schema makes of a writer's bytes, decided once for a pair of schemas.
// Where a union leaves a choice, a branch of the same type and name goes before a promotion, as in Avro's Java library.
// `lenient` is for topics, whose readers come from a type and not from a schema: names of records, enums and fixed types do not count,
// an enum and a string read each other, and so do decimals, uuids and instants whatever they are stored in.
import { BadSchemaError } from "../schema-error.ts";
import { AvroCursor } from "./avro-cursor.ts";
import { BIGINT, propertyName, TYPE_ATTRIBUTE } from "./avro-logical.ts";
import {
  isNamed,
  type AvroEnum,
  type AvroField,
  type AvroNamed,
  type AvroPrimitive,
  type AvroRecord,
  type AvroSchema,
  type AvroUnion,
} from "./avro-schema.ts";
import { describeAvro, isAvroRecord, namesMatch, withoutNamesake } from "./describe-avro.ts";
import { defaultBytes } from "./default-bytes.ts";
import { interpretReader } from "./interpret-reader.ts";
import { logicalPlan, notOneOf } from "./logical-plan.ts";
import { leastBytes, type ReadPlan, type ReadStep, type RecordPlan } from "./read-plan.ts";

export interface ResolveOptions {
  /** Of all longs without a logical type; default "number": beyond ±2^53 is an error. */
  readonly longs?: "number" | "bigint";
  /** What null becomes; default "null". */
  readonly nothing?: "null" | "undefined";
  /** Default true. False: the types underneath, as the specification lets a reader have them. */
  readonly logicalTypes?: boolean;
  readonly lenient?: boolean;
}

/** A plan, or why there is none: a path in the reader and a reason. */
type Resolved = ReadPlan | Refusal;

interface Refusal {
  readonly path: string;
  readonly reason: string;
}

/** Deeper schemas would overflow the stack of whatever walks them. */
const MAX_SCHEMA_DEPTH = 256;

/** Throws BadSchemaError: which part of the reader's schema cannot be read, and why. */
export function resolveAvro(writer: AvroSchema, reader: AvroSchema, options: ResolveOptions = {}): ReadPlan {
  const resolved = new Resolver(options).resolve(writer, reader, 0);
  if (!isRefusal(resolved)) return resolved;
  const where = resolved.path === "" ? "" : `${resolved.path}: `;
  throw new BadSchemaError(`What was written with another Avro schema cannot be read: ${where}${resolved.reason}.`);
}

function isRefusal(resolved: object): resolved is Refusal {
  return "reason" in resolved && "path" in resolved;
}

const refuse = (reason: string): Refusal => ({ path: "", reason });

/** Like it, but found inside. */
function inside(name: string, { path, reason }: Refusal): Refusal {
  return { path: path === "" || path.startsWith("[") ? name + path : `${name}.${path}`, reason };
}

class Resolver {
  readonly #options: ResolveOptions;
  readonly #records = new Map<AvroSchema, Map<AvroSchema, RecordPlan | Refusal>>();
  readonly #open = new Set<RecordPlan>();

  constructor(options: ResolveOptions) {
    this.#options = options;
  }

  resolve(writer: AvroSchema, reader: AvroSchema, depth: number): Resolved {
    if (depth > MAX_SCHEMA_DEPTH) return refuse(`the schemas nest more than ${MAX_SCHEMA_DEPTH} levels deep`);
    if (writer.type === "union") return this.#writerUnion(writer.branches, reader, depth);
    if (reader.type === "union") return this.#readerUnion(writer, reader.branches, depth);
    const plain = this.#plain(writer, reader, depth);
    if (this.#options.logicalTypes === false) return plain;
    return logicalPlan(writer, reader, isRefusal(plain) ? undefined : plain, this.#options.lenient === true) ?? plain;
  }

  #writerUnion(branches: readonly AvroSchema[], reader: AvroSchema, depth: number): Resolved {
    const others = this.#options.lenient === true ? otherRecords(branches, reader) : [];
    const resolved = branches.map((branch) =>
      others.includes(branch) ? refuse(`${describeAvro(branch)} is not ${describeAvro(reader)}`) : this.resolve(branch, reader, depth + 1),
    );
    const refused = resolved.filter(isRefusal);
    if (refused.length === branches.length && branches.length > 0)
      return branches.length === 1
        ? refused[0]!
        : refuse(`no branch of the union ${describeAvro({ type: "union", branches })} can be read as ${describeAvro(reader)}`);
    return {
      op: "union",
      branches: resolved.map((each) => (isRefusal(each) ? `${each.path === "" ? "" : `${each.path}: `}${each.reason}` : each)),
    };
  }

  #readerUnion(writer: AvroSchema, branches: readonly AvroSchema[], depth: number): Resolved {
    const exact = branches.filter((branch) => branch.type === writer.type && (!isNamed(branch) || namesMatch(writer as AvroNamed, branch)));
    let first: Refusal | undefined;
    for (const branch of new Set([...exact, ...branches])) {
      const resolved = this.resolve(writer, branch, depth + 1);
      if (!isRefusal(resolved)) return resolved;
      if (exact.includes(branch)) first ??= resolved;
    }
    return first ?? refuse(`${describeAvro(writer)} is no branch of ${describeAvro({ type: "union", branches })}`);
  }

  /** Neither is a union; logical types do not count. */
  #plain(writer: AvroSchema, reader: Exclude<AvroSchema, AvroUnion>, depth: number): Resolved {
    const mismatch = (): Refusal => refuse(`${describeAvro(reader)} cannot be read from ${describeAvro(writer)}`);
    switch (reader.type) {
      case "null":
        return writer.type === "null" ? { op: "null", value: this.#options.nothing === "undefined" ? undefined : null } : mismatch();
      case "boolean":
        return writer.type === "boolean" ? { op: "boolean" } : mismatch();
      case "int":
        return writer.type === "int" ? { op: "int" } : mismatch();
      case "long": {
        if (writer.type !== "int" && writer.type !== "long") return mismatch();
        const big = this.#options.longs === "bigint" || reader.attributes.get(TYPE_ATTRIBUTE) === BIGINT;
        return { op: big ? "bigint" : writer.type };
      }
      case "float":
      case "double":
        return floating(writer, reader.type) ?? mismatch();
      case "bytes":
      case "string":
        return this.#text(writer, reader) ?? mismatch();
      case "fixed":
        if (writer.type !== "fixed") return mismatch();
        if (!this.#sameName(writer, reader)) return mismatch();
        return writer.size === reader.size
          ? { op: "fixed", size: reader.size }
          : refuse(`fixed of ${reader.size} bytes cannot be read from fixed of ${writer.size}`);
      case "enum":
        return this.#enum(writer, reader) ?? mismatch();
      case "array": {
        if (writer.type !== "array") return mismatch();
        const items = this.resolve(writer.items, reader.items, depth + 1);
        return isRefusal(items) ? inside("[]", items) : { op: "array", items, itemBytes: leastBytes(writer.items) };
      }
      case "map": {
        if (writer.type !== "map") return mismatch();
        const values = this.resolve(writer.values, reader.values, depth + 1);
        return isRefusal(values) ? inside("[]", values) : { op: "map", values };
      }
      case "record":
      case "error":
        return isAvroRecord(writer) && this.#sameName(writer, reader) ? this.#record(writer, reader, depth) : mismatch();
    }
  }

  #sameName(writer: AvroNamed, reader: AvroNamed): boolean {
    return this.#options.lenient === true || namesMatch(writer, reader);
  }

  #text(writer: AvroSchema, reader: AvroPrimitive): ReadPlan | undefined {
    if (writer.type === "string" || writer.type === "bytes") return { op: reader.type === "string" ? "string" : "bytes" };
    if (this.#options.lenient !== true) return undefined;
    if (reader.type === "string" && writer.type === "enum") return { op: "enum", symbols: writer.symbols, name: writer.name };
    return reader.type === "bytes" && writer.type === "fixed" ? { op: "fixed", size: writer.size } : undefined;
  }

  #enum(writer: AvroSchema, reader: AvroEnum): ReadPlan | undefined {
    const fallback = reader.default;
    const known = new Set(reader.symbols);
    if (writer.type === "enum" && this.#sameName(writer, reader))
      return { op: "enum", name: reader.name, symbols: writer.symbols.map((symbol) => (known.has(symbol) ? symbol : fallback)) };
    if (writer.type !== "string" || this.#options.lenient !== true) return undefined;
    return { op: "convert", of: { op: "string" }, convert: oneOf(known, fallback) };
  }

  #record(writer: AvroRecord, reader: AvroRecord, depth: number): RecordPlan | Refusal {
    const found = this.#records.get(writer)?.get(reader);
    if (found !== undefined) {
      if (!isRefusal(found) && this.#open.has(found)) found.recursive = true;
      return found;
    }
    const plan: RecordPlan = { op: "record", name: reader.name, names: reader.fields.map(propertyName), steps: [], recursive: false };
    const byReader = this.#records.get(writer) ?? new Map<AvroSchema, RecordPlan | Refusal>();
    this.#records.set(writer, byReader.set(reader, plan));
    this.#open.add(plan);
    const steps = this.#steps(writer, reader, depth);
    this.#open.delete(plan);
    if (!isRefusal(steps)) {
      plan.steps = steps;
      return plan;
    }
    // What holds this record and was found readable before must not read half of it.
    plan.steps = [{ slot: -1, name: "", plan: { op: "never", reason: steps.reason } }];
    byReader.set(reader, steps);
    return steps;
  }

  #steps(writer: AvroRecord, reader: AvroRecord, depth: number): ReadStep[] | Refusal {
    const sources = fieldSources(writer, reader);
    const steps: ReadStep[] = [];
    for (const field of writer.fields) {
      const slot = reader.fields.findIndex((each) => sources.get(each) === field);
      if (slot < 0) {
        steps.push({ slot, name: field.name, plan: { op: "skip", schema: field.type } });
        continue;
      }
      const name = propertyName(reader.fields[slot]!);
      const plan = this.resolve(field.type, reader.fields[slot]!.type, depth + 1);
      if (isRefusal(plan)) return inside(name, plan);
      steps.push({ slot, name, plan });
    }
    for (const [slot, field] of reader.fields.entries()) {
      if (sources.has(field)) continue;
      const name = propertyName(field);
      if (!field.hasDefault) return inside(name, refuse("the writer has no such field, and there is no default"));
      steps.push({ slot, name, plan: this.#default(field) });
    }
    return steps;
  }

  /** Read as data is, when it is wanted; values that cannot be changed are made once. */
  #default(field: AvroField): ReadPlan {
    const bytes = defaultBytes(field);
    const options = this.#options;
    const cursor = new AvroCursor();
    let read: ((cursor: AvroCursor) => unknown) | undefined;
    let constant: { readonly value: unknown } | undefined;
    const make = (): unknown => {
      if (constant !== undefined) return constant.value;
      read ??= interpretReader(resolveAvro(field.type, field.type, options));
      cursor.reset(bytes, 0, bytes.length);
      const value = read(cursor);
      if (typeof value !== "object" || value === null) constant = { value };
      return value;
    };
    return { op: "default", make, weight: bytes.length };
  }
}

function floating(writer: AvroSchema, reader: "float" | "double"): ReadPlan | undefined {
  switch (writer.type) {
    case "int":
      return reader === "double" ? { op: "int" } : { op: "convert", of: { op: "int" }, convert: (value) => Math.fround(value as number) };
    case "long":
      return reader === "double"
        ? { op: "nearest" }
        : { op: "convert", of: { op: "nearest" }, convert: (value) => Math.fround(value as number) };
    case "float":
      return { op: "float" };
    case "double":
      return reader === "double" ? { op: "double" } : undefined;
    default:
      return undefined;
  }
}

function oneOf(known: ReadonlySet<string>, fallback: string | undefined): (value: unknown) => unknown {
  return (value) => {
    if (known.has(value as string)) return value;
    if (fallback !== undefined) return fallback;
    return notOneOf(known);
  };
}

/** Names do not count, but where one of several records has the reader's, the others are not meant. */
function otherRecords(branches: readonly AvroSchema[], reader: AvroSchema): readonly AvroSchema[] {
  const records = branches.filter(isAvroRecord);
  const wanted = (reader.type === "union" ? reader.branches : [reader]).filter(isAvroRecord);
  if (records.length < 2 || wanted.length === 0) return [];
  return withoutNamesake(wanted, records).length > 0 ? [] : withoutNamesake(records, wanted);
}

/** Of the reader's fields, those that the writer has: by name, otherwise by the reader's aliases. */
function fieldSources(writer: AvroRecord, reader: AvroRecord): Map<AvroField, AvroField> {
  const byName = new Map(writer.fields.map((field) => [field.name, field]));
  const sources = new Map<AvroField, AvroField>();
  const taken = new Set<AvroField>();
  const take = (field: AvroField, source: AvroField | undefined): void => {
    if (source === undefined || taken.has(source)) return;
    sources.set(field, source);
    taken.add(source);
  };
  for (const field of reader.fields) take(field, byName.get(field.name));
  for (const field of reader.fields) for (const alias of field.aliases) if (!sources.has(field)) take(field, byName.get(alias));
  return sources;
}
