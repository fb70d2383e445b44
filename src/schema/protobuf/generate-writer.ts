// Generates writers of messages from plans: one function per record, plain fields inline, everything else by the interpreter's closures.
// Fields of a record come from a value or from columns. As the readers, the code holds numbers and positions only.
// Invariant: the same bytes as the interpreter's; whatever it refuses, it leaves to the interpreter to explain.
import { copyText } from "../avro/put-avro.ts";
import type { Batch } from "../batch.ts";
import { generateFunction } from "../code-generation.ts";
import { fieldColumns, valueAt, type FieldColumn } from "../columns.ts";
import type { EncodeBuffer } from "../encode-buffer.ts";
import { fieldValue, isInheritedName } from "../field-value.ts";
import { MAX_DEPTH } from "../mismatch.ts";
import { Constants } from "../record-code.ts";
import type { TypeInfo } from "../type-info.ts";
import { GIVEN_UP } from "./generate-reader.ts";
import { namedWriter, type ProtoWrite } from "./interpret-writer.ts";
import { protoTextInto, sizeInto, varintInto } from "./put-proto.ts";
import type { WriteElement, WriteField } from "./write-plan.ts";

type RecordElement = WriteElement & { readonly op: "record" };

const MAX_FIELDS = 200;
/** Of a tag, a number or a length, and an instant. */
const ROOM = 32;

/** undefined: the plan is too large. */
export function generateWriter(plan: RecordElement): ProtoWrite | undefined {
  const code = new WriterCode();
  const name = code.record(plan);
  if (code.fields > MAX_FIELDS) return undefined;
  return made<ProtoWrite>("protobuf-writer", code, `return ${name};`);
}

/** Writes a row. undefined: the plan is too large. */
export function generateRowWriter(
  type: TypeInfo,
  plan: RecordElement,
): ((batch: Batch, row: number, out: EncodeBuffer) => void) | undefined {
  const code = new WriterCode();
  const body = code.row(plan, fieldColumns(type));
  return code.fields > MAX_FIELDS ? undefined : made("protobuf-row-writer", code, `return ${body};`);
}

function made<F>(name: string, { constants, functions }: WriterCode, body: string): F {
  return generateFunction<(...values: unknown[]) => F>(name, constants.names(), functions.join("\n") + body)(...constants.values);
}

/** Local names: O buffer, V the record, D its depth, b bytes, d their view, p position, v a value, w a column, n a length. */
class WriterCode {
  readonly constants = new Constants();
  readonly functions: string[] = [];
  fields = 0;
  readonly #giveUp = `throw ${this.constants.add(GIVEN_UP)};`;
  readonly #varint = this.constants.add(varintInto);
  readonly #size = this.constants.add(sizeInto);
  readonly #text = this.constants.add(protoTextInto);
  readonly #copy = this.constants.add(copyText);
  readonly #field = this.constants.add(fieldValue);
  #names = 0;

  /** The name of a function that writes the content of a record. */
  record({ fields }: RecordElement): string {
    const name = `w${this.#names++}`;
    this.fields += fields.length;
    if (this.fields > MAX_FIELDS) return name;
    const room = ROOM * (fields.length + 1);
    const code = fields.map((field) => {
      const key = this.constants.add(field.name);
      const get = isInheritedName(field.name) ? `v=${this.#field}(V,${key});` : `v=V[${key}];`;
      return get + this.#present(field, room);
    });
    const check = `if(V===null||typeof V!=="object"||Array.isArray(V)||V instanceof Map||D>=${MAX_DEPTH})${this.#giveUp}`;
    this.functions.push(`function ${name}(O,V,D){${check}${start(room)}\n${code.join("\n")}\nO.at=p;}`);
    return name;
  }

  /** A function that writes a row. */
  row({ fields }: RecordElement, columns: readonly FieldColumn[]): string {
    this.fields += fields.length;
    const room = ROOM * (fields.length + 1);
    const code = fields.map((field) => this.#cell(field, columns[field.slot]!, room));
    return `function(B,r,O){const C=B.columns,D=0;let w,n=0;${start(room)}\n${code.join("\n")}\nO.at=p;}`;
  }

  #cell(field: WriteField, { column, index, optional }: FieldColumn, room: number): string {
    const { element, shape } = field;
    if (column === "object") return `v=${this.constants.add(valueAt)}(C[${index}],r);${this.#present(field, room)}`;
    const isPlain = shape === "one" && this.#isInline(element);
    const other = `v=${this.constants.add(valueAt)}(w,r);${isPlain ? this.#value(field, room) : this.#call(field, room)}`;
    let code = `w=C[${index}];`;
    if (column === "string" && isPlain && element.op === "leaf")
      code += `if(w.values!==undefined){${other}}else{${this.#bytes(field, room)}}`;
    else if (column === "string" || !isPlain) code += other;
    else code += `v=w.values[r]${column === "bool" ? "===1" : ""};${this.#value(field, room)}`;
    return optional ? `if(C[${index}].nulls[r]===0){${code}}` : code;
  }

