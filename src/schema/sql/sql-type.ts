// Flink SQL's logical types as text, from types and back: ROW<`id` STRING NOT NULL, `at` TIMESTAMP_LTZ(3)>. SQL has neither names of records nor
// values of texts, so that a type comes back as what SQL says of it. Invariant: its text is the same then.
import { BadSchemaError } from "../schema-error.ts";
import type { TypeInfo } from "../type-info.ts";

const MAX_PRECISION = 38;
const MAX_DEPTH = 100;

/** With NOT NULL for whatever is not optional. Throws BadSchemaError for unions, which SQL does not have. */
export function typeToSql(type: TypeInfo, depth = 0): string {
  if (depth > MAX_DEPTH) throw new BadSchemaError(`The type nests more than ${MAX_DEPTH} levels deep.`);
  return type.kind === "optional" ? textOf(type.of, depth) : `${textOf(type, depth)} NOT NULL`;
}

function textOf(type: TypeInfo, depth: number): string {
  const inside = (of: TypeInfo): string => typeToSql(of, depth + 1);
  switch (type.kind) {
    case "record":
      return `ROW<${type.fields.map(({ name, type: of }) => `\`${name.replaceAll("`", "``")}\` ${inside(of)}`).join(", ")}>`;
    case "array":
      return `ARRAY<${inside(type.of)}>`;
    case "map":
      return `MAP<${inside(type.key)}, ${inside(type.value)}>`;
    case "union":
      throw new BadSchemaError("SQL has no union: use a record with an optional field for each member.");
    case "optional":
      return textOf(type.of, depth);
    case "literal":
      return "STRING";
    case "decimal":
      if (type.precision > MAX_PRECISION)
        throw new BadSchemaError(`SQL's DECIMAL has at most ${MAX_PRECISION} digits, not ${type.precision}.`);
      return `DECIMAL(${type.precision}, ${type.scale})`;
    default:
      return scalarText(type);
  }
}

const SCALARS: Readonly<Record<string, string>> = {
  string: "STRING",
  boolean: "BOOLEAN",
  int: "INT",
  long: "BIGINT",
  bigint: "BIGINT",
  double: "DOUBLE",
  timestamp: "TIMESTAMP_LTZ(3)",
};
const LOGICAL: Readonly<Record<string, string>> = {
  float: "FLOAT",
  date: "DATE",
  "time-millis": "TIME(3)",
  "time-micros": "TIME(6)",
  "timestamp-micros": "TIMESTAMP_LTZ(6)",
  "timestamp-nanos": "TIMESTAMP_LTZ(9)",
  "local-timestamp-millis": "TIMESTAMP(3)",
  "local-timestamp-micros": "TIMESTAMP(6)",
  "local-timestamp-nanos": "TIMESTAMP(9)",
};

function scalarText(type: TypeInfo & { readonly logical?: string; readonly size?: number }): string {
  if (type.kind === "bytes") return type.size === undefined ? "BYTES" : `BINARY(${type.size})`;
  return (type.logical === undefined ? undefined : LOGICAL[type.logical]) ?? SCALARS[type.kind]!;
}

/** `name`: of the record, whose parts are named after it. Throws BadSchemaError with the place in the text. */
export function sqlToType(text: string, name = "Value"): TypeInfo {
  const parser = new Parser(text);
  const type = parser.type(name, 0);
  parser.end();
  return type;
}

