// Writes rows of a batch as Avro records of a schema: from the columns to bytes, without a row object. The interpreter, and the generator of
// the same as one function. Fields are the schema's, in its order; each takes its column, or the default where the type has no such field.
import type { Batch } from "../batch.ts";
import { generateFunction } from "../code-generation.ts";
import type { StringColumn } from "../column.ts";
import { fieldColumns, stringAt, valueAt, type FieldColumn } from "../columns.ts";
import type { EncodeBuffer } from "../encode-buffer.ts";
import { rethrowInside } from "../json/value-reader.ts";
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
}

function cellsOf(type: RecordType, plan: WriteRecord): readonly Cell[] {
  const columns = new Map(fieldColumns(type).map((column) => [column.name, column]));
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
    return { column: columns.get(field.name), plan: field.plan, absent: field.absent, write: inField };
  });
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
  const code = new RowWriterCode(2 * ROOM * (cells.length + 1) + cells.reduce((sum, { absent }) => sum + (absent?.length ?? 0), 0));
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
    const { column, absent } = cell;
    if (column === undefined) return absent === undefined ? this.#call("undefined", cell) : this.#constant(absent);
    if (!column.optional || column.column === "object")
      return absent === undefined || !column.optional ? this.#present(cell, column, cell.plan) : this.#any(cell, column);
    return `if(C[${column.index}].nulls[r]===1){${absent === undefined ? this.#nothing(cell) : this.#constant(absent)}}else{${this.#present(cell, column, cell.plan)}}`;
  }

  #constant(bytes: Uint8Array): string {
    return `b.set(${this.constants.add(bytes)},p);p+=${bytes.length};`;
  }

  #nothing(cell: Cell): string {
    const { plan } = cell;
    return plan.op === "union" && plan.nothing >= 0 && plan.nothing < 64 ? `b[p++]=${plan.nothing * 2};` : this.#call("undefined", cell);
  }

  #any(cell: Cell, { index }: FieldColumn): string {
    return `v=C[${index}].values[r];if(v===undefined){${this.#constant(cell.absent!)}}else{${this.#call("v", cell)}}`;
  }

  #call(value: string, cell: Cell): string {
    return this.#callWriter(value, cell.column?.column === "object" ? (generateWriter(cell.plan) ?? cell.write) : cell.write);
  }

  #callWriter(value: string, write: AvroWrite): string {
    return `O.at=p;${this.constants.add(write)}(O,${value},1);O.ensure(${this.room});b=O.bytes;d=O.view;p=O.at;`;
  }

  #present(cell: Cell, column: FieldColumn, plan: WritePlan): string {
    const { index } = column;
    if (plan.op === "union") {
      const other = plan.branches.length === 2 && plan.nothing >= 0 ? 1 - plan.nothing : -1;
      return other < 0 || column.column === "object"
        ? this.#call(`${this.#value}(C[${index}],r)`, cell)
        : `b[p++]=${other * 2};${this.#present(cell, column, plan.branches[other]!)}`;
    }
    const other = `${this.#value}(C[${index}],r)`;
    const numeric = column.column === "f64" || column.column === "i32";
    switch (plan.op) {
      case "int":
        if (column.column === "i32") return `v=C[${index}].values[r];${this.#varint()}`;
        break;
      case "long":
        if (column.column === "i32") return `v=C[${index}].values[r];${this.#varint()}`;
        if (column.column === "f64")
          return `v=C[${index}].values[r];if(v===Math.floor(v)&&v<=9007199254740991&&v>=-9007199254740991){${this.#varint()}}else{${this.#call("v", cell)}}`;
        break;
      case "float":
      case "double":
        if (numeric)
          return plan.op === "float"
            ? `d.setFloat32(p,C[${index}].values[r],true);p+=4;`
            : `d.setFloat64(p,C[${index}].values[r],true);p+=8;`;
        break;
      case "boolean":
        if (column.column === "bool") return `b[p++]=C[${index}].values[r];`;
        break;
      case "string":
        if (column.column === "string") return this.#string(index);
        break;
      case "enum":
        if (column.column === "string")
          return `v=${this.#symbol}(C[${index}],r,${this.constants.add(symbolTable(plan.symbols))});if(v<0)${this.constants.add(wrong)}(${this.constants.add(plan.expected)},${other});${this.#varint()}`;
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

  #string(index: number): string {
    const ensure = `if(p+n+${this.room}>b.length){O.at=p;O.ensure(n+${this.room});b=O.bytes;d=O.view;}`;
    return (
      `w=C[${index}];if(w.values!==undefined){v=w.values[r];n=v.length*3;${ensure}p=${this.#text}(b,p,v);}` +
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
