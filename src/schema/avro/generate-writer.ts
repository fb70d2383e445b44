// Generates writers of records from plans: one function per record, primitives inline, everything else by closures. As the readers, the
// code holds positions only. Invariant: the same bytes as the interpreter's; whatever it refuses, it leaves to the interpreter to explain.
import { generateFunction } from "../code-generation.ts";
import { MAX_DEPTH } from "../mismatch.ts";
import { fieldValue, isInheritedName } from "../field-value.ts";
import { Constants } from "../record-code.ts";
import { GIVEN_UP } from "./generate-reader.ts";
import { branchChooser, interpretWriter, type AvroWrite, type WritersByRecord } from "./interpret-writer.ts";
import { longInto, textInto } from "./put-avro.ts";
import { shapeOf, takesShape, type WriteField, type WritePlan, type WriteRecord } from "./write-plan.ts";

const MAX_FIELDS = 200;
/** Of a number, a length, a branch. */
const ROOM = 10;

/** undefined: too large. What it writes is at the depth that it is told. */
export function generateWriter(plan: WritePlan): AvroWrite | undefined {
  const generator = new WriterCode();
  const name = plan.op === "record" ? generator.record(plan) : generator.value(plan);
  if (generator.fields > MAX_FIELDS) return undefined;
  const { constants, functions } = generator;
  const body = `${functions.join("\n")}return ${name};`;
  return generateFunction<(...values: unknown[]) => AvroWrite>("avro-writer", constants.names(), body)(...constants.values);
}

/** Local names: O buffer, V the record, D its depth, b bytes, d their view, p position, v a field's value. */
class WriterCode {
  readonly constants = new Constants();
  readonly functions: string[] = [];
  fields = 0;
  readonly #records = new Map<WriteRecord, string>();
  readonly #closures: WritersByRecord = new Map();
  readonly #giveUp = `throw ${this.constants.add(GIVEN_UP)};`;
  readonly #long = this.constants.add(longInto);
  readonly #text = this.constants.add(textInto);
  readonly #field = this.constants.add(fieldValue);
  readonly #shape = this.constants.add(shapeOf);
  readonly #object = this.constants.add(Object);
  #arrays = 0;

  record(plan: WriteRecord): string {
    const known = this.#records.get(plan);
    if (known !== undefined) return known;
    const name = `w${this.#records.size}`;
    this.#records.set(plan, name);
    this.fields += plan.fields.length;
    if (this.fields > MAX_FIELDS) return name;
    const room = 2 * ROOM * (plan.fields.length + 1);
    const code = plan.fields.map((field) => this.#get(field) + this.#absent(field, room, this.#write(field.plan, room, 1)));
    this.functions.push(
      `function ${name}(O,V,D){if(V===null||typeof V!=="object"||(V.constructor!==${this.#object}&&${this.#shape}(V)!=="object")||D>=${MAX_DEPTH})${this.#giveUp}` +
        `O.ensure(${room});let b=O.bytes,d=O.view,p=O.at,v;\n${code.join("\n")}\nO.at=p;}`,
    );
    return name;
  }

  /** A function for a value that is no record. */
  value(plan: WritePlan): string {
    const room = 4 * ROOM;
    return `function(O,v,D){O.ensure(${room});let b=O.bytes,d=O.view,p=O.at;${this.#write(plan, room, 0)}O.at=p;}`;
  }

  #get({ name }: WriteField): string {
    const key = this.constants.add(name);
    return isInheritedName(name) ? `v=${this.#field}(V,${key});` : `v=V[${key}];`;
  }

  #absent({ absent }: WriteField, room: number, write: string): string {
    if (absent === undefined) return write;
    const bytes = this.constants.add(absent);
    return `if(v===undefined){${this.#ensure(`${absent.length}`, room)}b.set(${bytes},p);p+=${absent.length};}else{${write}}`;
  }

  /** Room for so many bytes and then for the fixed part. */
  #ensure(bytes: string, room: number): string {
    return `if(p+${bytes}+${room}>b.length){O.at=p;O.ensure(${bytes}+${room});b=O.bytes;d=O.view;}`;
  }

  /** `depth`: of the value, below the record's. */
  #write(plan: WritePlan, room: number, depth: number): string {
    switch (plan.op) {
      case "null":
        return `if(v!==null&&v!==undefined)${this.#giveUp}`;
      case "boolean":
        return `if(typeof v!=="boolean")${this.#giveUp}b[p++]=v?1:0;`;
      case "int":
        return `if(typeof v!=="number"||v!==(v|0))${this.#giveUp}${this.#varint()}`;
      case "long":
        return `if(Number.isSafeInteger(v)){${this.#varint()}}else{${this.#call(plan, room, depth)}}`;
      case "float":
        return `if(typeof v!=="number")${this.#giveUp}d.setFloat32(p,v,true);p+=4;`;
      case "double":
        return `if(typeof v!=="number")${this.#giveUp}d.setFloat64(p,v,true);p+=8;`;
      case "string":
        return `if(typeof v!=="string")${this.#giveUp}${this.#ensure("v.length*3", room)}p=${this.#text}(b,p,v);`;
      case "enum":
        return `v=${this.constants.add(plan.symbols)}.get(v);if(v===undefined)${this.#giveUp}${this.#varint()}`;
      case "record":
        return `O.at=p;${this.record(plan)}(O,v,D+${depth});${this.#after(room)}`;
      case "array":
        return this.#array(plan, room, depth);
      case "union":
        return this.#union(plan, room, depth);
      default:
        return this.#call(plan, room, depth);
    }
  }

  #varint(): string {
    return `if(v>=-64&&v<64)b[p++]=(v<<1)^(v>>31);else p=${this.#long}(b,p,v);`;
  }

  #call(plan: WritePlan, room: number, depth: number): string {
    return `O.at=p;${this.constants.add(interpretWriter(plan, this.#closures))}(O,v,D+${depth});${this.#after(room)}`;
  }

  #after(room: number): string {
    return `O.ensure(${room});b=O.bytes;d=O.view;p=O.at;`;
  }

  #array(plan: WritePlan & { readonly op: "array" }, room: number, depth: number): string {
    const [array, index] = [`a${this.#arrays}`, `i${this.#arrays++}`];
    return (
      `if(!Array.isArray(v)||D+${depth}>=${MAX_DEPTH})${this.#giveUp}const ${array}=v;if(${array}.length>0){v=${array}.length;${this.#varint()}}` +
      `for(let ${index}=0;${index}<${array}.length;${index}++){v=${array}[${index}];${this.#ensure("0", room)}${this.#write(plan.items, room, depth + 1)}}` +
      `${this.#ensure("0", room)}b[p++]=0;`
    );
  }

  /** Null and one other are told apart by a comparison. */
  #union(plan: WritePlan & { readonly op: "union" }, room: number, depth: number): string {
    const { branches, nothing } = plan;
    if (branches.length === 2 && nothing >= 0 && !takesShape(branches[1 - nothing]!, "nothing"))
      return `if(v===null||v===undefined)b[p++]=${2 * nothing};else{b[p++]=${2 - 2 * nothing};${this.#write(branches[1 - nothing]!, room, depth)}}`;
    if (branches.length > 32) return this.#call(plan, room, depth);
    const cases = branches.map((branch, index) => `case ${index}:b[p++]=${2 * index};{${this.#write(branch, room, depth)}break;}`);
    return `switch(${this.constants.add(branchChooser(plan))}(v)){${cases.join("")}default:${this.#giveUp}}`;
  }
}
