// Writes rows of a batch as Avro records of a schema: from the columns, also of nested records, to bytes, without an object. The interpreter, and the generator of
// the same as one function. Fields are the schema's, in its order; each takes its column, or the default where the type has no such field.
import type { Batch } from "../batch.ts";
import { generateFunction } from "../code-generation.ts";
import type { StringColumn } from "../column.ts";
import { fieldColumns, stringAt, valueAt, type FieldColumn } from "../columns.ts";
import type { EncodeBuffer } from "../encode-buffer.ts";
import { rethrowInside } from "../json/value-reader.ts";
import { isNested } from "../nested-columns.ts";
import { fieldPath } from "../schema-error.ts";
import type { TypeInfo } from "../type-info.ts";
import { Constants } from "../record-code.ts";
import { generateWriter } from "./generate-writer.ts";
import { interpretWriter, type AvroWrite, type WritersByRecord } from "./interpret-writer.ts";
import { copyText, longInto, textInto } from "./put-avro.ts";
import { wrong, type WritePlan, type WriteRecord } from "./write-plan.ts";

type RecordType = TypeInfo & { readonly kind: "record" };

export type AvroRowWrite = (batch: Batch, row: number, out: EncodeBuffer) => void;

interface Cell {
  /** undefined: the type has no such field, and `absent` is written. */
  readonly column: FieldColumn | undefined;
  readonly plan: WritePlan;
  readonly absent: Uint8Array | undefined;
  readonly write: AvroWrite;
  /** The column in generated code. */
  readonly at: string;
  /** Of the value. */
  readonly depth: number;
  /** Of a nested record that may be kept in columns. */
  readonly parts: Parts | undefined;
}

interface Parts {
  /** The branch before it; −1: no union. */
  readonly branch: number;
  readonly columns: string;
  readonly cells: readonly Cell[];
}

/** `columns`: of the record, in generated code. */
function cellsOf(type: RecordType, plan: WriteRecord, columns = "C", depth = 1): readonly Cell[] {
  const byName = new Map(fieldColumns(type).map((column) => [column.name, column]));
  const records: WritersByRecord = new Map();
  return plan.fields.map((field) => {
    const write = interpretWriter(field.plan, records);
    const inField: AvroWrite = (out, value, depth) => {
      try {
        write(out, value, depth);
      } catch (error) {
        rethrowInside(error, (rest) => fieldPath(field.name, rest));
      }
    };
    const column = byName.get(field.name);
    const parts = column === undefined ? undefined : partsOf(column, field.plan, `${columns}_${column.index}`, depth + 1);
    return { column, plan: field.plan, absent: field.absent, write: inField, at: `${columns}[${column?.index}]`, depth, parts };
  });
}

function partsOf(column: FieldColumn, plan: WritePlan, columns: string, depth: number): Parts | undefined {
  if (!isNested(column)) return undefined;
  const branch = plan.op === "union" && plan.branches.length === 2 && plan.nothing >= 0 ? 1 - plan.nothing : -1;
  const record = plan.op === "union" ? plan.branches[branch] : plan;
  return record?.op === "record" ? { branch, columns, cells: cellsOf(column.type, record, columns, depth) } : undefined;
}

function allOf(cells: readonly Cell[]): readonly Cell[] {
  return cells.flatMap((cell) => [cell, ...allOf(cell.parts?.cells ?? [])]);
}

export function interpretRowWriter(type: RecordType, plan: WriteRecord): AvroRowWrite {
  const cells = cellsOf(type, plan);
  return (batch, row, out) => {
    for (const { column, absent, write } of cells) {
      const value = column === undefined ? undefined : valueAt(batch.columns[column.index]!, row);
      if (value === undefined && absent !== undefined) putConstant(out, absent);
      else write(out, value, 1);
    }
  };
}

function putConstant(out: EncodeBuffer, bytes: Uint8Array): void {
  out.ensure(bytes.length);
  out.bytes.set(bytes, out.at);
  out.at += bytes.length;
}

const MAX_FIELDS = 64;
const ROOM = 10;

/** undefined: too many fields. */
export function generateRowWriter(type: RecordType, plan: WriteRecord): AvroRowWrite | undefined {
  if (plan.fields.length > MAX_FIELDS) return undefined;
  const cells = cellsOf(type, plan);
  const all = allOf(cells);
  const code = new RowWriterCode(2 * ROOM * (all.length + 1) + all.reduce((sum, { absent }) => sum + (absent?.length ?? 0), 0));
  const lines = cells.map((cell) => code.cell(cell));
  const body =
    `return function(B,r,O){const C=B.columns;O.ensure(${code.room});let b=O.bytes,d=O.view,p=O.at,v,w,n=0;\n` +
    `${lines.join("\n")}\nO.at=p;};`;
  return generateFunction<(...values: unknown[]) => AvroRowWrite>(
    "avro-row-writer",
    code.constants.names(),
    body,
  )(...code.constants.values);
}

/** Local names: b bytes, d their view, p position, v a value, w a column, n a length. */
class RowWriterCode {
  readonly constants = new Constants();
  readonly room: number;
  readonly #long = this.constants.add(longInto);
  readonly #text = this.constants.add(textInto);
  readonly #copy = this.constants.add(copyText);
  readonly #symbol = this.constants.add(symbolOf);
  readonly #value = this.constants.add(valueAt);

  constructor(room: number) {
    this.room = room;
  }

  cell(cell: Cell): string {
    const { column, absent, at, parts } = cell;
    if (column === undefined) return absent === undefined ? this.#call("undefined", cell) : this.#constant(absent);
    if (column.column === "object") {
      const whole = column.optional && absent !== undefined ? this.#any(cell) : this.#present(cell, column, cell.plan);
      return parts === undefined ? whole : `if(${at}.values!==undefined){${whole}}else{${this.#parts(cell, column, parts)}}`;
    }
    if (!column.optional) return this.#present(cell, column, cell.plan);
    return this.#unlessAbsent(cell, this.#present(cell, column, cell.plan));
  }

