// Reads Avro records straight into the columns of a builder: numbers into typed arrays, strings from bytes to bytes, nested records into
// columns of their own. The interpreter sets cell after cell; the generator writes the same in one function. The order is the writer's, the
// columns are the reader's.
import type { BatchBuilder } from "../batch-builder.ts";
import { generateFunction } from "../code-generation.ts";
import { fieldColumns, type FieldColumn } from "../columns.ts";
import { rethrowInside } from "../json/value-reader.ts";
import { isNested } from "../nested-columns.ts";
import { fieldPath, SchemaError } from "../schema-error.ts";
import type { TypeInfo } from "../type-info.ts";
import type { AvroCursor } from "./avro-cursor.ts";
import { GIVEN_UP, ReaderCode } from "./generate-reader.ts";
import { interpretReader, type AvroRead } from "./interpret-reader.ts";
import { copyText } from "./put-avro.ts";
import type { ReadPlan, ReadStep, RecordPlan } from "./read-plan.ts";
import { skipper } from "./skip-avro.ts";

type RecordType = TypeInfo & { readonly kind: "record" };

/** Reads the record at the cursor, and nothing else, into the cells of a builder's row. */
export type AvroRowRead = (cursor: AvroCursor, builder: BatchBuilder) => void;

/** Appends the document in bytes[start, end) as one row. */
export type AvroRowDecode = (builder: BatchBuilder, bytes: Uint8Array, start: number, end: number, timestamp: number) => void;

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

/** What is out of the ordinary goes to `slow`, from the document's start. undefined: too large. */
export function generateRowReader(type: RecordType, plan: RecordPlan, cursor: AvroCursor, slow: AvroRowDecode): AvroRowDecode | undefined {
  if (plan.steps.length > MAX_FIELDS || plan.recursive) return undefined;
  const generator = new RowCode();
  const slots = slotsOf(fieldColumns(type), "", "q");
  const code = plan.steps.map((step) => generator.step(step, slots));
  if (generator.reader.nodes > MAX_NODES) return undefined;
  const [bound, bind, room] = [generator.bound(slots), generator.bind(slots), generator.bindRoom(slots)];
  const { constants, functions } = generator.reader;
  const [x, g, e, slowly] = [cursor, GIVEN_UP, SchemaError, slow].map((value) => constants.add(value));
  const body =
    `var X=${x},L=null,H=null,G=0,K=false,q=null;${bound}${functions.join("\n")}` +
    `function R(){G=L.growths;${room}}function F(n){L.reserve(n);R();}` +
    `return function(B,b,i,e,t){if(B!==L){if(!B.ofBytes)return ${slowly}(B,b,i,e,t);L=B;H=B.batch;K=B.checks;q=B.place;${bind}R();}` +
    `else if(B.growths!==G)R();if(X.bytes!==b)X.share(b,i,e);else{X.start=i;X.end=e;X.freeItems=0;}const d=X.view,r=H.rows,l=b.length-4;let p=i,c=0,v=0,o=0,s=0,j=0;` +
    `try{${code.join("\n")}}catch(z){if(z!==${g}&&!(z instanceof ${e}))throw z;p=-1;}` +
    `if(p!==e)return ${slowly}(B,b,i,e,t);if(K)B.endRow(t);else{H.timestamps[r]=Math.floor(t);H.rows=r+1;}};`;
  return generateFunction<(...values: unknown[]) => AvroRowDecode>("avro-rows", constants.names(), body)(...constants.values);
}

/**
 * A column and the variables that hold it: of slot N wN the column, xN its values or offsets, nN its nulls, aN its arena, yN a view of that, zN
 * how many bytes it has room for, qN the place of its parts.
 */
interface Slot {
  readonly field: FieldColumn;
  readonly id: string;
  /** Variable of the place that it lies in. */
  readonly place: string;
  /** The columns of nested records. */
  readonly parts: readonly Slot[] | undefined;
}

function slotsOf(fields: readonly FieldColumn[], prefix: string, place: string): readonly Slot[] {
  return fields.map((field) => {
    const id = `${prefix}${field.index}`;
    return { field, id, place, parts: isNested(field) ? slotsOf(fieldColumns(field.type), `${id}_`, `q${id}`) : undefined };
  });
}

/**
 * Locals beside ReaderCode's: v a value, d a view of the bytes, l where their last word is, o a position in an arena. A builder's columns are
 * kept in variables outside the function as long as the builder stays the same, its arenas as long as none grows.
 */
class RowCode {
  readonly reader = new ReaderCode(true);
  readonly #copy = this.reader.constants.add(copyText);

  bound(slots: readonly Slot[]): string {
    return slots
      .map(({ id, parts }) => `var w${id},x${id},n${id},a${id},y${id},z${id}=0,q${id};${parts === undefined ? "" : this.bound(parts)}`)
      .join("");
  }

  bind(slots: readonly Slot[]): string {
    return slots
      .map(({ field: { index, column, type, optional }, id, place, parts }) => {
        const own = `w${id}=${place}.columns[${index}];n${id}=w${id}.nulls;a${id}=${place}.arenas[${index}];`;
        if (parts === undefined) return `${own}x${id}=w${id}.${column === "string" ? "offsets" : "values"};`;
        return `q${id}=B.nest(${place},${index},${this.reader.constants.add(type)},${optional});${own}${this.bind(parts)}`;
      })
      .join("");
  }

  bindRoom(slots: readonly Slot[]): string {
    return slots
      .map(({ field, id, parts }) => {
        if (parts !== undefined) return this.bindRoom(parts);
        return field.column === "string" ? `y${id}=a${id}.view;z${id}=a${id}.bytes.length-4;` : "";
      })
      .join("");
  }

