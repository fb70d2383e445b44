// Writes a value as JSON in one of the many ways that mean the same: any order of fields, white space, escapes, unknown fields in between,
// absent optional fields as null or left out, numbers with exponents.
import type { TypeInfo } from "../type-info.ts";
import { hasTextKeys } from "../union-variants.ts";

/** 0 … n − 1. */
export type Choose = (n: number) => number;

export function writeAnyhow(type: TypeInfo, value: unknown, choose: Choose): string {
  switch (type.kind) {
    case "string":
    case "literal":
      return quote(value as string, choose);
    case "decimal":
      return quote(value as string, choose);
    case "bytes":
      return quote(Buffer.from(value as Uint8Array).toString("base64"), choose);
    case "bigint":
      return choose(2) === 0 ? String(value) : `"${String(value)}"`;
    case "double":
    case "int":
    case "long":
    case "timestamp":
      return number(value as number, choose);
    case "boolean":
      return String(value);
    case "optional":
      return value === undefined ? "null" : writeAnyhow(type.of, value, choose);
    case "array":
      return list(
        "[",
        (value as unknown[]).map((item) => writeAnyhow(type.of, item, choose)),
        "]",
        choose,
      );
    case "map":
      return hasTextKeys(type.key)
        ? list(
            "{",
            [...(value as Map<string, unknown>)].map(([key, item]) => pair(key, writeAnyhow(type.value, item, choose), choose)),
            "}",
            choose,
          )
        : list(
            "[",
            [...(value as Map<unknown, unknown>)].map(([key, item]) =>
              list("[", [writeAnyhow(type.key, key, choose), writeAnyhow(type.value, item, choose)], "]", choose),
            ),
            "]",
            choose,
          );
    case "record":
      return record(type, value as object, choose);
    case "union":
      return writeAnyhow(
        type.of.find((member) => isOf(member, value))!,
        value,
        choose,
      );
  }
}

/** Only for the unions in arbitrary-types.ts. */
function isOf(member: TypeInfo, value: unknown): boolean {
  if (member.kind !== "record") return typeof value === "number";
  const kind = member.fields[0]!.type;
  return typeof value === "object" && kind.kind === "literal" && kind.values.includes((value as { kind: string }).kind);
}

function record(type: TypeInfo & { kind: "record" }, value: object, choose: Choose): string {
  const members: string[] = [];
  for (const field of type.fields) {
    const own = Object.getOwnPropertyDescriptor(value, field.name)?.value as unknown;
    if (own === undefined && choose(2) === 0) continue;
    members.push(pair(field.name, writeAnyhow(field.type, own, choose), choose));
  }
  if (choose(3) === 0) members.sort(() => choose(3) - 1);
  if (choose(4) === 0) members.splice(choose(members.length + 1), 0, pair("unknown-field", UNKNOWN[choose(UNKNOWN.length)]!, choose));
  return list("{", members, "}", choose);
}

const UNKNOWN = ["null", "[]", "{}", '{"a":[1,{"b":"\\u00e9"}],"":"ü"}', "-1.5e3", '"x"', "true", "[[],[[]]]"];

function pair(name: string, text: string, choose: Choose): string {
  return `${quote(name, choose)}${space(choose)}:${space(choose)}${text}`;
}

function list(open: string, items: readonly string[], close: string, choose: Choose): string {
  return `${open}${space(choose)}${items.join(`${space(choose)},${space(choose)}`)}${space(choose)}${close}`;
}

function space(choose: Choose): string {
  return ["", "", "", "", "", " ", "\n", "\t\r  "][choose(8)]!;
}

function quote(value: string, choose: Choose): string {
  const text = JSON.stringify(value);
  if (choose(6) !== 0) return text;
  return text.replace(/[a-z/é](?![^\\]*\\$)/g, (character, at: number) =>
    text[at - 1] === "\\" || /\\u[0-9a-f]{0,3}$/.test(text.slice(Math.max(0, at - 5), at)) || choose(2) === 0
      ? character
      : `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function number(value: number, choose: Choose): string {
  if (Object.is(value, -0)) return ["-0", "-0.0", "-0e5"][choose(3)]!;
  switch (choose(8)) {
    case 0:
      return value.toExponential();
    case 1:
      return Number.isInteger(value) && Math.abs(value) < 1e15 ? `${value}.000` : String(value);
    case 2:
      return Number.isInteger(value) && Math.abs(value) < 1e13 ? `${value}E+0` : String(value);
    default:
      return JSON.stringify(value);
  }
}
