// Generates the fast reader of one JSON object into columns: fields in the order of the schema, no white space but one blank after "," and
// ":", numbers of at most 15 digits, strings of plain ASCII. Whatever else it meets it leaves to the interpreter: one value by field(), an
// unknown member by skipUnknown(), the whole row by returning −1. Names appear in the code only as byte values.
// Invariant: what it accepts, the interpreter reads alike.
import type { Arena, BatchBuilder } from "../batch-builder.ts";
import type { Column } from "../column.ts";
import { generateFunction } from "../code-generation.ts";
import { fieldColumns, type FieldColumn } from "../columns.ts";
import type { TypeInfo } from "../type-info.ts";
import type { RowReader } from "./row-reader.ts";
import { POWERS_OF_TEN, type JsonScanner } from "./scanner.ts";

/** Reads at [at, end); returns the position after the object, or −1: the interpreter must read the row. */
export type FastRowReader = (
  scanner: JsonScanner,
  builder: BatchBuilder,
  columns: readonly Column[],
  arenas: readonly (Arena | undefined)[],
  row: number,
  bytes: Uint8Array,
  at: number,
  end: number,
) => number;

const PARAMETERS = ["s", "B", "C", "A", "r", "b", "p", "e"];
const MAX_LITERALS = 8;
const encoder = new TextEncoder();

/** More fields make a function too large to be optimised well. */
export const MAX_GENERATED_FIELDS = 64;

export function generateRowReader(type: TypeInfo & { readonly kind: "record" }, reader: RowReader): FastRowReader | undefined {
  const fields = fieldColumns(type);
  if (fields.length === 0 || fields.length > MAX_GENERATED_FIELDS) return undefined;
  const body = [
    "let c=0,d=0,v=0,q=0,f=0,o=0,g=0,m=0,w=null,k=null;",
    "if(b[p]!==123)return -1;p++;",
    ...fields.map((field) => fieldCode(field)),
    `while(m!==0){${skipUnknown}}`,
    "if(b[p]!==125)return -1;p++;",
    "return p<=e?p:-1;",
  ].join("\n");
  const make = generateFunction<(reader: RowReader, powers: readonly number[]) => FastRowReader>(
    "json-reader",
    ["R", "P"],
    `return function(${PARAMETERS.join(",")}){${body}};`,
  );
  return make(reader, POWERS_OF_TEN);
}

/** `m` is 1 after a comma until a field is found: "{…,}" must not pass. */
function fieldCode(field: FieldColumn): string {
  const name = encoder.encode(`${JSON.stringify(field.name)}:`);
  const found = `${matches("p", name)}`;
  const value = `p+=${name.length};if(b[p]===32)p++;m=0;${valueCode(field)}c=b[p];if(c===44){m=1;p++;if(b[p]===32)p++;}else if(c!==125)return -1;`;
  return field.optional ? `if(${found}){${value}}else{${absentCode(field)}}` : `while(!(${found})){${skipUnknown}}${value}`;
}

/** The interpreter skips a member that the schema does not know; −1 if it does know it. */
const skipUnknown = "p=R.skipUnknown(s,p);if(p<0)return -1;m=b[p]===125?0:1;";

function matches(at: string, bytes: Uint8Array): string {
  return [...bytes].map((byte, index) => `b[${at}+${index}]===${byte}`).join("&&");
}

/** The interpreter reads this value, which begins at `from`. */
function leave(field: FieldColumn, from: string): string {
  return `s.at=${from};R.field(${field.index},s,B);p=s.at;`;
}

function present(field: FieldColumn): string {
  return field.optional ? `C[${field.index}].nulls[r]=0;` : "";
}

function absentCode({ index, column }: FieldColumn): string {
  switch (column) {
    case "object":
      return `B.setCell(${index},undefined);`;
    case "string":
      return `w=C[${index}];w.nulls[r]=1;w.offsets[r+1]=w.offsets[r];`;
    default:
      return `w=C[${index}];w.nulls[r]=1;w.values[r]=0;`;
  }
}

function valueCode(field: FieldColumn): string {
  switch (field.type!.kind) {
    case "double":
      return numberCode(field, true);
    case "long":
    case "timestamp":
    case "int":
      return numberCode(field, false);
    case "boolean":
      return booleanCode(field);
    case "string":
      return stringCode(field);
    case "literal":
      return literalCode(field, field.type!.values);
    default:
      return leave(field, "p");
  }
}

function numberCode(field: FieldColumn, fraction: boolean): string {
  const integer = field.type!.kind === "int";
  const store = `${present(field)}C[${field.index}].values[r]=${fraction ? "g===0?v:-v" : "g===0?v:0-v"};`;
  const inRange = integer ? "&&v<=2147483647" : "";
  const digits = "while((d=b[p]-48)>=0&&d<=9){v=v*10+d;p++;}";
  const plain = `c!==46&&(c|32)!==101${inRange}`;
  const withFraction = `if(c===46&&p-f<=14){q=++p;${digits}d=p-q;if(d!==0&&p-f<=16&&((c=b[p])|32)!==101){v=v/P[d];${store}}else{${leave(field, "o")}}}`;
  return [
    "o=p;g=0;v=0;if(b[p]===45){g=1;p++;}f=p;",
    digits,
    "c=b[p];d=p-f;",
    `if(d>0&&d<=15&&(d===1||b[f]!==48)&&${plain}){${store}}`,
    fraction ? `else if(d>0&&(d===1||b[f]!==48)){${withFraction}else{${leave(field, "o")}}}` : "",
    `else{${leave(field, "o")}}`,
  ].join("");
}

function booleanCode(field: FieldColumn): string {
  const set = (value: number): string => `${present(field)}C[${field.index}].values[r]=${value};`;
  const isTrue = matches("p", encoder.encode("true"));
  const isFalse = matches("p", encoder.encode("false"));
  return `if(${isTrue}){p+=4;${set(1)}}else if(${isFalse}){p+=5;${set(0)}}else{${leave(field, "p")}}`;
}

/** Copies byte by byte into the arena, which has room for the whole document. A string with anything but plain ASCII is left. */
function stringCode(field: FieldColumn): string {
  return [
    `if(b[p]!==34){${leave(field, "p")}}else{`,
    `q=p;w=C[${field.index}];k=A[${field.index}].bytes;o=w.offsets[r];p++;`,
    "while(p<e&&(c=b[p])!==34&&c>=32&&c!==92&&c<128){k[o++]=c;p++;}",
    `if(c===34&&p<e){p++;${present(field)}w.offsets[r+1]=o;}else{${leave(field, "q")}}}`,
  ].join("");
}

function literalCode(field: FieldColumn, values: readonly string[]): string {
  const plain = values.every((value) => /^[\x20-\x7e]*$/.test(value) && !/["\\]/.test(value));
  if (!plain || values.length > MAX_LITERALS) return leave(field, "p");
  const cases = values.map((value) => {
    const quoted = encoder.encode(`"${value}"`);
    const copy = [...quoted.subarray(1, -1)].map((byte, index) => `k[o+${index}]=${byte};`).join("");
    const store = `w=C[${field.index}];k=A[${field.index}].bytes;o=w.offsets[r];${copy}${present(field)}w.offsets[r+1]=o+${value.length};`;
    return `if(${matches("p", quoted)}){p+=${quoted.length};${store}}else`;
  });
  return `${cases.join(" ")}{${leave(field, "p")}}`;
}
