// Generates readers of messages as values: one function per message, one loop over its fields. The code holds numbers and positions only.
// Invariant: what a generated reader reads, the interpreter reads alike; whatever is out of the ordinary is GIVEN_UP to it: a message that
// comes in parts, bytes that do not fit, fields that had to be there.
import { MAX_SHORT_TEXT, shortText } from "../avro/short-text.ts";
import { TextCache } from "../avro/text-cache.ts";
import { generateFunction } from "../code-generation.ts";
import { Constants, recordCode } from "../record-code.ts";
import { WIRE, type ProtoCursor } from "./proto-cursor.ts";
import type { ElementPlan, FieldPlan, LeafPlan, MessagePlan, PlainRead, SlotPlan } from "./read-plan.ts";

/** Thrown by generated code: the interpreter reads the document again and says what is wrong. */
export const GIVEN_UP: unique symbol = Symbol("given up");

/** Larger plans make functions too large to be optimised well. */
const MAX_NODES = 400;
const SCRATCH = new Uint8Array(8);

/** Reads a message up to the cursor's end. */
export type GeneratedRead = (cursor: ProtoCursor) => unknown;

/** undefined: the plan is too large, or has groups. */
export function generateReader(plan: MessagePlan): GeneratedRead | undefined {
  const code = new MessageCode(false);
  const name = code.message(plan);
  if (code.isTooMuch) return undefined;
  const { constants, functions } = code;
  const body = `${functions.join("\n")}return ${name};`;
  return generateFunction<(...values: unknown[]) => GeneratedRead>("protobuf-reader", constants.names(), body)(...constants.values);
}

/** Locals: X cursor, b bytes, d a view of them (if `viewed`), p position, e end, t tag, c a number, v a value, sN the value of slot N. */
export class MessageCode {
  readonly constants = new Constants();
  readonly functions: string[] = [];
  readonly giveUp = `throw ${this.constants.add(GIVEN_UP)};`;
  readonly viewed: boolean;
  readonly #text = this.constants.add(shortText);
  readonly #scratch = this.constants.add(SCRATCH);
  readonly #double = this.constants.add(new Float64Array(SCRATCH.buffer));
  readonly #float = this.constants.add(new Float32Array(SCRATCH.buffer, 0, 1));
  #nodes = 0;
  #hasGroups = false;
  #names = 0;

  constructor(viewed: boolean) {
    this.viewed = viewed;
  }

  get isTooMuch(): boolean {
    return this.#hasGroups || this.#nodes > MAX_NODES;
  }

  /** The name of a function that reads a message up to X.end. */
  message(plan: MessagePlan): string {
    const name = `m${this.#names++}`;
    const slots = plan.slots.map((_slot, index) => `s${index}`);
    const cases = this.isTooMuch ? [] : [...plan.fields.values()].map((field) => this.cases(field));
    const absent = plan.slots.map((slot, index) => this.absent(slot, `s${index}`));
    const body = `${this.loop(cases.join("\n"))}${absent.join("")}`;
    const made = this.#made(plan, name, slots);
    const start = `const b=X.bytes,e=X.end${this.viewed ? ",d=X.view" : ""};let p=X.at,t=0,c=0,v`;
    this.functions.push(`function ${name}(X){${[start, ...slots].join(",")};\n${body}X.at=p;${made}}`);
    return name;
  }

  /** Over all fields up to the end. */
  loop(cases: string): string {
    return (
      `while(p<e){t=b[p++];if(t>127){X.at=p-1;t=X.tag();p=X.at;}\nswitch(t){${cases}\n` +
      `default:if(t<8)${this.giveUp}X.at=p;X.skip(t);p=X.at;}}\nif(p!==e)${this.giveUp}`
    );
  }

  /** Reads the field into the variable of its slot. */
  cases(field: FieldPlan): string {
    this.#nodes++;
    const { shape, element, slot, clears, number, delimited } = field;
    if (delimited && element.op === "message") this.#hasGroups = true;
    const to = `s${slot}`;
    if (shape === "map") return this.#case(number, WIRE.bytes, this.#entry(field, to));
    const wire = element.op === "leaf" ? element.wire : WIRE.bytes;
    if (shape === "repeated") {
      const item = `if(${to}===undefined)${to}=[];${this.#item(element, to)}`;
      const packed = element.op === "leaf" && wire !== WIRE.bytes ? this.#case(number, WIRE.bytes, this.#packed(element, to)) : "";
      return this.#case(number, wire, item) + packed;
    }
    const clear = clears.filter((other) => other !== slot).map((other) => `s${other}=undefined;`);
    if (element.op === "leaf") {
      const isSure = element.plain !== undefined || element.allowed !== undefined;
      const set = isSure
        ? `${this.read(element, to)}${clear.join("")}`
        : `${this.read(element, "v")}if(v!==undefined){${clear.join("")}${to}=v;}`;
      return this.#case(number, wire, set);
    }
    const once = `if(${to}!==undefined)${this.giveUp}`;
    return this.#case(number, wire, `${once}${this.read(element, to)}if(${to}===undefined)${this.giveUp}${clear.join("")}`);
  }

