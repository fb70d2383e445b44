// The writing half of a generated module. A field that the version lacks is dropped if the table calls it ignorable, else refused unless
// it has its default. Tagged fields are written only when they differ from their defaults.
import type { Field } from "../../src/protocol/tables/field.ts";
import { intersect } from "../../src/protocol/tables/versions.ts";
import type { StructModel } from "./model.ts";
import { and, condition, differsFromDefault, isTaggedStruct, methodOf, primitiveName } from "./terms.ts";

export function emitWriter(struct: StructModel): string {
  const body = struct.fields.flatMap((field) => (field.tag === undefined ? emitField(struct, field) : emitRefusal(struct, field, "if")));
  body.push(...emitTags(struct));
  const lines = [
    `${struct.isMessage ? "export " : ""}function write${struct.name}(w: ByteWriter, m: ${struct.name}, version: number): void {`,
  ];
  if (body.some((line) => /\bflexible\b/.test(line))) lines.push(`const flexible = ${condition(struct.flexible, struct.versions)};`);
  lines.push(...body, "}");
  if (struct.asList || struct.asNullableList) lines.push("", emitList(struct));
  return lines.join("\n");
}

function emitField(struct: StructModel, field: Field): string[] {
  const present = condition(field.versions, struct.versions);
  const write = writeValue(struct, field, "w");
  if (present === "true") return [write];
  return [`if (${present}) {`, write, "}", ...emitRefusal(struct, field, "else if")];
}

function emitRefusal(struct: StructModel, field: Field, word: "if" | "else if"): string[] {
  const present = condition(field.versions, struct.versions);
  const differs = differsFromDefault(field, `m.${field.name}`);
  if (field.ignorable || present === "true" || differs === undefined) return [];
  const test = word === "if" ? and(`!(${present})`, differs) : differs;
  return [`${word} (${test}) rejectField("${struct.name}", "${field.name}", version);`];
}

function writeValue(struct: StructModel, field: Field, w: string): string {
  const value = `m.${field.name}`;
  const nullable = condition(field.nullable, intersect(field.versions, struct.versions)!);
  if (nullable === "true") return `${writeAs(field, value, true, w)};`;
  if (field.nullable === undefined) return `${writeAs(field, value, false, w)};`;
  const orReject = `${value} ?? rejectNull("${struct.name}", "${field.name}", version)`;
  if (nullable === "false") return `${writeAs(field, orReject, false, w)};`;
  return `if (${nullable}) ${writeAs(field, value, true, w)};\nelse ${writeAs(field, orReject, false, w)};`;
}

function writeAs(field: Field, value: string, nullable: boolean, w: string): string {
  if (field.type === "struct") {
    if (field.many) return `write${field.structName}List(${w}, ${value}, version)`;
    const write = `write${field.structName}(${w}, ${value}, version)`;
    return nullable ? `if (${value} === null) ${w}.int8(-1);\nelse { ${w}.int8(1); ${write}; }` : write;
  }
  const method = methodOf(field);
  if (method !== undefined && !field.many) return `${w}.${method}(${value})`;
  if (field.type === "uuid" && !field.many) return `writeUuid(${w}, ${value})`;
  return `write${primitiveName(field, nullable)}(${w}, ${value}, flexible)`;
}

function emitTags(struct: StructModel): string[] {
  const flexible = condition(struct.flexible, struct.versions);
  if (flexible === "false") return [];
  const tagged = struct.fields.filter((field) => field.tag !== undefined).sort((a, b) => a.tag! - b.tag!);
  if (tagged.length === 0) return [flexible === "true" ? "w.unsignedVarint(0);" : "if (flexible) w.unsignedVarint(0);"];
  const tests = tagged.map((field) => and(condition(field.versions, struct.versions), differsFromDefault(field, `m.${field.name}`)!));
  const lines = [flexible === "true" ? "{" : "if (flexible) {"];
  lines.push(`w.unsignedVarint(${tests.map((test) => `(${test} ? 1 : 0)`).join(" + ")});`);
  tagged.forEach((field, index) => {
    const write = isTaggedStruct(field) ? `${writeAs(field, `m.${field.name}`, false, "t")};` : writeValue(struct, field, "t");
    lines.push(`if (${tests[index]}) {`, "const t = new ByteWriter();", write, `writeTag(w, ${field.tag}, t);`, "}");
  });
  lines.push("}");
  return lines;
}

function emitList(struct: StructModel): string {
  const { name } = struct;
  const flexible = condition(struct.flexible, struct.versions);
  const lines = [
    `function write${name}List(w: ByteWriter, items: readonly ${name}[]${struct.asNullableList ? " | null" : ""}, version: number): void {`,
  ];
  if (struct.asNullableList) lines.push(`if (items === null) return writeCount(w, -1, ${flexible});`);
  lines.push(`writeCount(w, items.length, ${flexible});`, `for (const item of items) write${name}(w, item, version);`, "}");
  return lines.join("\n");
}
