// Source text from types, and what changed between two texts: for millrace schema gen and diff. Pure.
import type { TypeInfo } from "../schema/type-info.ts";

const IDENTIFIER = /^[A-Za-z_$][\w$]*$/;
/** Above this many lines on both sides the comparison would take seconds: everything is then told as replaced. */
const MAX_COMPARED_LINES = 3000;

/** A module that exports the TypeScript type of `type`, and of the records in it. Records of one name that differ get numbers. */
export function typeScriptOf(type: TypeInfo, name: string): string {
  const declared = new Map<string, string>();
  const writer = (each: TypeInfo): string => {
    switch (each.kind) {
      case "string":
      case "boolean":
        return each.kind;
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
        return each.values.map((value) => JSON.stringify(value)).join(" | ");
      case "array":
        return `readonly ${inBrackets(writer(each.of))}[]`;
      case "map":
        return `ReadonlyMap<${writer(each.key)}, ${writer(each.value)}>`;
      case "union":
        return each.of.map(writer).join(" | ");
      case "optional":
        return `${writer(each.of)} | undefined`;
      case "record":
        return record(each);
    }
  };
  const record = (each: TypeInfo & { readonly kind: "record" }): string => {
    const fields = each.fields.map(({ name: field, type: of }) => {
      const key = IDENTIFIER.test(field) ? field : JSON.stringify(field);
      return of.kind === "optional" ? `  readonly ${key}?: ${writer(of)};\n` : `  readonly ${key}: ${writer(of)};\n`;
    });
    const body = `{\n${fields.join("")}}`;
    const wanted = typeIdentifier(each.name);
    for (let n = 1; ; n++) {
      const identifier = n === 1 ? wanted : `${wanted}${n}`;
      if ((declared.get(identifier) ?? body) !== body) continue;
      declared.set(identifier, body);
      return identifier;
    }
  };
  const whole = writer(type);
  if (type.kind !== "record") return `${interfaces(declared)}export type ${typeIdentifier(name)} = ${whole};\n`;
  return interfaces(declared);
}

function interfaces(declared: ReadonlyMap<string, string>): string {
  return [...declared].map(([identifier, body]) => `export interface ${identifier} ${body}\n`).join("\n");
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
