// A field of a table, parsed. Invariant: every field that a table can express is either parsed completely or refused with its name.
import type { Fields, StructField } from "./table.ts";
import { intersect, parseVersions, type Versions } from "./versions.ts";

const SCALARS = ["bool", "int8", "int16", "uint16", "int32", "int64", "string", "uuid", "bytes", "records"] as const;
export type Scalar = (typeof SCALARS)[number];
export type DefaultValue = number | boolean | string | null;

export interface Field {
  readonly name: string;
  readonly type: Scalar | "struct";
  readonly many: boolean;
  readonly structName: string | undefined;
  readonly fields: Fields | undefined;
  readonly versions: Versions;
  /** Versions in which null is allowed. */
  readonly nullable: Versions | undefined;
  readonly tag: number | undefined;
  /** undefined: the type's own default (zero, "", empty, the zero uuid, null for records). */
  readonly defaultValue: DefaultValue | undefined;
  readonly ignorable: boolean;
}

export function parseFields(fields: Fields): Field[] {
  return Object.entries(fields).map(([name, spec]) => parseField(name, spec));
}

function parseField(name: string, spec: string | StructField): Field {
  if (typeof spec !== "string") {
    const [versions, ...options] = spec.spec.split(" ");
    const { structName, many, fields } = spec;
    return { name, type: "struct", many, structName, fields, ...parseOptions(name, "struct", versions, options, false) };
  }
  const [typeText = "", versions, ...options] = spec.split(" ");
  const many = typeText.startsWith("[]");
  const nullable = typeText.endsWith("?");
  const type = typeText.slice(many ? 2 : 0, nullable ? -1 : undefined);
  if (!isScalar(type)) throw new Error(`Field ${name}: unknown type "${typeText}".`);
  return { name, type, many, structName: undefined, fields: undefined, ...parseOptions(name, type, versions, options, nullable) };
}

type Options = Pick<Field, "versions" | "nullable" | "tag" | "defaultValue" | "ignorable">;

function parseOptions(
  name: string,
  type: Scalar | "struct",
  versionsText: string | undefined,
  options: string[],
  isNullable: boolean,
): Options {
  const versions = parseVersions(versionsText ?? "");
  let nullable = isNullable ? versions : undefined;
  let tag: number | undefined;
  let defaultValue: DefaultValue | undefined;
  let ignorable = false;
  for (const option of options) {
    const [word, value] = option.split("=");
    if (word === "nullable") nullable = value === undefined ? versions : intersect(parseVersions(value), versions);
    else if (word === "tag" && value !== undefined) tag = Number(value);
    else if (word === "default" && value !== undefined) defaultValue = parseDefault(name, type, value);
    else if (word === "ignorable") ignorable = true;
    else throw new Error(`Field ${name}: unknown option "${option}".`);
  }
  return { versions, nullable, tag, defaultValue, ignorable };
}

function parseDefault(name: string, type: Scalar | "struct", text: string): DefaultValue {
  if (text === "null") return null;
  if (type === "string") return text;
  if (type === "bool" && (text === "true" || text === "false")) return text === "true";
  const number = Number(text);
  if (!type.startsWith("int") || Number.isNaN(number)) throw new Error(`Field ${name}: "${text}" is no default of ${type}.`);
  return number;
}

function isScalar(type: string): type is Scalar {
  return (SCALARS as readonly string[]).includes(type);
}