  #unlessAbsent(cell: Cell, present: string): string {
    return `if(${cell.at}.nulls[r]===1){${cell.absent === undefined ? this.#nothing(cell) : this.#constant(cell.absent)}}else{${present}}`;
  }

  #parts(cell: Cell, { optional }: FieldColumn, { branch, columns, cells }: Parts): string {
    const before = branch < 0 ? "" : `b[p++]=${branch * 2};`;
    const all = `${before}const ${columns}=${cell.at}.parts.columns;${cells.map((each) => this.cell(each)).join("")}`;
    return optional ? this.#unlessAbsent(cell, all) : all;
  }

  #constant(bytes: Uint8Array): string {
    return `b.set(${this.constants.add(bytes)},p);p+=${bytes.length};`;
  }

  #nothing(cell: Cell): string {
    const { plan } = cell;
    return plan.op === "union" && plan.nothing >= 0 && plan.nothing < 64 ? `b[p++]=${plan.nothing * 2};` : this.#call("undefined", cell);
  }

  #any(cell: Cell): string {
    return `v=${this.#value}(${cell.at},r);if(v===undefined){${this.#constant(cell.absent!)}}else{${this.#call("v", cell)}}`;
  }

  #call(value: string, cell: Cell): string {
    const write = cell.column?.column === "object" ? (generateWriter(cell.plan) ?? cell.write) : cell.write;
    return `O.at=p;${this.constants.add(write)}(O,${value},${cell.depth});O.ensure(${this.room});b=O.bytes;d=O.view;p=O.at;`;
  }

  #present(cell: Cell, column: FieldColumn, plan: WritePlan): string {
    const { at } = cell;
    if (plan.op === "union") {
      const other = plan.branches.length === 2 && plan.nothing >= 0 ? 1 - plan.nothing : -1;
      return other < 0 || column.column === "object"
        ? this.#call(`${this.#value}(${at},r)`, cell)
        : `b[p++]=${other * 2};${this.#present(cell, column, plan.branches[other]!)}`;
    }
    const other = `${this.#value}(${at},r)`;
    const numeric = column.column === "f64" || column.column === "i32";
    switch (plan.op) {
      case "int":
        if (column.column === "i32") return `v=${at}.values[r];${this.#varint()}`;
        break;
      case "long":
        if (column.column === "i32") return `v=${at}.values[r];${this.#varint()}`;
        if (column.column === "f64")
          return `v=${at}.values[r];if(v===Math.floor(v)&&v<=9007199254740991&&v>=-9007199254740991){${this.#varint()}}else{${this.#call("v", cell)}}`;
        break;
      case "float":
      case "double":
        if (numeric)
          return plan.op === "float" ? `d.setFloat32(p,${at}.values[r],true);p+=4;` : `d.setFloat64(p,${at}.values[r],true);p+=8;`;
        break;
      case "boolean":
        if (column.column === "bool") return `b[p++]=${at}.values[r];`;
        break;
      case "string":
        if (column.column === "string") return this.#string(at);
        break;
      case "enum":
        if (column.column === "string")
          return `v=${this.#symbol}(${at},r,${this.constants.add(symbolTable(plan.symbols))});if(v<0)${this.constants.add(wrong)}(${this.constants.add(plan.expected)},${other});${this.#varint()}`;
        break;
      default:
    }
    return this.#callPlan(other, cell, plan);
  }

  /** Inside a union's branch the branch's own writer is wanted, not the cell's. */
  #callPlan(value: string, cell: Cell, plan: WritePlan): string {
    return this.#call(value, plan === cell.plan ? cell : { ...cell, plan, write: interpretWriter(plan) });
  }

  #varint(): string {
    return `if(v>=-64&&v<64)b[p++]=(v<<1)^(v>>31);else p=${this.#long}(b,p,v);`;
  }

  #string(at: string): string {
    const ensure = `if(p+n+${this.room}>b.length){O.at=p;O.ensure(n+${this.room});b=O.bytes;d=O.view;}`;
    return (
      `w=${at};if(w.values!==undefined){v=w.values[r];n=v.length*3;${ensure}p=${this.#text}(b,p,v);}` +
      `else{v=w.offsets[r];n=w.offsets[r+1]-v;${ensure}if(n<64)b[p++]=n<<1;else p=${this.#long}(b,p,n);${this.#copy}(w.bytes,v,n,b,p);p+=n;}`
    );
  }
}

interface SymbolTable {
  readonly byText: ReadonlyMap<string, number>;
  readonly bytes: readonly Uint8Array[];
  readonly indexes: readonly number[];
}

function symbolTable(symbols: ReadonlyMap<string, number>): SymbolTable {
  return { byText: symbols, bytes: [...symbols.keys()].map((symbol) => new TextEncoder().encode(symbol)), indexes: [...symbols.values()] };
}

/** The number of a symbol; −1: none of them. */
function symbolOf(column: StringColumn, row: number, { byText, bytes, indexes }: SymbolTable): number {
  if (column.values !== undefined) return byText.get(column.values[row]!) ?? -1;
  if (bytes.length > 16) return byText.get(stringAt(column, row)) ?? -1;
  const from = column.offsets![row]!;
  const length = column.offsets![row + 1]! - from;
  const all = column.bytes!;
  for (let index = 0; index < bytes.length; index++) {
    const symbol = bytes[index]!;
    let at = symbol.length === length ? 0 : length + 1;
    while (at < length && all[from + at] === symbol[at]) at++;
    if (at === length) return indexes[index]!;
  }
  return -1;
}