  step({ slot, plan }: ReadStep, slots: readonly Slot[]): string {
    this.reader.nodes++;
    if (plan.op === "skip") return this.reader.skip(plan);
    const to = slots[slot]!;
    return hasNulls(to) ? this.#optional(to, plan) : this.#present(to, plan);
  }

  #optional(to: Slot, plan: ReadPlan): string {
    const present = (of: ReadPlan): string => `n${to.id}[r]=0;${this.#present(to, of)}`;
    if (plan.op === "null") return absent(to);
    if (plan.op !== "union") return present(plan);
    if (plan.branches.length > 64) return this.#cell(to, plan);
    const cases = plan.branches.map((branch, index) =>
      typeof branch === "string" ? "" : `case ${index * 2}:{${branch.op === "null" ? absent(to) : present(branch)}break;}`,
    );
    return `switch(b[p++]){${cases.join("")}default:${this.reader.giveUp()}}`;
  }

  /** A value that is there. */
  #present(to: Slot, plan: ReadPlan): string {
    const { field, id, parts } = to;
    const giveUp = this.reader.giveUp();
    switch (plan.op) {
      case "float":
      case "double": {
        const [size, read] = plan.op === "float" ? [4, "getFloat32"] : [8, "getFloat64"];
        if (field.column === "f64") return `if(p+${size}>e)${giveUp}x${id}[r]=d.${read}(p,true);p+=${size};`;
        break;
      }
      case "long":
        if (field.column === "f64") return this.reader.read(plan, `x${id}[r]`);
        break;
      case "int":
      case "nearest":
        if (field.column === "f64" || field.column === "i32") return this.reader.read(plan, `x${id}[r]`);
        break;
      case "boolean":
        if (field.column === "bool") return `c=b[p++];if(c>1)${giveUp}x${id}[r]=c;`;
        break;
      case "string":
        if (field.column === "string") return this.#string(id);
        break;
      case "enum":
        if (field.column === "string" && plan.symbols.every((symbol) => symbol === undefined || symbol.length <= MAX_SYMBOL_BYTES))
          return this.#enum(id, plan);
        break;
      case "record":
        if (parts !== undefined && !plan.recursive) return plan.steps.map((step) => this.step(step, parts)).join("");
        break;
      default:
    }
    if (field.column === "object" && parts === undefined) return `${this.reader.read(plan, "v")}x${id}[r]=v;`;
    return this.#cell(to, plan);
  }

  #cell({ field: { index }, place }: Slot, plan: ReadPlan): string {
    return `${this.reader.read(plan, "v")}B.setPart(${place},${index},v);`;
  }

  /** Words of four bytes, the first and the second may overlap; up to three bytes are a word, too: the next text covers what is too much. */
  #string(id: string): string {
    return (
      `${this.reader.length("v")}${this.#room(id, "c")}` +
      `if(c>3&&c<=64){s=0;for(j=c-4;j>0;j-=4){v=d.getInt32(p+j,true);y${id}.setInt32(o+j,v,true);s|=v;}` +
      `v=d.getInt32(p,true);y${id}.setInt32(o,v,true);s=(s|v)&0x80808080;}` +
      `else if(c<4&&p<=l){v=d.getInt32(p,true);y${id}.setInt32(o,v,true);s=v&(1<<(c<<3))-1&0x80808080;}` +
      `else s=${this.#copy}(b,p,c,a${id}.bytes,o)&128;` +
      `if(s!==0){X.at=p;X.checkUtf8(c);w${id}.ascii=false;}p+=c;x${id}[r+1]=o+c;`
    );
  }

  /** Symbols are names, so their bytes are their characters. */
  #enum(id: string, { symbols }: ReadPlan & { readonly op: "enum" }): string {
    const words = Math.max(1, ...symbols.map((symbol) => Math.ceil((symbol?.length ?? 0) / 4)));
    const table = new Int32Array(symbols.length * words);
    symbols.forEach((symbol, at) => new Uint8Array(table.buffer).set(new TextEncoder().encode(symbol ?? ""), at * words * 4));
    const { constants } = this.reader;
    const [sizes, all] = [constants.add(symbols.map((symbol) => symbol?.length ?? -1)), constants.add(table)];
    const put = Array.from({ length: words }, (_, at) => `y${id}.setInt32(o+${4 * at},${all}[v*${words}+${at}],true);`);
    return (
      `${this.reader.varint("v")}c=${sizes}[v];if(!(c>=0))${this.reader.giveUp()}` +
      `${this.#room(id, String(4 * words))}${put.join("")}x${id}[r+1]=o+c;`
    );
  }

  /** Sets o; there is room for so many bytes and a word. */
  #room(id: string, bytes: string): string {
    return `o=x${id}[r];if(o+${bytes}>z${id})F(${bytes}+4);`;
  }
}

function hasNulls({ field, parts }: Slot): boolean {
  return field.optional && (field.column !== "object" || parts !== undefined);
}

/** Nothing, and in all parts of it. */
function absent(slot: Slot): string {
  const { field, id, parts } = slot;
  const nulls = hasNulls(slot) ? `n${id}[r]=1;` : "";
  if (parts !== undefined) return nulls + parts.map(absent).join("");
  if (field.column === "string") return `${nulls}x${id}[r+1]=x${id}[r];`;
  return `${nulls}x${id}[r]=${field.column === "object" ? "undefined" : "0"};`;
}
