// Writes the tables of docs/types.md from the code that maps types: `node --conditions=source tools/type-docs.ts`. A test compares.
import { readFile, writeFile } from "node:fs/promises";
import { typeScriptOf } from "../src/cli/schema-source.ts";
import { avroJson } from "../src/schema/avro/type-to-avro.ts";
import { typeToConnect, type ConnectSchema } from "../src/schema/connect/connect-schema.ts";
import { jsonSchemaText } from "../src/schema/json-schema/type-to-json-schema.ts";
import { protoText } from "../src/schema/protobuf/type-to-proto.ts";
import { BadSchemaError } from "../src/schema/schema-error.ts";
import { typeToSql } from "../src/schema/sql/sql-type.ts";
import { t } from "../src/schema/t.ts";
import type { Schema, TypeInfo } from "../src/schema/type-info.ts";

const TARGET = new URL("../docs/types.md", import.meta.url);
const [BEGIN, END] = ["<!-- Made by tools/type-docs.ts: begin -->", "<!-- Made by tools/type-docs.ts: end -->"];

const Line = t.record("Line", { sku: t.string() });
const Card = t.record("Card", { kind: t.literal("card") });
const Wire = t.record("Wire", { kind: t.literal("wire") });
const SAMPLES: readonly (readonly [code: string, schema: Schema<unknown>])[] = [
  ["t.string()", t.string()],
  ["t.uuid()", t.uuid()],
  ['t.literal("a", "b")', t.literal("a", "b")],
  ["t.boolean()", t.boolean()],
  ["t.int()", t.int()],
  ["t.long()", t.long()],
  ["t.bigint()", t.bigint()],
  ["t.float()", t.float()],
  ["t.double()", t.double()],
  ["t.decimal(9, 2)", t.decimal(9, 2)],
  ["t.bytes()", t.bytes()],
  ["t.fixed(16)", t.fixed(16)],
  ["t.duration()", t.duration()],
  ["t.date()", t.date()],
  ["t.time()", t.time()],
  ["t.timeMicros()", t.timeMicros()],
  ["t.timestamp()", t.timestamp()],
  ["t.timestampMicros()", t.timestampMicros()],
  ["t.timestampNanos()", t.timestampNanos()],
  ["t.localTimestamp()", t.localTimestamp()],
  ["t.localTimestampMicros()", t.localTimestampMicros()],
  ["t.localTimestampNanos()", t.localTimestampNanos()],
  ["t.array(t.int())", t.array(t.int())],
  ["t.map(t.string(), t.int())", t.map(t.string(), t.int())],
  ["t.map(t.int(), t.int())", t.map(t.int(), t.int())],
  ["t.optional(t.int())", t.optional(t.int())],
  ['t.record("Line", { sku: t.string() })', Line],
  ["t.union(Card, Wire)", t.union(Card, Wire)],
];

/** docs/types.md with its tables made anew. */
export async function typeDocs(): Promise<string> {
  const text = await committedTypeDocs();
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (begin < 0 || end < 0) throw new Error(`docs/types.md has no ${BEGIN} … ${END}.`);
  const made = `${text.slice(0, begin)}${BEGIN}\n\n${tables()}\n${text.slice(end)}`;
  return made;
}

export function committedTypeDocs(): Promise<string> {
  return readFile(TARGET, "utf8");
}

function tables(): string {
  const first = SAMPLES.map(([code, { type }]) => [code, typeScript(type), sql(type), connect(typeToConnect(type))]);
  const second = SAMPLES.map(([code, { type }]) => [code, avro(type), proto(type), json(type)]);
  return `${table(["`t`", "TypeScript", "Flink SQL", "Kafka Connect"], first)}\n${table(["`t`", "Avro", "Protobuf", "JSON Schema"], second)}`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |\n`;
  return `${line(head)}|${"---|".repeat(head.length)}\n` + rows.map((cells) => line(cells.map(code))).join("");
}

/** In backticks, as many as it takes; a bar would end the cell. */
function code(text: string): string {
  if (text === "–") return text;
  const escaped = text.replaceAll("|", "\\|");
  return text.includes("`") ? `\`\` ${escaped} \`\`` : `\`${escaped}\``;
}

function typeScript(type: TypeInfo): string {
  return (
    /^export type \w+ = (.*);$/m.exec(typeScriptOf({ kind: "array", of: type }, "T"))?.[1]?.replace(/^readonly \(?(.*?)\)?\[\]$/, "$1") ??
    ""
  );
}

function sql(type: TypeInfo): string {
  try {
    return typeToSql(type);
  } catch (error) {
    if (error instanceof BadSchemaError) return "–";
    throw error;
  }
}

function connect({ type, name, parameters, optional, items, keys, values, fields }: ConnectSchema): string {
  const inside = [items, keys, values].filter((each) => each !== undefined).map(connect);
  const own = fields === undefined ? type : `${type} { ${fields.map((field) => `${field.field}: ${connect(field)}`).join(", ")} }`;
  const of = inside.length === 0 ? own : `${own} of ${inside.join(" to ")}`;
  const noted = Object.entries(parameters ?? {}).map(([key, value]) => `${key} = ${value}`);
  return [of, ...(name === undefined ? [] : [name]), ...noted].join(", ") + (optional === true ? ", optional" : "");
}

function avro(type: TypeInfo): string {
  return JSON.stringify(avroJson(type));
}

/** The lines of a message with a field of the type, without the field's metadata. */
function proto(type: TypeInfo): string {
  if (type.kind === "union") return "message with a oneof";
  const text = protoText({ kind: "record", name: "M", fields: [{ name: "x", type }] });
  const line = text.split("\n").find((each) => / x = 1/.test(each)) ?? text;
  return line.trim().replace(/ x = 1.*$/, "");
}

function json(type: TypeInfo): string {
  const { $schema: _, ...schema } = JSON.parse(jsonSchemaText(type)) as Record<string, unknown>;
  return JSON.stringify(schema);
}

if (import.meta.main) await writeFile(TARGET, await typeDocs());
