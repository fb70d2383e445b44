// Reads Avro records straight into the columns of a builder: numbers into typed arrays, strings from bytes to bytes. The interpreter sets
// cell after cell; the generator writes the same in one function. The order is the writer's, the columns are the reader's.
import type { Arena, BatchBuilder } from "../batch-builder.ts";
import { generateFunction } from "../code-generation.ts";
import { fieldColumns, type FieldColumn } from "../columns.ts";
import type { Column } from "../column.ts";
import { rethrowInside } from "../json/value-reader.ts";
import { fieldPath } from "../schema-error.ts";
import type { TypeInfo } from "../type-info.ts";
import type { AvroCursor } from "./avro-cursor.ts";
import { ReaderCode } from "./generate-reader.ts";
import { interpretReader, type AvroRead } from "./interpret-reader.ts";
import { copyText } from "./put-avro.ts";
import type { ReadPlan, ReadStep, RecordPlan } from "./read-plan.ts";
import { skipper } from "./skip-avro.ts";

type RecordType = TypeInfo & { readonly kind: "record" };

/** Reads a record at the cursor, whose `view` is set, into row `row`. */
export type AvroRowRead = (
  cursor: AvroCursor,
  builder: BatchBuilder,
  columns: readonly Column[],
  arenas: readonly (Arena | undefined)[],
  row: number,
) => void;

export function interpretRowReader(plan: RecordPlan): AvroRowRead {
  const records = new Map<RecordPlan, AvroRead>();
  const steps = plan.steps.map((step) => ({
    ...step,
    read: step.plan.op === "skip" ? (skipper(step.plan.schema) as AvroRead) : interpretReader(step.plan, records),
  }));
  return (cursor, builder) => {
    for (const { slot, name, read } of steps) {
      try {
        const value = read(cursor);
        if (slot >= 0) builder.setCell(slot, value);
      } catch (error) {
        rethrowInside(error, (rest) => fieldPath(name, rest));
      }
    }
  };
}

const MAX_FIELDS = 64;
const MAX_NODES = 400;
const MAX_SYMBOL_BYTES = 32;

/** undefined: too large. */
export function generateRowReader(type: RecordType, plan: RecordPlan): AvroRowRead | undefined {
  if (plan.steps.length > MAX_FIELDS || plan.recursive) return undefined;
  const generator = new RowCode(fieldColumns(type));
  const code = plan.steps.map((step) => generator.step(step));
  if (generator.reader.nodes > MAX_NODES) return undefined;
  const { constants, functions } = generator.reader;
  const body =
    `${functions.join("\n")}let D=null;${generator.bound()}return function(X,B,C,A,r){if(C!==D){D=C;${generator.bind()}}` +
    `const b=X.bytes,e=X.end,d=X.view;let p=X.at,c=0,v=0,k,o=0,s=0,j=0;\n${code.join("\n")}\nX.at=p;};`;
  return generateFunction<(...values: unknown[]) => AvroRowRead>("avro-rows", constants.names(), body)(...constants.values);
}

/**
 * Locals beside ReaderCode's: v a value, d a view of the bytes, k an arena, o a position in it. A builder's columns are kept in variables
 * outside the function as long as the builder stays the same: wN the column, xN its values or offsets, nN its nulls, aN its arena.
 */
class RowCode {
  readonly reader = new ReaderCode(true);
  readonly #fields: readonly FieldColumn[];
  readonly #copy = this.reader.constants.add(copyText);

  constructor(fields: readonly FieldColumn[]) {
    this.#fields = fields;
  }

  bound(): string {
    return this.#fields.map(({ index }) => `let w${index},x${index},n${index},a${index};`).join("");
  }

  bind(): string {
    return this.#fields
      .map(
        ({ index, column }) =>
          `w${index}=C[${index}];x${index}=w${index}.${column === "string" ? "offsets" : "values"};n${index}=w${index}.nulls;a${index}=A[${index}];`,
      )
      .join("");
  }

  step({ slot, plan }: ReadStep): string {
    if (plan.op === "skip") return this.reader.skip(plan);
    const field = this.#fields[slot]!;
    return field.optional && field.column !== "object" ? this.#optional(field, plan) : this.#present(field, plan);
  }

