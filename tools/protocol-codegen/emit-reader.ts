// The reading half of a generated module: one straight function per struct, one loop per list of structs.
import type { Field } from "../../src/protocol/tables/field.ts";
import { intersect } from "../../src/protocol/tables/versions.ts";
import { minSizeOf, type StructModel } from "./model.ts";
import { and, choose, condition, defaultOf, isTaggedStruct, methodOf, primitiveName, typeOf } from "./terms.ts";

export function emitReader(struct: StructModel, structs: ReadonlyMap<string, StructModel>): string {
  const { name, fields } = struct;
  const lines = [`${struct.isMessage ? "export " : ""}function read${name}(r: ByteReader, version: number): ${name} {`];
  const body: string[] = [];
  for (const field of fields) {
    if (field.tag === undefined) body.push(`const ${field.name}${annotation(field)} = ${readIfPresent(struct, field)};`);
    else body.push(`let ${field.name}: ${typeOf(field)} = ${defaultOf(field)};`);
  }
  body.push(...emitTags(struct));
  body.push(`return { ${fields.map((field) => field.name).join(", ")} };`);
  const flexible = condition(struct.flexible, struct.versions);
  if (body.some((line) => /\bflexible\b/.test(line))) lines.push(`const flexible = ${flexible};`);
  lines.push(...body, "}");
  if (struct.asList) lines.push("", emitList(struct, structs, false));
  if (struct.asNullableList) lines.push("", emitList(struct, structs, true));
  return lines.join("\n");
}

/** A default of [] or null needs its type said. */
function annotation(field: Field): string {
  return field.many || field.nullable ? `: ${typeOf(field)}` : "";
}

function readIfPresent(struct: StructModel, field: Field): string {
  return choose(condition(field.versions, struct.versions), readValue(struct, field), defaultOf(field));
}

function readValue(struct: StructModel, field: Field): string {
  const nullable = condition(field.nullable, intersect(field.versions, struct.versions)!);
  const read = choose(nullable, readAs(field, true), readAs(field, false));
  return read.includes("?") ? `(${read})` : read;
}

function readAs(field: Field, nullable: boolean): string {
  if (field.type === "struct") {
    if (field.many) return `read${field.structName}${nullable ? "ListOrNull" : "List"}(r, version)`;
    const read = `read${field.structName}(r, version)`;
    return nullable ? `readPresence(r) ? ${read} : null` : read;
  }
  const method = methodOf(field);
  if (method !== undefined && !field.many) return `r.${method}()`;
  if (field.type === "uuid" && !field.many) return "readUuid(r)";
  return `read${primitiveName(field, nullable)}(r, flexible)`;
}

function emitTags(struct: StructModel): string[] {
  const flexible = condition(struct.flexible, struct.versions);
  if (flexible === "false") return [];
  const tagged = struct.fields.filter((field) => field.tag !== undefined);
  const open = flexible === "true" ? "" : "if (flexible) ";
  if (tagged.length === 0) return [`${open}skipTags(r);`];
  const lines = [`${open}{`, "for (let tags = r.unsignedVarint(); tags > 0; tags--) {"];
  lines.push("const tag = r.unsignedVarint();", "const end = readTagEnd(r);");
  tagged.forEach((field, index) => {
    const test = and(`tag === ${field.tag}`, condition(field.versions, struct.versions));
    lines.push(`${index === 0 ? "" : "else "}if (${test}) ${field.name} = ${readTagged(struct, field)};`);
  });
  lines.push("else r.at = end;", "checkTagEnd(r, tag, end);", "}", "}");
  return lines;
}

function readTagged(struct: StructModel, field: Field): string {
  return isTaggedStruct(field) ? readAs(field, false) : readValue(struct, field);
}

function emitList(struct: StructModel, structs: ReadonlyMap<string, StructModel>, nullable: boolean): string {
  const { name } = struct;
  const flexible = condition(struct.flexible, struct.versions);
  const type = nullable ? `${name}[] | null` : `${name}[]`;
  const count = nullable ? "readNullableCount" : "readCount";
  return [
    `function read${name}${nullable ? "ListOrNull" : "List"}(r: ByteReader, version: number): ${type} {`,
    `let count = ${count}(r, ${flexible}, ${minSizeOf(struct, structs)});`,
    ...(nullable ? ["if (count === -1) return null;"] : []),
    `const items: ${name}[] = [];`,
    `for (; count > 0; count--) items.push(read${name}(r, version));`,
    "return items;",
    "}",
  ].join("\n");
}