  #case(number: number, wire: number, code: string): string {
    return `case ${((number << 3) | wire) >>> 0}:{${code}break;}`;
  }

  /** What a field is when it was not there. */
  absent({ absent }: SlotPlan, to: string): string {
    let value: unknown;
    try {
      value = absent();
    } catch {
      return `if(${to}===undefined)${this.giveUp}`;
    }
    if (value === undefined) return "";
    if (Array.isArray(value)) return `if(${to}===undefined)${to}=[];`;
    const of = typeof value === "object" ? `${this.constants.add(absent)}()` : this.constants.add(value);
    return `if(${to}===undefined)${to}=${of};`;
  }

  #made({ make, unitsPerSecond, slots }: MessagePlan, name: string, variables: readonly string[]): string {
    if (unitsPerSecond !== undefined)
      return (
        `if(!(s1>=0&&s1<1e9))${this.giveUp}v=s0*${unitsPerSecond}+Math.floor(s1/${1e9 / unitsPerSecond});` +
        `if(!Number.isSafeInteger(v))${this.giveUp}return v;`
      );
    if (make !== undefined) return `return ${this.constants.add(make)}([${variables.join(",")}]);`;
    const names = slots.map((slot) => slot.name);
    return `return ${recordCode(this.constants, this.functions, name, names, variables)};`;
  }

  #item(element: ElementPlan, to: string): string {
    const push = `${to}.push(v);`;
    const isSure = element.op === "message" || element.plain !== undefined || element.allowed !== undefined;
    return this.read(element, "v") + (isSure ? push : `if(v!==undefined)${push}`);
  }

  #packed(element: LeafPlan, to: string): string {
    const end = `e${this.#names++}`;
    return (
      `if(${to}===undefined)${to}=[];${this.length()}const ${end}=p+c;X.end=${end};` +
      `while(p<${end}){${this.#item(element, to)}}if(p!==${end})${this.giveUp}X.end=e;`
    );
  }

  /** An entry of a map: a message of a key and a value. */
  #entry({ key, element, zero, zeroKey }: FieldPlan, to: string): string {
    const name = `m${this.#names++}`;
    const part = (number: number, of: ElementPlan, slot: string): string => {
      const wire = of.op === "leaf" ? of.wire : WIRE.bytes;
      const once = of.op === "leaf" ? "" : `if(${slot}!==undefined)${this.giveUp}`;
      return this.#case(number, wire, once + this.read(of, slot));
    };
    this.#nodes++;
    const cases = part(1, key!, "s0") + part(2, element, "s1");
    const noKey = zeroKey === undefined ? this.giveUp : `s0=${this.constants.add(zeroKey)};`;
    const start = `const b=X.bytes,e=X.end${this.viewed ? ",d=X.view" : ""};let p=X.at,t=0,c=0,v,s0,s1;`;
    const finish = `if(s0===undefined)${noKey}if(s1===undefined)s1=${this.constants.add(zero)}();M.set(s0,s1);`;
    this.functions.push(`function ${name}(X,M){${start}${this.loop(cases)}X.at=p;${finish}}`);
    return `if(${to}===undefined)${to}=new Map();${this.length()}X.at=p;X.end=p+c;${name}(X,${to});p=X.at;X.end=e;`;
  }

  /** The length of what follows, all of it there, in `c`. */
  length(): string {
    return `c=b[p++];if(c>127||p>e){X.at=p-1;c=X.size();p=X.at;}if(c>e-p)${this.giveUp}`;
  }

  /** Statements that read a value into a variable. */
  read(element: ElementPlan, to: string): string {
    this.#nodes++;
    if (element.op === "message") {
      const call = this.#nodes > MAX_NODES ? "0" : `${this.message(element)}(X)`;
      return `${this.length()}X.enter();X.at=p;X.end=p+c;${to}=${call};p=X.at;X.end=e;X.depth--;`;
    }
    if (element.allowed !== undefined) return `${this.#string(to)}if(!${this.constants.add(element.allowed)}.has(${to}))${this.giveUp}`;
    return element.plain === undefined ? `X.at=p;${to}=${this.constants.add(element.read)}(X);p=X.at;` : this.#plain(element.plain, to);
  }

  #plain(plain: PlainRead, to: string): string {
    switch (plain) {
      case "double":
        return this.#floating(8, this.#double, to);
      case "float":
        return this.#floating(4, this.#float, to);
      case "long":
        return this.varint("int64", to, "c");
      case "int32":
        return this.varint("int32", to, "c");
      case "sint32":
        return this.varint("sint32", to, "(c>>>1)^-(c&1)");
      case "bool":
        return `c=b[p++];if(!(c<2))${this.giveUp}${to}=c===1;`;
      case "text":
        return this.#string(to);
    }
  }

  /** One and two bytes inline. `value`: of the bits in c. */
  varint(name: "int32" | "int64" | "sint32", to: string, value: string): string {
    return (
      `c=b[p];if(c<128){p++;${to}=${value};}else if(p+1<e&&b[p+1]<128){c=c&127|b[p+1]<<7;p+=2;${to}=${value};}` +
      `else{X.at=p;${to}=X.${name}();p=X.at;}`
    );
  }

  #floating(size: number, number: string, to: string): string {
    if (this.viewed) return `if(p+${size}>e)${this.giveUp}${to}=d.getFloat${8 * size}(p,true);p+=${size};`;
    const bytes = Array.from({ length: size }, (_, index) => `${this.#scratch}[${index}]=b[p+${index}];`);
    return `if(p+${size}>e)${this.giveUp}${bytes.join("")}p+=${size};${to}=${number}[0];`;
  }

  #string(to: string): string {
    const cache = this.constants.add(new TextCache());
    const known = this.viewed ? `${cache}.getIn(d,b,p,c)` : `${cache}.get(b,p,c)`;
    return (
      `${this.length()}if((${to}=${known})!==undefined)p+=c;` +
      `else if(c<=${MAX_SHORT_TEXT}&&(${to}=${this.#text}(b,p,c))!==undefined)p+=c;else{X.at=p;${to}=X.longText(c);p=X.at;}`
    );
  }
}
