// Generates the reader of a record's columns: one loop over the fields, numbers and texts put in place inline, everything else read as a
// value first. The code holds positions only. Whatever is out of the ordinary is GIVEN_UP to the interpreter.
import { copyText } from "../avro/put-avro.ts";
import type { Arena, BatchBuilder } from "../batch-builder.ts";
import { generateFunction } from "../code-generation.ts";
import type { Column } from "../column.ts";
import { fieldColumns, type FieldColumn } from "../columns.ts";
import type { TypeInfo } from "../type-info.ts";
import { MessageCode } from "./generate-reader.ts";
import type { ProtoCursor } from "./proto-cursor.ts";
import type { FieldPlan, MessagePlan, PlainRead } from "./read-plan.ts";

/** Reads a message up to the cursor's end, whose `view` is set, into row `row`. */
export type ProtoRowRead = (
  cursor: ProtoCursor,
  builder: BatchBuilder,
  columns: readonly Column[],
  arenas: readonly (Arena | undefined)[],
  row: number,
) => void;

const MAX_FIELDS = 64;

/** undefined: too large, or with groups. */
export function generateRowReader(type: TypeInfo, plan: MessagePlan): ProtoRowRead | undefined {
  if (type.kind !== "record" || type.fields.length > MAX_FIELDS) return undefined;
  const code = new RowCode(fieldColumns(type), plan);
  const row = `${code.start()}\n${code.loop()}${code.end()}`;
  const { constants, functions, isTooMuch } = code.message;
  if (isTooMuch) return undefined;
  const body =
    `${functions.join("\n")}${code.bound()}let D=null;return function(X,B,C,A,r){if(C!==D){D=C;${code.bind()}}` +
    `const b=X.bytes,e=X.end,d=X.view;let p=X.at,t=0,c=0,v=0,k,o=0,s=0,j=0;\n${row}};`;
  return generateFunction<(...values: unknown[]) => ProtoRowRead>("protobuf-rows", constants.names(), body)(...constants.values);
}

interface Inline {
  readonly field: FieldPlan;
  readonly column: FieldColumn;
  readonly plain: PlainRead;
  /** What an absent one is; undefined: an error, or a default that is not zero. */
  readonly absent: "nothing" | "zero" | undefined;
}

/**
 * Locals beside MessageCode's: k an arena, o a position in it; of column N: wN itself, xN its values or offsets, nN its nulls, aN its arena,
 * and fN when it was there.
 */
class RowCode {
  readonly message = new MessageCode(true);
  readonly #copy = this.message.constants.add(copyText);
  readonly #plan: MessagePlan;
  readonly #columns: readonly FieldColumn[];
  readonly #inline: readonly Inline[];
  /** Slots whose values are read first. */
  readonly #others: readonly number[];

