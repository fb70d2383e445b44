// Generates readers from plans: one function per record, everything else inline. The code holds positions only: names of properties are
// values in closures (computed keys, so "__proto__" is a plain name), conversions and defaults are called by number.
// Invariant: what a generated reader reads, the interpreter reads alike; whatever is out of the ordinary is GIVEN_UP to it.
import { generateFunction } from "../code-generation.ts";
import { Constants, recordCode } from "../record-code.ts";
import type { AvroCursor } from "./avro-cursor.ts";
import type { AvroRead } from "./interpret-reader.ts";
import type { ReadPlan, RecordPlan, SkipPlan } from "./read-plan.ts";
import { MAX_SHORT_TEXT, shortText } from "./short-text.ts";
import { skipper } from "./skip-avro.ts";
import { TextCache } from "./text-cache.ts";

/** Thrown by generated code: the interpreter reads the document again and says what is wrong. */
export const GIVEN_UP: unique symbol = Symbol("given up");

/** Larger plans make functions too large to be optimised well. */
const MAX_NODES = 400;
/** Arrays get room for all items of their first block at once, up to so many. */
const MAX_ROOM = 4096;

/** Little-endian, as Avro and all platforms of Node are. */
const SCRATCH = new Uint8Array(8);

/** undefined: the plan is too large. */
export function generateReader(plan: ReadPlan): AvroRead | undefined {
  const generator = new ReaderCode();
  const code = generator.function(plan);
  if (generator.nodes > MAX_NODES) return undefined;
  const { constants } = generator;
  const body = `${generator.functions.join("\n")}return ${code};`;
  return generateFunction<(...values: unknown[]) => AvroRead>("avro-reader", constants.names(), body)(...constants.values);
}

/**
 * Local names: X cursor, b bytes, p position, e end, c a byte; d, l (of the last word) and j where there is a view. Each value has a variable of its own. With
 * `viewed` the cursor's view is set, as it is for documents that lie in one array: words instead of bytes.
 */
export class ReaderCode {
  readonly viewed: boolean;
  readonly constants = new Constants();
  readonly functions: string[] = [];
  nodes = 0;
  readonly #records = new Map<RecordPlan, string>();
  readonly #giveUp = this.constants.add(GIVEN_UP);
  readonly #text = this.constants.add(shortText);
  readonly #scratch = this.constants.add(SCRATCH);
  readonly #double = this.constants.add(new Float64Array(SCRATCH.buffer));
  readonly #float = this.constants.add(new Float32Array(SCRATCH.buffer, 0, 1));
  #variables = 0;

  constructor(viewed = false) {
    this.viewed = viewed;
  }

  /** A function expression that reads one value. */
  function(plan: ReadPlan): string {
    if (plan.op === "record") return this.#record(plan);
    const value = this.variable();
    return `function(X){${this.#start()},${value};${this.read(plan, value)}X.at=p;return ${value};}`;
  }