  /** A string from a column's bytes: it fits its type, or it would not be there. */
  #bytes({ tag, implicit }: WriteField, room: number): string {
    const write =
      `${this.#ensure("n", room)}${this.#tag(tag)}if(n<128)b[p++]=n;else p=${this.#varint}(b,p,n);` +
      `${this.#copy}(w.bytes,v,n,b,p);p+=n;`;
    return `v=w.offsets[r];n=w.offsets[r+1]-v;${implicit ? `if(n>0){${write}}` : write}`;
  }

  /** Room for so many bytes and then for the fixed part. */
  #ensure(bytes: string, room: number): string {
    return `if(p+${bytes}+${room}>b.length){O.at=p;O.ensure(${bytes}+${room});b=O.bytes;d=O.view;}`;
  }

  #after(room: number): string {
    return `O.ensure(${room});b=O.bytes;d=O.view;p=O.at;`;
  }

  #tag(tag: Uint8Array): string {
    return [...tag].map((byte) => `b[p++]=${byte};`).join("");
  }

  /** v, if it is there. */
  #present(field: WriteField, room: number): string {
    const { optional, shape, element } = field;
    const isInline = this.#isInline(element) && (shape === "one" || shape === "repeated");
    if (!isInline) return this.#call(field, room);
    const absent = optional ? "" : `else ${this.#giveUp}`;
    return `if(v!==undefined&&v!==null){${shape === "one" ? this.#value(field, room) : this.#items(field, room)}}${absent}`;
  }

  /** By the interpreter: undefined, too. */
  #call(field: WriteField, room: number): string {
    return `O.at=p;${this.constants.add(namedWriter(field))}(O,v,D+1);${this.#after(room)}`;
  }

  #isInline(element: WriteElement): boolean {
    if (element.op === "record") return true;
    if (element.op === "instant") return element.type.kind !== "bigint";
    if (element.op !== "leaf") return false;
    const { type, scalar } = element;
    switch (type.kind) {
      case "string":
      case "literal":
        return scalar === "string";
      case "int":
        return scalar === "int32" || scalar === "int64";
      case "long":
      case "timestamp":
        return scalar === "int64";
      case "double":
        return scalar === "double" || scalar === "float";
      case "boolean":
        return scalar === "bool";
      default:
        return false;
    }
  }

  /** v with its tag; what is zero is left out where it may be. */
  #value({ element, tag, endTag, implicit }: WriteField, room: number): string {
    const check = this.#check(element);
    const write = this.#tagged(element, tag, endTag, room, 1);
    if (!implicit || element.op !== "leaf") return check + write;
    const { kind } = element.type;
    const zero = kind === "boolean" ? "v" : kind === "string" || kind === "literal" ? `v!==""` : "v!==0||1/v<0";
    return `${check}if(${zero}){${write}}`;
  }

  #items({ element, tag, endTag, packed }: WriteField, room: number): string {
    const [array, index, from] = [`a${this.#names}`, `i${this.#names}`, `q${this.#names++}`];
    const each = this.#check(element) + (packed ? this.#content(element, room) : this.#tagged(element, tag, endTag, room, 2));
    const loop = `for(let ${index}=0;${index}<${array}.length;${index}++){v=${array}[${index}];${this.#ensure("0", room)}${each}}`;
    const items = packed
      ? `if(${array}.length>0){${this.#tag(tag)}const ${from}=p++;${loop}${this.#ensure("0", room)}p=${this.#size}(b,${from},p);}`
      : loop;
    return `if(!Array.isArray(v)||D>=${MAX_DEPTH - 1})${this.#giveUp}const ${array}=v;${items}${this.#ensure("0", room)}`;
  }

  /** `depth`: below the record's. */
  #tagged(element: WriteElement, tag: Uint8Array, endTag: Uint8Array | undefined, room: number, depth: number): string {
    if (element.op === "leaf") return this.#tag(tag) + this.#content(element, room);
    const content = element.op === "record" ? this.#nested(element, room, depth) : this.#content(element, room);
    if (endTag !== undefined) return this.#tag(tag) + content + this.#tag(endTag);
    const from = `q${this.#names++}`;
    return `${this.#tag(tag)}const ${from}=p++;${content}if(p-${from}<129)b[${from}]=p-${from}-1;else p=${this.#size}(b,${from},p);`;
  }

  #nested(element: RecordElement, room: number, depth: number): string {
    return `O.at=p;${this.record(element)}(O,v,D+${depth});${this.#after(room)}`;
  }

  #check(element: WriteElement): string {
    switch (element.type.kind) {
      case "string":
        return `if(typeof v!=="string")${this.#giveUp}`;
      case "literal":
        return `if(!${this.constants.add(new Set(element.type.values))}.has(v))${this.#giveUp}`;
      case "int":
        return `if(typeof v!=="number"||v!==(v|0))${this.#giveUp}`;
      case "long":
      case "timestamp":
        return `if(!Number.isSafeInteger(v))${this.#giveUp}`;
      case "double":
        return `if(typeof v!=="number")${this.#giveUp}`;
      case "boolean":
        return `if(typeof v!=="boolean")${this.#giveUp}`;
      default:
        return "";
    }
  }

  /** v, checked, without a tag. */
  #content(element: WriteElement, room: number): string {
    if (element.op === "instant") {
      const { units } = element;
      const integer = `if(v<128)b[p++]=v;else p=${this.#varint}(b,p,v);`;
      return (
        `{const i=Math.floor(v/${units}),j=(v-i*${units})*${1e9 / units};` +
        `if(i!==0){b[p++]=8;v=i;p=${this.#varint}(b,p,v);}if(j!==0){b[p++]=16;v=j;${integer}}}`
      );
    }
    if (element.op !== "leaf") return "";
    switch (element.scalar) {
      case "double":
        return `d.setFloat64(p,v,true);p+=8;`;
      case "float":
        return `d.setFloat32(p,v,true);p+=4;`;
      case "bool":
        return `b[p++]=v?1:0;`;
      case "string":
        return `${this.#ensure("v.length*3", room)}p=${this.#text}(b,p,v);`;
      default:
        return `if(v>=0&&v<128)b[p++]=v;else p=${this.#varint}(b,p,v);`;
    }
  }
}

function start(room: number): string {
  return `O.ensure(${room});let b=O.bytes,d=O.view,p=O.at,v;`;
}