  constructor(columns: readonly FieldColumn[], plan: MessagePlan) {
    this.#plan = plan;
    this.#columns = columns;
    this.#inline = [...plan.fields.values()].flatMap((field) => inlineOf(field, columns[field.slot]!, plan));
    const done = new Set(this.#inline.map(({ field }) => field.slot));
    this.#others = columns.map(({ index }) => index).filter((index) => !done.has(index));
  }

  bound(): string {
    return this.#columns.map(({ index }) => `let w${index},x${index},n${index},a${index};`).join("");
  }

  bind(): string {
    return this.#columns
      .map(
        ({ index, column }) =>
          `w${index}=C[${index}];x${index}=w${index}.${column === "string" ? "offsets" : "values"};n${index}=w${index}.nulls;a${index}=A[${index}];`,
      )
      .join("");
  }

  /** Every column is absent at first. */
  start(): string {
    const slots = this.#others.length === 0 ? "" : `let ${this.#others.map((slot) => `s${slot}`).join(",")};`;
    return slots + this.#inline.map(({ column, absent }) => startOf(column, absent)).join("");
  }

  loop(): string {
    const others = new Set(this.#others);
    const values = [...this.#plan.fields.values()].filter(({ slot }) => others.has(slot)).map((field) => this.message.cases(field));
    return this.message.loop([...this.#inline.map((inline) => this.#case(inline)), ...values].join("\n"));
  }

  end(): string {
    const { giveUp } = this.message;
    const seen = this.#inline.filter(({ absent }) => absent === undefined).map(({ column }) => `if(f${column.index}===0)${giveUp}`);
    return [...seen, ...this.#others.map((slot) => this.#put(slot))].join("");
  }

  /** Puts a value into its column. */
  #put(slot: number): string {
    const { column, optional } = this.#columns[slot]!;
    const absent = this.message.absent(this.#plan.slots[slot]!, `s${slot}`);
    if (column === "object" || column === "string") return `${absent}B.setCell(${slot},s${slot});`;
    const nulls = optional ? `n${slot}[r]=s${slot}===undefined?1:0;` : "";
    return `${absent}${nulls}x${slot}[r]=s${slot}===undefined?0:+s${slot};`;
  }

  #case({ field, column, plain, absent }: Inline): string {
    const { index } = column;
    const mark = (column.optional ? `n${index}[r]=0;` : "") + (absent === undefined ? `f${index}=1;` : "");
    const wire = plain === "double" ? 1 : plain === "float" ? 5 : plain === "text" ? 2 : 0;
    return `case ${((field.number << 3) | wire) >>> 0}:${this.#read(index, plain)}${mark}break;`;
  }

  #read(index: number, plain: PlainRead): string {
    const to = `x${index}[r]`;
    switch (plain) {
      case "double":
        return `if(p+8>e)${this.message.giveUp}${to}=d.getFloat64(p,true);p+=8;`;
      case "float":
        return `if(p+4>e)${this.message.giveUp}${to}=d.getFloat32(p,true);p+=4;`;
      case "long":
        return this.message.varint("int64", to, "c");
      case "sint32":
        return this.message.varint("sint32", to, "(c>>>1)^-(c&1)");
      case "int32":
        return this.message.varint("int32", to, "c");
      case "bool":
        return `c=b[p++];if(!(c<2))${this.message.giveUp}${to}=c;`;
      case "text":
        return this.#text(index);
    }
  }

  /** Words of four bytes, also beyond the text's end: the arena has room, and the next text covers them. */
  #text(index: number): string {
    return (
      this.message.length() +
      `k=a${index};o=x${index}[r];if(o+c+4>k.bytes.length)B.reserve(c+4);` +
      `if(c<=64&&p+c+4<=d.byteLength){s=0;k=k.view;for(j=0;j<c-3;j+=4){v=d.getInt32(p+j,true);k.setInt32(o+j,v,true);s|=v;}` +
      `v=d.getInt32(p+j,true);k.setInt32(o+j,v,true);s=(s|v&(1<<(c-j<<3))-1)&0x80808080;}` +
      `else s=${this.#copy}(b,p,c,k.bytes,o)&128;` +
      `if(s!==0){X.at=p;X.checkUtf8(c);w${index}.ascii=false;}p+=c;x${index}[r+1]=o+c;`
    );
  }
}

function inlineOf(field: FieldPlan, column: FieldColumn, plan: MessagePlan): Inline[] {
  const { element, shape, clears } = field;
  if (shape !== "one" || element.op !== "leaf" || element.plain === undefined || clears.length > 1) return [];
  const { plain } = element;
  const fits =
    plain === "text"
      ? column.column === "string"
      : plain === "bool"
        ? column.column === "bool"
        : plain === "double" || plain === "float" || plain === "long"
          ? column.column === "f64"
          : column.column === "f64" || column.column === "i32";
  return fits ? [{ field, column, plain, absent: absentOf(plan, field.slot) }] : [];
}

function absentOf(plan: MessagePlan, slot: number): Inline["absent"] {
  try {
    const value = plan.slots[slot]!.absent();
    if (value === undefined) return "nothing";
    return value === 0 || value === false || value === "" ? "zero" : undefined;
  } catch {
    return undefined;
  }
}

function startOf({ index, column, optional }: FieldColumn, absent: Inline["absent"]): string {
  const nulls = optional ? `n${index}[r]=${absent === "nothing" ? 1 : 0};` : "";
  const seen = absent === undefined ? `let f${index}=0;` : "";
  return `${nulls}${seen}${column === "string" ? `x${index}[r+1]=x${index}[r];` : `x${index}[r]=0;`}`;
}
