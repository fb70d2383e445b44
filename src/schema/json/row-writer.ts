// Writes rows of a batch as JSON objects. The interpreter, and the generator of the fast writer: constant text becomes stores of bytes,
// numbers and strings go from the columns into the buffer without a JS value in between. Both write the same bytes.
import type { Batch } from "../batch.ts";
import { generateFunction } from "../code-generation.ts";
import { fieldColumns, valueAt, type FieldColumn } from "../columns.ts";
import type { EncodeBuffer } from "../encode-buffer.ts";
import { fieldPath } from "../schema-error.ts";
import type { TypeInfo } from "../type-info.ts";
import { rethrowInside } from "./value-reader.ts";
import { notWritable, putAscii, valueWriter, type ValueWriter } from "./value-writer.ts";
import { NUMBER_BYTES, STRING_BYTES_PER_UNIT, writeNumber, writeString, writeUtf8String } from "./write-text.ts";

type RecordType = TypeInfo & { readonly kind: "record" };

/** Appends row `row` to `out`. Throws SchemaError if JSON cannot hold it; what was written by then is to be dropped. */
export type RowWriter = (batch: Batch, row: number, out: EncodeBuffer) => void;

/** More fields make a function too large to be optimised well. */
const MAX_GENERATED_FIELDS = 64;
const encoder = new TextEncoder();

export function interpretRowWriter(type: RecordType): RowWriter {
  const fields = fieldColumns(type).map((field) => ({
    ...field,
    prefix: encoder.encode(`${JSON.stringify(field.name)}:`),
    write: inField(field, valueWriter(field.type!)),
  }));
  return (batch, row, out) => {
    let before = "{";
    for (const { index, optional, prefix, write } of fields) {
      const value = valueAt(batch.columns[index]!, row);
      if (value === undefined && optional) continue;
      putAscii(out, before);
      before = ",";
      out.ensure(prefix.length);
      out.bytes.set(prefix, out.at);
      out.at += prefix.length;
      write(out, value, 1);
    }
    putAscii(out, before === "{" ? "{}" : "}");
  };
}

function inField(field: FieldColumn, write: ValueWriter): ValueWriter {
  return (out, value, depth) => {
    try {
      write(out, value, depth);
    } catch (error) {
      rethrowInside(error, (rest) => fieldPath(field.name, rest));
    }
  };
}

/** undefined: too many fields. */
export function generateRowWriter(type: RecordType): RowWriter | undefined {
  const fields = fieldColumns(type);
  if (fields.length > MAX_GENERATED_FIELDS) return undefined;
  const fixed = fields.reduce((sum, field) => sum + encoder.encode(JSON.stringify(field.name)).length + 3 + NUMBER_BYTES, 4);
  const strings = fields.filter((field) => field.column === "string");
  const body = [
    `const C=B.columns;let n=${fixed},v=0,w=null,x="",f=123;`,
    ...strings.map((field) => sizeCode(field)),
    "O.ensure(n);let b=O.bytes,p=O.at;",
    ...fields.map((field) => fieldCode(field)),
    "if(f===123)b[p++]=123;b[p++]=125;O.at=p;",
  ].join("\n");
  const make = generateFunction<(...args: unknown[]) => RowWriter>(
    "json-writer",
    ["number", "string", "utf8", "object", "W", "bad"],
    `return function(B,r,O){${body}};`,
  );
  const writers = fields.map((field) => inField(field, valueWriter(field.type!)));
  const bad = (index: number, value: unknown): never => {
    try {
      return notWritable(fields[index]!.type!, value);
    } catch (error) {
      return rethrowInside(error, (rest) => fieldPath(fields[index]!.name, rest));
    }
  };
  return make(writeNumber, writeString, writeUtf8String, valueAt, writers, bad);
}

/** Adds the room that this row's string takes at worst. */
function sizeCode({ index }: FieldColumn): string {
  return `w=C[${index}];n+=${STRING_BYTES_PER_UNIT}*(w.values!==undefined?w.values[r].length:w.offsets[r+1]-w.offsets[r]);`;
}

/** `f`: "{" before the first field that is there, then ",". */
function fieldCode(field: FieldColumn): string {
  const name = [...encoder.encode(`${JSON.stringify(field.name)}:`)].map((byte, at) => `b[p+${at}]=${byte};`);
  const code = `b[p++]=f;f=44;${name.join("")}p+=${name.length};${valueCode(field)}`;
  if (!field.optional) return code;
  const present = field.column === "object" ? `(v=object(C[${field.index}],r))!==undefined` : `C[${field.index}].nulls[r]===0`;
  return `if(${present}){${code}}`;
}

function valueCode({ index, column, type, optional }: FieldColumn): string {
  switch (column) {
    case "f64": {
      const check = type!.kind === "double" ? "v-v===0" : "v===Math.floor(v)&&v<=9007199254740991&&v>=-9007199254740991";
      return `v=C[${index}].values[r];if(!(${check}))bad(${index},v);p=number(b,p,v);`;
    }
    case "i32":
      return `p=number(b,p,C[${index}].values[r]);`;
    case "bool":
      return `if(C[${index}].values[r]===1){b[p]=116;b[p+1]=114;b[p+2]=117;b[p+3]=101;p+=4;}else{b[p]=102;b[p+1]=97;b[p+2]=108;b[p+3]=115;b[p+4]=101;p+=5;}`;
    case "string":
      return `w=C[${index}];p=w.values!==undefined?string(b,p,w.values[r]):utf8(b,p,w.bytes,w.offsets[r],w.offsets[r+1]);`;
    case "object":
      return `O.at=p;W[${index}](O,${optional ? "v" : `object(C[${index}],r)`},1);O.ensure(n);b=O.bytes;p=O.at;`;
  }
}