const TOKEN = /\s*(`(?:[^`]|``)*`|[A-Za-z_][A-Za-z0-9_]*|\d+|[<>(),])/y;

class Parser {
  readonly #text: string;
  #at = 0;
  #next: string | undefined;

  constructor(text: string) {
    this.#text = text;
    this.#step();
  }

  type(name: string, depth: number): TypeInfo {
    if (depth > MAX_DEPTH) throw this.#bad(`at most ${MAX_DEPTH} levels`);
    const of = this.#nullable(name, depth);
    if (this.#accept("NOT")) {
      this.#expect("NULL");
      return of;
    }
    this.#accept("NULL");
    return { kind: "optional", of };
  }

  end(): void {
    if (this.#next !== undefined || this.#text.slice(this.#at).trim() !== "") throw this.#bad("the end");
  }

  #nullable(name: string, depth: number): TypeInfo {
    const word = this.#word();
    switch (word) {
      case "ROW":
        return this.#row(name, depth);
      case "ARRAY": {
        this.#expect("<");
        const of = this.type(`${name}_item`, depth + 1);
        this.#expect(">");
        return { kind: "array", of };
      }
      case "MAP": {
        this.#expect("<");
        const key = this.type(`${name}_key`, depth + 1);
        this.#expect(",");
        const value = this.type(`${name}_value`, depth + 1);
        this.#expect(">");
        return { kind: "map", key, value };
      }
      default:
        return this.#scalar(word);
    }
  }

  #row(name: string, depth: number): TypeInfo {
    this.#expect("<");
    const fields = [];
    while (!this.#accept(">")) {
      if (fields.length > 0) this.#expect(",");
      const field = this.#name();
      fields.push({ name: field, type: this.type(`${name}_${field}`, depth + 1) });
    }
    return { kind: "record", name, fields };
  }

  #scalar(word: string): TypeInfo {
    switch (word) {
      case "STRING":
      case "VARCHAR":
      case "CHAR":
        this.#numbers();
        return { kind: "string" };
      case "BOOLEAN":
        return { kind: "boolean" };
      case "TINYINT":
      case "SMALLINT":
      case "INT":
      case "INTEGER":
        return { kind: "int" };
      case "BIGINT":
        return { kind: "long" };
      case "FLOAT":
        return { kind: "double", logical: "float" };
      case "DOUBLE":
        this.#accept("PRECISION");
        return { kind: "double" };
      case "DECIMAL":
      case "DEC":
      case "NUMERIC": {
        const [precision = 10, scale = 0] = this.#numbers();
        return { kind: "decimal", precision, scale };
      }
      case "BYTES":
      case "VARBINARY":
        this.#numbers();
        return { kind: "bytes" };
      case "BINARY":
        return { kind: "bytes", size: this.#numbers()[0] ?? 1 };
      default:
        return this.#time(word);
    }
  }

  #time(word: string): TypeInfo {
    if (word === "DATE") return { kind: "int", logical: "date" };
    const [precision = word === "TIME" ? 0 : 6] = this.#numbers();
    if (word === "TIME") return precision > 3 ? { kind: "long", logical: "time-micros" } : { kind: "int", logical: "time-millis" };
    if (word !== "TIMESTAMP" && word !== "TIMESTAMP_LTZ") throw this.#bad("a type of Flink SQL", word);
    const isLocal = word === "TIMESTAMP" && !this.#localZone();
    if (precision > 6) return { kind: "bigint", logical: isLocal ? "local-timestamp-nanos" : "timestamp-nanos" };
    if (precision > 3) return { kind: "long", logical: isLocal ? "local-timestamp-micros" : "timestamp-micros" };
    return isLocal ? { kind: "long", logical: "local-timestamp-millis" } : { kind: "timestamp" };
  }

  /** TIMESTAMP(3) WITH LOCAL TIME ZONE. */
  #localZone(): boolean {
    if (this.#accept("WITHOUT")) {
      for (const word of ["TIME", "ZONE"]) this.#expect(word);
      return false;
    }
    if (!this.#accept("WITH")) return false;
    for (const word of ["LOCAL", "TIME", "ZONE"]) this.#expect(word);
    return true;
  }

  #numbers(): readonly number[] {
    if (!this.#accept("(")) return [];
    const numbers: number[] = [];
    do {
      if (this.#next === undefined || !/^\d+$/.test(this.#next)) throw this.#bad("a number");
      numbers.push(Number(this.#next));
      this.#step();
    } while (this.#accept(","));
    this.#expect(")");
    return numbers;
  }

  #name(): string {
    if (this.#next?.startsWith("`") === true) {
      const name = this.#next.slice(1, -1).replaceAll("``", "`");
      this.#step();
      return name;
    }
    const name = this.#next;
    this.#word();
    return name!;
  }

  #word(): string {
    if (this.#next === undefined || !/^[A-Za-z_]/.test(this.#next)) throw this.#bad("a word");
    const word = this.#next.toUpperCase();
    this.#step();
    return word;
  }

  #accept(token: string): boolean {
    if (this.#next?.toUpperCase() !== token) return false;
    this.#step();
    return true;
  }

  #expect(token: string): void {
    if (!this.#accept(token)) throw this.#bad(token);
  }

  #step(): void {
    TOKEN.lastIndex = this.#at;
    const match = TOKEN.exec(this.#text);
    this.#next = match?.[1];
    if (match !== null) this.#at = TOKEN.lastIndex;
  }

  #bad(wanted: string, got = this.#next): BadSchemaError {
    return new BadSchemaError(
      `The SQL type is none: expected ${wanted} before character ${this.#at}, got ${got === undefined ? "the end" : JSON.stringify(got)}.`,
    );
  }
}
