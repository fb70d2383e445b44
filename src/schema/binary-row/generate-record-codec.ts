// Generates the binary codec of a record's objects: one function that checks and writes, one that reads and makes the object in one
// literal. The same bytes as the interpreter's (value-codec.ts). Names appear as escaped string literals, "__proto__" as a computed one.
import { generateFunction } from "../code-generation.ts";
import { fieldValue, isInheritedName } from "../field-value.ts";
import { fitsScalar, mismatchOf } from "../mismatch.ts";
import { SchemaError } from "../schema-error.ts";
import type { FieldInfo, TypeInfo } from "../type-info.ts";
import { bitmapBytes, recordCodec, valueCodec, type ValueCodec } from "./value-codec.ts";
import { putText } from "./write-binary.ts";

type RecordType = TypeInfo & { readonly kind: "record" };

interface Part {
  readonly field: FieldInfo;
  readonly index: number;
  /** Without the optional around it. */
  readonly type: TypeInfo;
  /** Bit in the bitmap of absent fields; −1: not optional. */
  readonly bit: number;
}

/** More fields make functions too large to be optimised well. */
const MAX_GENERATED_FIELDS = 64;

/** `write` checks the value and throws SchemaError, unlike the interpreter's. */
export function generateRecordCodec(type: RecordType): ValueCodec {
  if (type.fields.length === 0 || type.fields.length > MAX_GENERATED_FIELDS) return checkedRecordCodec(type);
  const parts = partsOf(type);
  const nested = parts.map((part) => (isPlain(part.type) ? undefined : valueCodec(part.type, generateRecordCodec)));
  const fits = parts.map((part) => (value: unknown) => mismatchOf(part.type, value, 1) === undefined);
  const bad = (value: unknown): never => {
    throw new SchemaError(mismatchOf(type, value) ?? { path: "", expected: `record ${type.name}`, got: "something else" });
  };
  const literals = parts.map((part) => (value: unknown) => fitsScalar(part.type, value));
  const make = generateFunction<(...args: unknown[]) => ValueCodec>(
    "binary-row",
    ["N", "fits", "literal", "bad", "text", "field"],
    `return{write(O,V){${writeBody(type, parts)}},read(X){${readBody(type, parts)}}};`,
  );
  return make(nested, fits, literals, bad, putText, fieldValue);
}

export function checkedRecordCodec(type: RecordType): ValueCodec {
  const { write, read } = recordCodec(type);
  return {
    write(out, value) {
      const mismatch = mismatchOf(type, value);
      if (mismatch !== undefined) throw new SchemaError(mismatch);
      write(out, value);
    },
    read,
  };
}

function partsOf(type: RecordType): readonly Part[] {
  let bits = 0;
  return type.fields.map((field, index) =>
    field.type.kind === "optional" ? { field, index, type: field.type.of, bit: bits++ } : { field, index, type: field.type, bit: -1 },
  );
}

function isPlain(type: TypeInfo): boolean {
  return ["string", "literal", "decimal", "int", "long", "timestamp", "double", "boolean", "bigint"].includes(type.kind);
}

/** Room that is ensured before each field: its own and that of the fixed-size fields after it. */
const FIXED_BYTES = 8;

function writeBody(type: RecordType, parts: readonly Part[]): string {
  const bitmap = bitmapBytes(type);
  const room = bitmap + parts.length * FIXED_BYTES;
  return [
    'if(typeof V!=="object"||V===null||Array.isArray(V)||V instanceof Map)bad(V);',
    `O.ensure(${room});let v;${bitmap > 0 ? `const z=O.at;O.bytes.fill(0,z,z+${bitmap});O.at+=${bitmap};` : ""}`,
    ...parts.map((part) => writeField(part, room)),
  ].join("\n");
}

function writeField(part: Part, room: number): string {
  const { name } = part.field;
  const get = isInheritedName(name) ? `v=field(V,${JSON.stringify(name)});` : `v=V[${JSON.stringify(name)}];`;
  const write = writeValue(part, room);
  if (part.bit < 0) return get + write;
  return `${get}if(v===undefined||v===null)O.bytes[z+${part.bit >> 3}]|=${1 << (part.bit & 7)};else{${write}}`;
}

function writeValue({ type, index }: Part, room: number): string {
  const float = "O.view.setFloat64(O.at,v,true);O.at+=8;";
  switch (type.kind) {
    case "double":
      return `if(typeof v!=="number")bad(V);${float}`;
    case "long":
    case "timestamp":
      return `if(!Number.isSafeInteger(v))bad(V);${float}`;
    case "int":
      return `if(typeof v!=="number"||v!==(v|0))bad(V);O.view.setInt32(O.at,v,true);O.at+=4;`;
    case "boolean":
      return `if(typeof v!=="boolean")bad(V);O.bytes[O.at++]=v?1:0;`;
    case "string":
      return `if(typeof v!=="string")bad(V);text(O,v,${room});`;
    case "literal":
    case "decimal":
      return `if(!literal[${index}](v))bad(V);text(O,v,${room});`;
    case "bigint":
      return `if(!literal[${index}](v))bad(V);O.view.setBigInt64(O.at,v,true);O.at+=8;`;
    default:
      return `if(!fits[${index}](v))bad(V);N[${index}].write(O,v);O.ensure(${room});`;
  }
}

function readBody(type: RecordType, parts: readonly Part[]): string {
  const bitmap = bitmapBytes(type);
  const values = parts.map((part) => {
    const read = readValue(part);
    const value = part.bit < 0 ? read : `(X.bytes[z+${part.bit >> 3}]&${1 << (part.bit & 7)})!==0?undefined:${read}`;
    return `const f${part.index}=${value};`;
  });
  const members = parts.map(({ field, index }) => `${field.name === "__proto__" ? '["__proto__"]' : JSON.stringify(field.name)}:f${index}`);
  return `${bitmap > 0 ? `const z=X.take(${bitmap});` : ""}${values.join("")}return{${members.join(",")}};`;
}

function readValue({ type, index }: Part): string {
  switch (type.kind) {
    case "double":
    case "long":
    case "timestamp":
      return "X.float64()";
    case "int":
      return "X.int32()";
    case "boolean":
      return "X.byte()!==0";
    case "string":
    case "literal":
    case "decimal":
      return "X.text()";
    case "bigint":
      return "X.int64()";
    default:
      return `N[${index}].read(X)`;
  }
}
