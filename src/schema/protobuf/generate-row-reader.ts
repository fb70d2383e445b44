// Generates the reader of a record's columns: one loop over the fields, numbers and texts put in place inline, everything else by the
// interpreter's own functions. The code holds positions only. Whatever is out of the ordinary is GIVEN_UP to the interpreter.
import { copyText } from "../avro/put-avro.ts";
import { Constants } from "../avro/generate-reader.ts";
import type { Arena, BatchBuilder } from "../batch-builder.ts";
import { generateFunction } from "../code-generation.ts";
import type { Column } from "../column.ts";
import { fieldColumns, type FieldColumn } from "../columns.ts";
import type { TypeInfo } from "../type-info.ts";
import { finishSlot, readField } from "./interpret-reader.ts";
import type { ProtoCursor } from "./proto-cursor.ts";
import type { FieldPlan, MessagePlan, PlainRead } from "./read-plan.ts";

/** Thrown by generated code: the interpreter reads the document again and says what is wrong. */
export const GIVEN_UP: unique symbol = Symbol("given up");

/** Reads a message up to the cursor's end, whose `view` is set, into row `row`. */
export type ProtoRowRead = (
  cursor: ProtoCursor,
  builder: BatchBuilder,
  columns: readonly Column[],
  arenas: readonly (Arena | undefined)[],
  row: number,
) => void;

const MAX_FIELDS = 64;

/** undefined: too large. */
export function generateRowReader(type: TypeInfo, plan: MessagePlan): ProtoRowRead | undefined {
  if (type.kind !== "record" || type.fields.length > MAX_FIELDS) return undefined;
  const code = new RowCode(fieldColumns(type), plan);
  const body =
    `${code.bound()}let D=null;return function(X,B,C,A,r){if(C!==D){D=C;${code.bind()}}` +
    `const b=X.bytes,e=X.end,d=X.view;let p=X.at,t=0,c=0,v=0,k,o=0,s=0,j=0;\n${code.start()}\n` +
    `while(p<e){t=b[p++];if(t>127){X.at=p-1;t=X.tag();p=X.at;}\nswitch(t){${code.cases()}default:${code.slow()}}}\n` +
    `if(p!==e)throw ${code.giveUp};${code.end()}};`;
  return generateFunction<(...values: unknown[]) => ProtoRowRead>("protobuf-rows", code.constants.names(), body)(...code.constants.values);
}

interface Inline {
  readonly field: FieldPlan;
  readonly column: FieldColumn;
  readonly plain: PlainRead;
  /** What an absent one is; undefined: an error, or a default that is not zero. */
  readonly absent: "nothing" | "zero" | undefined;
}

/** Locals: X cursor, b bytes, d their view, p position, e end, t tag, v a value, k an arena; of column N: wN, xN, nN, aN, and fN when it was there. */
class RowCode {
  readonly constants = new Constants();
  readonly giveUp = this.constants.add(GIVEN_UP);
  readonly #copy = this.constants.add(copyText);
  readonly #plan: MessagePlan;
  readonly #columns: readonly FieldColumn[];
  readonly #inline: readonly Inline[];
  /** Slots that the interpreter fills. */
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
    const slots = this.#others.length === 0 ? "" : `const S=new Array(${this.#columns.length});`;
    return slots + this.#inline.map(({ column, absent }) => startOf(column, absent)).join("");
  }

  cases(): string {
    return this.#inline.map((inline) => this.#case(inline)).join("\n");
  }

  slow(): string {
    const fields = this.#plan.fields;
    const others = new Set(this.#others);
    const step = (cursor: ProtoCursor, tag: number, slots: unknown[]): void => {
      const field = fields.get(tag >>> 3);
      if (tag >>> 3 === 0) throw GIVEN_UP;
      if (field === undefined || !others.has(field.slot) || !readField(field, tag & 7, cursor, slots)) cursor.skip(tag);
    };
    return `X.at=p;${this.constants.add(step)}(X,t,${this.#others.length === 0 ? "null" : "S"});p=X.at;`;
  }

  end(): string {
    const plan = this.#plan;
    const finish = this.constants.add((slots: unknown[], slot: number) => {
      finishSlot(plan, slots, slot);
      return slots[slot];
    });
    const seen = this.#inline
      .filter(({ absent }) => absent === undefined)
      .map(({ column }) => `if(f${column.index}===0)throw ${this.giveUp};`);
    return [...seen, ...this.#others.map((slot) => `B.setCell(${slot},${finish}(S,${slot}));`)].join("");
  }

  #case({ field, column, plain, absent }: Inline): string {
    const { index } = column;
    const mark = (column.optional ? `n${index}[r]=0;` : "") + (absent === undefined ? `f${index}=1;` : "");
    const wire = plain === "double" ? 1 : plain === "float" ? 5 : plain === "text" ? 2 : 0;
    return `case ${((field.number << 3) | wire) >>> 0}:${this.#read(index, plain)}${mark}break;`;
  }

  #read(index: number, plain: PlainRead): string {
    const to = `x${index}[r]`;
    const long = (name: string, first: string): string => `c=b[p];if(c<128){p++;${to}=${first};}else{X.at=p;${to}=X.${name}();p=X.at;}`;
    switch (plain) {
      case "double":
        return `if(p+8>e)throw ${this.giveUp};${to}=d.getFloat64(p,true);p+=8;`;
      case "float":
        return `if(p+4>e)throw ${this.giveUp};${to}=d.getFloat32(p,true);p+=4;`;
      case "long":
        return long("int64", "c");
      case "sint32":
        return long("sint32", "(c>>>1)^-(c&1)");
      case "int32":
        return long("int32", "c");
      case "bool":
        return `c=b[p];if(c>1)throw ${this.giveUp};p++;${to}=c;`;
      case "text":
        return this.#text(index);
    }
  }

  /** Words of four bytes, also beyond the text's end: the arena has room, and the next text covers them. */
  #text(index: number): string {
    return (
      `c=b[p++];if(c>127){X.at=p-1;c=X.size();p=X.at;}if(!(c<=e-p))throw ${this.giveUp};` +
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