  #start(): string {
    return `const b=X.bytes,e=X.end${this.viewed ? ",d=X.view,l=b.length-4" : ""};let p=X.at,c=0${this.viewed ? ",j=0" : ""}`;
  }

  variable(): string {
    return `v${this.#variables++}`;
  }

  giveUp(): string {
    return `throw ${this.#giveUp};`;
  }

  /** Statements that read a value into `to`, a variable. */
  read(plan: ReadPlan, to: string): string {
    this.nodes++;
    switch (plan.op) {
      case "null":
        return `${to}=${plan.value === null ? "null" : "undefined"};`;
      case "boolean":
        return `c=b[p++];if(c>1)${this.giveUp()}${to}=c===1;`;
      case "int":
      case "long":
        return this.viewed ? this.#words(plan.op, to) : this.varint(to, plan.op);
      case "bigint":
      case "nearest":
        return this.#call(`X.${plan.op}()`, to);
      case "float":
        return this.#floating(4, this.#float, to);
      case "double":
        return this.#floating(8, this.#double, to);
      case "string":
        return this.#string(to);
      case "bytes":
        return this.#call("X.byteString()", to);
      case "fixed":
        return this.#call(`X.fixed(${plan.size})`, to);
      case "enum":
        return `${this.varint(to)}${to}=${this.constants.add(plan.symbols)}[${to}];if(${to}===undefined)${this.giveUp()}`;
      case "array":
        return this.#array(plan, to);
      case "map":
        return this.#map(plan, to);
      case "union":
        return this.#union(plan, to);
      case "convert":
        return `${this.read(plan.of, to)}${to}=${this.constants.add(plan.convert)}(${to});`;
      case "default":
        return `X.free(${plan.weight});${to}=${this.constants.add(plan.make)}();`;
      case "never":
        return this.giveUp();
      case "record":
        return this.#call(`${this.#record(plan)}(X)`, to);
    }
  }

  /** A varint: one or two bytes inline, the rest by the cursor. `to` may be an element of an array: it is never read. */
  varint(to: string, rest: "int" | "long" = "long"): string {
    return (
      `c=b[p++];if(c<128)${to}=(c>>>1)^-(c&1);` +
      `else{const g=b[p];if(g<128){p++;c=c&127|g<<7;${to}=(c>>>1)^-(c&1);}else{X.at=p-1;${to}=X.${rest}();p=X.at;}}`
    );
  }

  /**
   * A varint of up to four bytes, and for longs five or six (times), by words. Numbers go right to where they are wanted: where whole numbers,
   * doubles and what a call returns meet in one variable, they would all become objects.
   */
  #words(op: "int" | "long", to: string): string {
    const zigzag = `${to}=(j>>>1)^-(j&1);`;
    const rest = `X.at=p;${to}=X.${op}();p=X.at;`;
    const high = `c*134217728+(j>>>1)`;
    const wide =
      `else if(((c=d.getInt32(p+4,true))&32896)!==32896){j=j&127|j>>1&16256|j>>2&2080768|j>>3&266338304;` +
      `if((c&128)===0){p+=5;c&=127;}else{p+=6;c=c&127|c>>1&16256;}if((j&1)===0)${to}=${high};else ${to}=-(${high})-1;}`;
    return (
      `c=b[p];if(c<128){p++;${to}=(c>>>1)^-(c&1);}else if(p+4<=l){j=d.getInt32(p,true);` +
      `if((j&32768)===0){p+=2;j=j&127|j>>1&16256;${zigzag}}` +
      `else if((j&8388608)===0){p+=3;j=j&127|j>>1&16256|j>>2&2080768;${zigzag}}` +
      `else if(j>=0){p+=4;j=j&127|j>>1&16256|j>>2&2080768|j>>3&266338304;${zigzag}}` +
      `${op === "long" ? wide : ""}else{${rest}}}else{${rest}}`
    );
  }

  #call(call: string, to: string): string {
    return `X.at=p;${to}=${call};p=X.at;`;
  }

  /** By way of a few bytes that are a number, too: documents come in arrays of their own, and a view of each would cost more. */
  #floating(size: number, number: string, to: string): string {
    if (this.viewed) return `if(p+${size}>e)${this.giveUp()}${to}=d.getFloat${8 * size}(p,true);p+=${size};`;
    const bytes = Array.from({ length: size }, (_, index) => `${this.#scratch}[${index}]=b[p+${index}];`);
    return `if(p+${size}>e)${this.giveUp()}${bytes.join("")}p+=${size};${to}=${number}[0];`;
  }

  #string(to: string): string {
    const cache = this.constants.add(new TextCache());
    const known = this.viewed ? `${cache}.getIn(d,b,p,c)` : `${cache}.get(b,p,c)`;
    return (
      `${this.length(to)}if((${to}=${known})!==undefined)p+=c;` +
      `else if(c<=${MAX_SHORT_TEXT}&&(${to}=${this.#text}(b,p,c))!==undefined)p+=c;else{X.at=p;${to}=X.longText(c);p=X.at;}`
    );
  }

  /** The length of what follows, all of it there, in `c`. */
  length(scratch: string): string {
    return `${this.varint(scratch)}c=${scratch};if(c<0||c>e-p)${this.giveUp()}`;
  }

  #array({ items, itemBytes }: ReadPlan & { readonly op: "array" }, to: string): string {
    const [count, item, index] = [this.variable(), this.variable(), this.variable()];
    return (
      `let ${index}=0;${to}=undefined;for(;;){${this.#block(itemBytes, count)}` +
      `if(${to}===undefined)${to}=${count}>${MAX_ROOM}?[]:new Array(${count});` +
      `for(;${count}>0;${count}--){let ${item};${this.read(items, item)}${to}[${index}++]=${item};}}if(${to}===undefined)${to}=[];`
    );
  }

  #map({ values }: ReadPlan & { readonly op: "map" }, to: string): string {
    const [count, key, value] = [this.variable(), this.variable(), this.variable()];
    return (
      `${to}=new Map();for(;;){${this.#block(1, count)}` +
      `for(;${count}>0;${count}--){let ${key},${value};${this.#string(key)}${this.read(values, value)}${to}.set(${key},${value});}}`
    );
  }

  /** A block of up to 63 items inline. */
  #block(itemBytes: number, count: string): string {
    const whole = `X.at=p;${count}=X.block(${itemBytes});p=X.at;if(${count}===0)break;`;
    if (itemBytes === 0) return `let ${count};${whole}`;
    return `let ${count}=b[p];if(${count}===0){p++;break;}if((${count}&129)===0&&(${count}>>>=1)*${itemBytes}<e-p)p++;else{${whole}}`;
  }

  #union({ branches }: ReadPlan & { readonly op: "union" }, to: string): string {
    const cases = branches.map((branch, index) => (typeof branch === "string" ? "" : `case ${index * 2}:{${this.read(branch, to)}break;}`));
    if (branches.length > 64) return this.#wideUnion(branches, to);
    return `switch(b[p++]){${cases.join("")}default:${this.giveUp()}}`;
  }

  /** Its index takes more than one byte. */
  #wideUnion(branches: readonly (ReadPlan | string)[], to: string): string {
    const cases = branches.map((branch, index) => (typeof branch === "string" ? "" : `case ${index}:{${this.read(branch, to)}break;}`));
    return `${this.varint(to)}switch(${to}){${cases.join("")}default:${this.giveUp()}}`;
  }

  /** The name of the function that reads a record. */
  #record(plan: RecordPlan): string {
    const known = this.#records.get(plan);
    if (known !== undefined) return known;
    const name = `r${this.#records.size}`;
    this.#records.set(plan, name);
    if (this.nodes > MAX_NODES) return name;
    const slots = plan.names.map(() => this.variable());
    const result = recordCode(this.constants, this.functions, name, plan.names, slots);
    const code = plan.steps.map((step) => (step.plan.op === "skip" ? this.skip(step.plan) : this.read(step.plan, slots[step.slot] ?? "c")));
    const enter = plan.recursive ? "X.enter();" : "";
    const leave = plan.recursive ? "X.depth--;" : "";
    this.functions.push(
      `function ${name}(X){${enter}${[this.#start(), ...slots].join(",")};\n${code.join("\n")}\nX.at=p;${leave}return ${result};}`,
    );
    return name;
  }

  skip({ schema }: SkipPlan): string {
    switch (schema.type) {
      case "null":
        return "";
      case "float":
        return "p+=4;";
      case "double":
        return "p+=8;";
      case "fixed":
        return `p+=${schema.size};`;
      default:
        return `X.at=p;${this.constants.add(skipper(schema))}(X);p=X.at;`;
    }
  }
}

/** Cursors are one class, so that generated code meets one shape. */
export type GeneratedRead = (cursor: AvroCursor) => unknown;