  #optional(field: FieldColumn, plan: ReadPlan): string {
    const present = (of: ReadPlan): string => `n${field.index}[r]=0;${this.#present(field, of)}`;
    if (plan.op === "null") return absent(field);
    if (plan.op !== "union" || plan.branches.length > 64) return this.#cell(field, plan);
    const cases = plan.branches.map((branch, index) =>
      typeof branch === "string" ? "" : `case ${index * 2}:{${branch.op === "null" ? absent(field) : present(branch)}break;}`,
    );
    return `switch(b[p++]){${cases.join("")}default:${this.reader.giveUp()}}`;
  }

  /** A value that is there. */
  #present(field: FieldColumn, plan: ReadPlan): string {
    const { index } = field;
    const giveUp = this.reader.giveUp();
    const store = `x${index}[r]=v;`;
    switch (plan.op) {
      case "float":
      case "double": {
        const [size, read] = plan.op === "float" ? [4, "getFloat32"] : [8, "getFloat64"];
        if (field.column === "f64") return `if(p+${size}>e)${giveUp}x${index}[r]=d.${read}(p,true);p+=${size};`;
        break;
      }
      case "long":
        if (field.column === "f64") return `${this.reader.read(plan, "v")}${store}`;
        break;
      case "int":
      case "nearest":
        if (field.column === "f64" || field.column === "i32") return `${this.reader.read(plan, "v")}${store}`;
        break;
      case "boolean":
        if (field.column === "bool") return `c=b[p++];if(c>1)${giveUp}x${index}[r]=c;`;
        break;
      case "string":
        if (field.column === "string") return this.#string(index);
        break;
      case "enum":
        if (field.column === "string" && plan.symbols.every((symbol) => symbol === undefined || symbol.length <= MAX_SYMBOL_BYTES))
          return this.#enum(index, plan);
        break;
      default:
    }
    if (field.column === "object") return `${this.reader.read(plan, "v")}${store}`;
    return this.#cell(field, plan);
  }

  #cell({ index }: FieldColumn, plan: ReadPlan): string {
    return `${this.reader.read(plan, "v")}B.setCell(${index},v);`;
  }

  /** Words of four bytes, also beyond the text's end: the arena has room, and the next text covers them. */
  #string(index: number): string {
    return (
      `${this.reader.length("v")}${this.#room(index, "c")}` +
      `if(c<=64&&p+c+4<=d.byteLength){s=0;k=k.view;for(j=0;j<c-3;j+=4){v=d.getInt32(p+j,true);k.setInt32(o+j,v,true);s|=v;}` +
      `v=d.getInt32(p+j,true);k.setInt32(o+j,v,true);s=(s|v&(1<<(c-j<<3))-1)&0x80808080;}` +
      `else s=${this.#copy}(b,p,c,k.bytes,o)&128;` +
      `if(s!==0){X.at=p;X.checkUtf8(c);w${index}.ascii=false;}p+=c;x${index}[r+1]=o+c;`
    );
  }

  /** Symbols are names, so their bytes are their characters. */
  #enum(index: number, { symbols }: ReadPlan & { readonly op: "enum" }): string {
    const words = Math.max(1, ...symbols.map((symbol) => Math.ceil((symbol?.length ?? 0) / 4)));
    const table = new Int32Array(symbols.length * words);
    symbols.forEach((symbol, at) => new Uint8Array(table.buffer).set(new TextEncoder().encode(symbol ?? ""), at * words * 4));
    const { constants } = this.reader;
    const [sizes, all] = [constants.add(symbols.map((symbol) => symbol?.length ?? -1)), constants.add(table)];
    const put = Array.from({ length: words }, (_, at) => `k.setInt32(o+${4 * at},${all}[v*${words}+${at}],true);`);
    return (
      `${this.reader.varint("v")}c=${sizes}[v];if(!(c>=0))${this.reader.giveUp()}` +
      `${this.#room(index, String(4 * words))}k=k.view;${put.join("")}x${index}[r+1]=o+c;`
    );
  }

  /** Sets o and k; there is room for so many bytes and a word. */
  #room(index: number, bytes: string): string {
    return `k=a${index};o=x${index}[r];if(o+${bytes}+4>k.bytes.length)B.reserve(${bytes}+4);`;
  }
}

function absent({ index, column }: FieldColumn): string {
  return column === "string" ? `n${index}[r]=1;x${index}[r+1]=x${index}[r];` : `n${index}[r]=1;x${index}[r]=0;`;
}
