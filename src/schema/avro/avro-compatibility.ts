// Can a reader with one Avro schema read what was written with another? The rules of Avro's specification ("Schema Resolution") as Avro's
// Java library applies them: names without their namespace, readers' aliases, promotions, unions by branch, defaults of fields and enums.
// Logical types do not count. Recursive schemas: a pair that is being compared is taken to be compatible.
import type { Incompatibility } from "../incompatibility.ts";
import { isNamed, type AvroEnum, type AvroField, type AvroNamed, type AvroRecord, type AvroSchema } from "./avro-schema.ts";
import { avroText } from "./avro-text.ts";
import { namesMatch } from "./describe-avro.ts";

const PROMOTIONS: Readonly<Record<string, readonly string[]>> = {
  long: ["int"],
  float: ["int", "long"],
  double: ["int", "long", "float"],
  bytes: ["string"],
  string: ["bytes"],
};

/** A type that is used in many places tells of itself in each of them. */
const MAX_FOUND = 1000;

/** Empty: everything written with `writer` can be read with `reader`. */
export function avroIncompatibilities(reader: AvroSchema, writer: AvroSchema): Incompatibility[] {
  return new Comparison().compare(reader, writer, "");
}

class Comparison {
  /** reader → writer → found before. */
  readonly #known = new Map<AvroSchema, Map<AvroSchema, Incompatibility[]>>();
  /** Of writers, by name. */
  readonly #fields = new Map<AvroRecord, ReadonlyMap<string, AvroField>>();

  compare(reader: AvroSchema, writer: AvroSchema, path: string): Incompatibility[] {
    let writers = this.#known.get(reader);
    if (writers === undefined) this.#known.set(reader, (writers = new Map()));
    const before = writers.get(writer);
    if (before !== undefined) return before;
    writers.set(writer, []);
    const found = this.#compare(reader, writer, path).slice(0, MAX_FOUND);
    writers.set(writer, found);
    return found;
  }

  #compare(reader: AvroSchema, writer: AvroSchema, path: string): Incompatibility[] {
    if (writer.type === "union") {
      if (reader.type !== "union") return writer.branches.flatMap((branch) => this.compare(reader, branch, path));
      return writer.branches.flatMap((branch) => this.#branchOf(reader.branches, reader, branch, path));
    }
    if (reader.type === "union") return this.#branchOf(reader.branches, reader, writer, path);
    if (kind(reader) !== kind(writer)) {
      if (PROMOTIONS[reader.type]?.includes(writer.type) === true) return [];
      return [
        found("TYPE_MISMATCH", path, reader, writer, `The reader's type ${label(reader)} cannot take the writer's ${label(writer)}.`),
      ];
    }
    if (reader.type === "array") return this.compare(reader.items, (writer as typeof reader).items, `${path}/items`);
    if (reader.type === "map") return this.compare(reader.values, (writer as typeof reader).values, `${path}/values`);
    if (!isNamed(reader)) return [];
    return [...nameMismatch(reader, writer as AvroNamed, path), ...this.#named(reader, writer as AvroNamed, path)];
  }

  #named(reader: AvroNamed, writer: AvroNamed, path: string): Incompatibility[] {
    if (reader.type === "fixed") {
      const { size } = writer as typeof reader;
      if (reader.size === size) return [];
      return [
        found("FIXED_SIZE_MISMATCH", `${path}/size`, reader, writer, `"${reader.name}" has ${reader.size} bytes, the writer's ${size}.`),
      ];
    }
    if (reader.type === "enum") return missingSymbols(reader, writer as AvroEnum, path);
    return this.#record(reader, writer as AvroRecord, path);
  }

  #record(reader: AvroRecord, writer: AvroRecord, path: string): Incompatibility[] {
    return reader.fields.flatMap((field, i) => {
      const [written, another] = this.#writtenFields(field, writer);
      if (another !== undefined) {
        const text = `The field "${field.name}" could be "${written!.name}" or "${another.name}" of the writer's record "${writer.name}": a name and its aliases stand for one field.`;
        return [found("READER_FIELD_AMBIGUOUS", `${path}/fields/${i}/aliases`, field.type, writer, text)];
      }
      if (written !== undefined) return this.compare(field.type, written.type, `${path}/fields/${i}/type`);
      if (field.hasDefault || (field.type.type === "enum" && field.type.default !== undefined)) return [];
      const text = `The field "${field.name}" is not in the writer's record "${writer.name}" and has no default.`;
      return [found("READER_FIELD_MISSING_DEFAULT_VALUE", `${path}/fields/${i}`, field.type, writer, text)];
    });
  }

  #writtenFields(field: AvroField, writer: AvroRecord): AvroField[] {
    let fields = this.#fields.get(writer);
    if (fields === undefined) this.#fields.set(writer, (fields = new Map(writer.fields.map((each) => [each.name, each]))));
    return [field.name, ...field.aliases].flatMap((name) => fields.get(name) ?? []);
  }

  /** One of the reader's branches must take it. */
  #branchOf(branches: readonly AvroSchema[], reader: AvroSchema, writer: AvroSchema, path: string): Incompatibility[] {
    if (branches.some((branch) => this.#fits(branch, writer, path))) return [];
    return [found("MISSING_UNION_BRANCH", path, reader, writer, `No branch of the reader's union takes the writer's ${label(writer)}.`)];
  }

  #fits(branch: AvroSchema, writer: AvroSchema, path: string): boolean {
    if (isNamed(branch) && isNamed(writer) && !namesMatch(writer, branch)) return false;
    return this.compare(branch, writer, path).length === 0;
  }
}

function kind(schema: AvroSchema): string {
  return schema.type === "error" ? "record" : schema.type;
}

function nameMismatch(reader: AvroNamed, writer: AvroNamed, path: string): Incompatibility[] {
  if (namesMatch(writer, reader)) return [];
  const text = `The reader's ${reader.type} is named "${reader.name}", the writer's "${writer.name}", and no alias says that they are one.`;
  return [found("NAME_MISMATCH", `${path}/name`, reader, writer, text)];
}

function missingSymbols(reader: AvroEnum, writer: AvroEnum, path: string): Incompatibility[] {
  const known = new Set(reader.symbols);
  const missing = writer.symbols.filter((symbol) => !known.has(symbol));
  if (missing.length === 0 || reader.default !== undefined) return [];
  const text = `The reader's enum "${reader.name}" has no default and lacks the writer's symbols ${missing.join(", ")}.`;
  return [found("MISSING_ENUM_SYMBOLS", `${path}/symbols`, reader, writer, text)];
}

function label(schema: AvroSchema): string {
  return isNamed(schema) ? `${schema.type} "${schema.name}"` : schema.type;
}

function found(type: string, path: string, reader: AvroSchema, writer: AvroSchema, description: string): Incompatibility {
  return { type, path: path === "" ? "/" : path, description, reader: textOf(reader), writer: textOf(writer) };
}

/** A schema is told of wherever it does not fit. */
const TEXTS = new WeakMap<AvroSchema, string>();

function textOf(schema: AvroSchema): string {
  let text = TEXTS.get(schema);
  if (text === undefined) TEXTS.set(schema, (text = avroText(schema, "plain")));
  return text;
}
