// One text for each JSON document, as Confluent's registry keeps JSON Schemas: no space, no escapes but those that JSON needs, numbers as Java's
// BigDecimal prints them (1e3 is 1E+3; all digits stay, no number is read as a double), of names given twice the last value. JavaScript's own
// objects will not do: they put names that are whole numbers first.
import { SchemaParseError } from "../schema/incompatibility.ts";

type Node = string | { readonly list: Node[] } | { readonly members: Map<string, Node> };

const TOKEN = /\s*(?:("[^"\\]*(?:\\.[^"\\]*)*")|(-?\d[\d.eE+-]*)|(true|false|null)|([{}[\],:]))/y;
/** As deep as Confluent's registry reads. */
const MAX_DEPTH = 1000;
const SHORT_ESCAPES: Readonly<Record<string, string>> = { "\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r" };
/** Smaller numbers are printed with an exponent. */
const SMALLEST_PLAIN_EXPONENT = -6;

/** `text` is JSON. `sorted`: members by name, in the order of their UTF-16 code units. Throws SchemaParseError for what nests too deep. */
export function jsonText(text: string, sorted: boolean): string {
  return printed(new JsonReader(text).read(0), sorted);
}

class JsonReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  read(depth: number): Node {
    if (depth > MAX_DEPTH) throw new SchemaParseError(`The JSON Schema nests more than ${MAX_DEPTH} levels deep.`);
    const [, string, number, word, mark] = this.#next();
    if (string !== undefined) return quoted(JSON.parse(string) as string);
    if (number !== undefined) return numberAsInJava(number);
    if (word !== undefined) return word;
    return mark === "[" ? this.#list(depth) : this.#members(depth);
  }

  #list(depth: number): Node {
    const list: Node[] = [];
    if (this.#skip("]")) return { list };
    do list.push(this.read(depth + 1));
    while (this.#next()[4] === ",");
    return { list };
  }

  #members(depth: number): Node {
    const members = new Map<string, Node>();
    if (this.#skip("}")) return { members };
    do {
      const name = JSON.parse(this.#next()[1]!) as string;
      this.#next();
      members.set(name, this.read(depth + 1));
    } while (this.#next()[4] === ",");
    return { members };
  }

  #next(): RegExpExecArray {
    TOKEN.lastIndex = this.#at;
    const token = TOKEN.exec(this.#text);
    if (token === null) throw new SchemaParseError(`The JSON Schema is not JSON at character ${this.#at}.`);
    this.#at = TOKEN.lastIndex;
    return token;
  }

  #skip(mark: string): boolean {
    const before = this.#at;
    if (this.#next()[4] === mark) return true;
    this.#at = before;
    return false;
  }
}

function printed(node: Node, sorted: boolean): string {
  if (typeof node === "string") return node;
  if ("list" in node) return `[${node.list.map((each) => printed(each, sorted)).join(",")}]`;
  const entries = [...node.members];
  if (sorted) entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([name, each]) => `${quoted(name)}:${printed(each, sorted)}`).join(",")}}`;
}

function quoted(text: string): string {
  // oxlint-disable-next-line no-control-regex -- these are the ones that JSON does not let stand as they are
  const escaped = text.replace(/["\\\u0000-\u001f]/g, (each) => {
    if (each === '"' || each === "\\") return `\\${each}`;
    return SHORT_ESCAPES[each] ?? `\\u${each.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}`;
  });
  return `"${escaped}"`;
}

function numberAsInJava(text: string): string {
  const [, sign, whole, fraction = "", exponent = "0"] = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text) ?? [];
  if (whole === undefined) throw new SchemaParseError(`The JSON Schema has a number that is none: ${text.slice(0, 50)}.`);
  if (/^-?\d+$/.test(text)) return /^-0+$/.test(text) ? "0" : text;
  const digits = (whole + fraction).replace(/^0+(?=\d)/, "");
  const scale = fraction.length - Number(exponent);
  const minus = digits === "0" || /^0+$/.test(digits) ? "" : sign!;
  return minus + decimal(digits, scale);
}

/** digits × 10^-scale, as java.math.BigDecimal.toString() says. */
function decimal(digits: string, scale: number): string {
  if (scale === 0) return digits;
  const exponent = digits.length - 1 - scale;
  if (scale > 0 && exponent >= SMALLEST_PLAIN_EXPONENT) {
    const all = digits.padStart(scale + 1, "0");
    return `${all.slice(0, -scale)}.${all.slice(-scale)}`;
  }
  const mantissa = digits.length === 1 ? digits : `${digits[0]}.${digits.slice(1)}`;
  if (exponent === 0) return mantissa;
  return `${mantissa}E${exponent > 0 ? "+" : ""}${exponent}`;
}
