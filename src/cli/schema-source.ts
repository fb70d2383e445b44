// Source text from types, and what changed between two texts: for millrace schema gen and diff. Pure.
import type { TypeInfo } from "../schema/type-info.ts";

const IDENTIFIER = /^[A-Za-z_$][\w$]*$/;
/** Above this many lines on both sides the comparison would take seconds: everything is then told as replaced. */
const MAX_COMPARED_LINES = 3000;

/** Names that the generated text means something by. */
const MEANT = new Set(["Uint8Array", "ReadonlyMap"]);

/** Texts by the identifiers that they are declared as: one that is taken by another text gets a number. */
export class Declarations {
  readonly #texts = new Map<string, string>();
  readonly #meant: ReadonlySet<string>;

  /** `meant`: identifiers that are not to be had. */
  constructor(meant: ReadonlySet<string>) {
    this.#meant = meant;
  }

  /** The identifier of the text. */
  declare(wanted: string, text: string): string {
    for (let n = 1; ; n++) {
      const identifier = n === 1 ? wanted : `${wanted}${n}`;
      if (this.#meant.has(identifier) || (this.#texts.get(identifier) ?? text) !== text) continue;
      this.#texts.set(identifier, text);
      return identifier;
    }
  }

  [Symbol.iterator](): IterableIterator<[identifier: string, text: string]> {
    return this.#texts[Symbol.iterator]();
  }
}

/** A module that exports the TypeScript type of `type`, and of the records in it. Records of one name that differ get numbers. */
export function typeScriptOf(type: TypeInfo, name: string): string {
  return typeScriptOfAll(new Map([[name, type]]));
}

/** The same of several types. Records go by their own names, other types by those given. */
export function typeScriptOfAll(types: ReadonlyMap<string, TypeInfo>): string {
  const declared = new Declarations(MEANT);
  const others: (readonly [name: string, text: string])[] = [];
  for (const [name, type] of types) {
    const whole = written(type, declared);
    if (type.kind !== "record") others.push([name, whole]);
  }
  for (const [name, text] of others) declared.declare(typeIdentifier(name), ` = ${text};`);
  return [...declared]
    .map(
      ([identifier, text]) =>
        `export ${text.startsWith("{") ? "interface" : "type"} ${identifier}${text.startsWith("{") ? " " : ""}${text}\n`,
    )
    .join("\n");
}

function written(type: TypeInfo, declared: Declarations): string {
  const inside = (of: TypeInfo): string => written(of, declared);
  switch (type.kind) {
    case "string":
    case "boolean":
      return type.kind;
    case "int":
    case "long":
    case "double":
    case "timestamp":
      return "number";
    case "bigint":
      return "bigint";
    case "bytes":
      return "Uint8Array";
    case "decimal":
      return "string";
    case "literal":
      return type.values.map((value) => JSON.stringify(value)).join(" | ");
    case "array":
      return `readonly ${inBrackets(inside(type.of))}[]`;
    case "map":
      return `ReadonlyMap<${inside(type.key)}, ${inside(type.value)}>`;
    case "union":
      return type.of.map(inside).join(" | ");
    case "optional":
      return `${inside(type.of)} | undefined`;
    case "record":
      return interfaceOf(type, declared);
  }
}

function interfaceOf(type: TypeInfo & { readonly kind: "record" }, declared: Declarations): string {
  const fields = type.fields.map(({ name: field, type: of }) => {
    const key = IDENTIFIER.test(field) ? field : JSON.stringify(field);
    return of.kind === "optional" ? `  readonly ${key}?: ${written(of, declared)};\n` : `  readonly ${key}: ${written(of, declared)};\n`;
  });
  return declared.declare(typeIdentifier(type.name), `{\n${fields.join("")}}`);
}

function inBrackets(text: string): string {
  return /^[\w.]+$/.test(text) ? text : `(${text})`;
}

/** "shop.orders-value" → "OrdersValue". */
export function typeIdentifier(name: string): string {
  const parts = name.slice(name.lastIndexOf(".") + 1).split(/[^A-Za-z0-9_$]+/);
  const joined = parts.map((part) => part.slice(0, 1).toUpperCase() + part.slice(1)).join("");
  return IDENTIFIER.test(joined) ? joined : `T${joined}`;
}

/** Lines of both texts: " " both have it, "-" only the first, "+" only the second. */
export function lineDifference(before: string, after: string): readonly string[] {
  const [a, b] = [before.split("\n"), after.split("\n")];
  if (a.length > MAX_COMPARED_LINES || b.length > MAX_COMPARED_LINES)
    return [...a.map((line) => `-${line}`), ...b.map((line) => `+${line}`)];
  // common[i][j]: how many lines a from i and b from j have in common, in order.
  const common = Array.from({ length: a.length + 1 }, () => new Uint16Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      common[i]![j] = a[i] === b[j] ? common[i + 1]![j + 1]! + 1 : Math.max(common[i + 1]![j]!, common[i]![j + 1]!);
  const lines: string[] = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      lines.push(` ${a[i]}`);
      i++;
      j++;
    } else if (i < a.length && (j === b.length || common[i + 1]![j]! >= common[i]![j + 1]!)) lines.push(`-${a[i++]}`);
    else lines.push(`+${b[j++]}`);
  }
  return lines;
}
